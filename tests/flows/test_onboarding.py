"""A repository is prepared for a bot whose code is elsewhere: said first, written once."""

import socket
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import cli
from bot.cli.onboarding_clone import _is_of
from bot.onboarding.files import OWNED, owner_lines
from flows import world

COMMIT = "0123456789abcdef" * 2 + "01234567"
WORDS = (
    *("init", "--code", f"laminlabs/bot@{COMMIT}", "--repository", "lab/census"),
    *("--instance", "lab/cellxgene", "--owner", "@lab/maintainers"),
)
WORKFLOW = ".github/workflows/cellxgene.yml"


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository's clone; page and documents lie beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text(
        world.page(world.entry("2026-02-01"), world.entry("2025-06-01", schema="6.0.0"))
    )
    (tmp_path / "release.json").write_text(world.directory(["2025-06-01", "2026-02-01"]))
    (tmp_path / "6.0.0.md").write_text(world.document("6.0.0"))
    (tmp_path / "7.0.0.md").write_text(world.document("7.0.0", cl="2025-07-30"))
    (tmp_path / "bot.toml").write_text(
        'home = "home"\nrelease_page = "page.html"\nrelease_directory = "release.json"\n'
        'schema_document = "{version}.md"\n'
    )
    folder = tmp_path / "clone"
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    git(folder, "remote", "add", "origin", "git@github.com:lab/census.git")
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_without_yes_it_says_what_it_would_do_and_writes_nothing(clone: Path) -> None:
    done = run(*WORDS, str(clone))
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"new: {WORKFLOW}\n" in done.stdout
    assert "Dry run: nothing is changed." in done.stdout
    assert "2026-02-01" in done.stdout
    assert "gh variable set BOT_INSTANCE --repo lab/census --body lab/cellxgene" in done.stdout
    assert files(clone) == {}
    assert not (clone.parent / "home").exists()


def test_what_it_writes_is_pinned_and_owned_and_written_once(clone: Path) -> None:
    assert f"wrote: {WORKFLOW}\n" in run(*WORDS, "--no-look", "--yes", str(clone)).stdout
    written = files(clone)
    workflow = written[WORKFLOW].decode()
    assert workflow.count(COMMIT) == 2
    assert f"uses: laminlabs/bot/.github/workflows/bot.yml@{COMMIT}" in workflow
    assert "OWNER" not in workflow
    assert b"/runners/releases/ @lab/maintainers\n" in written[".github/CODEOWNERS"]
    assert any(name.startswith("runners/rules/") for name in written)
    again = run(*WORDS, "--no-look", "--yes", str(clone)).stdout
    assert "wrote" not in again
    assert "as it is: .github/CODEOWNERS\n" in again
    assert files(clone) == written


def test_what_somebody_has_changed_stays_theirs(clone: Path) -> None:
    run(*WORDS, "--no-look", "--yes", str(clone))
    (clone / WORKFLOW).write_text("hers\n")
    done = run(*WORDS, "--no-look", "--yes", str(clone))
    assert f"there with other text, and left so: {WORKFLOW}\n" in done.stdout
    assert f"write {COMMIT} in both places where {WORKFLOW} names a commit\n" in done.stdout
    assert (clone / WORKFLOW).read_text() == "hers\n"


def git_commands(said: str) -> list[str]:
    return [line.strip() for line in said.splitlines() if line.startswith("  git -C ")]


def test_what_is_done_in_the_clone_is_not_asked_for_again(clone: Path) -> None:
    words = (*WORDS, "--no-look", "--yes", str(clone))
    commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "x"]
    first = run(*words).stdout
    assert git_commands(first) == git_commands(run(*words).stdout)
    add, push = git_commands(first)
    assert add == f"git -C {clone} add .github runners"
    assert push.endswith(f" && git -C {clone} push --set-upstream origin HEAD")
    git(clone, "add", ".github", "runners")
    git(clone, *commit)
    assert git_commands(run(*words).stdout) == [f"git -C {clone} push --set-upstream origin HEAD"]
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")  # as a push does
    done = run(*words).stdout
    assert git_commands(done) == []
    assert "\nWhat of this isn't done yet (`bot doctor` says so):\n  gh variable set" in done


def test_the_remote_that_is_the_repository_is_pushed_to(clone: Path) -> None:
    git(clone, "remote", "set-url", "origin", "https://github.com/me/census.git")
    git(clone, "remote", "add", "upstream", "https://github.com/Lab/Census.git")
    done = run(*WORDS, "--no-look", str(clone))
    assert "push --set-upstream upstream HEAD\n" in done.stdout
    git(clone, "remote", "remove", "origin")
    git(clone, "remote", "set-url", "upstream", "https://github.com/me/census.git")
    assert "push --set-upstream upstream HEAD\n" in run(*WORDS, "--no-look", str(clone)).stdout


@pytest.mark.parametrize("place", [".github", "runners", "runners/rules", ".github/workflows"])
def test_a_file_where_a_folder_is_wanted_is_told_before_anything_is_written(
    clone: Path, place: str
) -> None:
    (clone / place).parent.mkdir(exist_ok=True)
    (clone / place).touch()
    done = run(*WORDS, "--no-look", "--yes", str(clone))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"{clone / place}: Not a directory; name another, or take away the file that stands there "
        "or above it, and run it again.\n"
    )
    assert files(clone) == {place: b""}


def test_options_that_would_be_ignored_are_refused(clone: Path) -> None:
    for words, name in [
        (("--key-file", "key.pem"), "--key-file"),
        (("--minutes", "3"), "--minutes"),
        (("--organisation",), "--organisation"),
    ]:
        done = run(*WORDS, *words, "--no-look", "--yes", str(clone))
        assert (done.exit_code, done.stderr) == (
            2,
            f"{name}: goes with --app alone; leave it out.\n",
        )
    for words, name in [((str(clone),), "FOLDER"), (("--update",), "--update")]:
        done = run(*WORDS, "--pull-request", "--yes", *words)
        told = f"{name}: doesn't go with --pull-request; leave it out.\n"
        assert (done.exit_code, done.stderr) == (2, told)
    assert files(clone) == {}


@pytest.mark.parametrize("code", ["laminlabs/bot", f"bot@{COMMIT}"])
def test_code_that_names_no_commit_is_refused(clone: Path, code: str) -> None:
    done = run(*WORDS, "--no-look", "--code", code, str(clone))
    assert done.exit_code == 2
    assert f"--code: '{code}' is no OWNER/NAME@TAG or @COMMIT" in done.stderr


OWN_DOMAIN = ("https://api.octocorp.ghe.com", "https://octocorp.ghe.com")
OWN_SERVER = ("https://ghe.test/api/v3", "https://ghe.test")
WEBS = [("https://api.github.com", "https://github.com"), OWN_DOMAIN, OWN_SERVER]


@pytest.mark.parametrize(("api", "web"), WEBS)
def test_a_releases_tag_is_written_as_its_commit_and_a_branch_is_refused(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str, web: str
) -> None:
    """Both can be moved later."""
    code = tmp_path / "laminlabs" / "bot"
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", str(code)], check=True)
    nobody = ("-c", "user.name=x", "-c", "user.email=x@x.invalid")
    git(code, *nobody, "commit", "--quiet", "--allow-empty", "-m", "one")
    git(code, "tag", "v1.0.0")
    commit = (code / ".git" / "refs" / "tags" / "v1.0.0").read_text().strip()
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{tmp_path.as_uri()}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"{web}/")
    monkeypatch.setenv("GITHUB_API_URL", api)
    refused = run(*WORDS, "--no-look", "--yes", "--code", "laminlabs/bot@main", str(clone))
    assert refused.exit_code == 2
    assert "laminlabs/bot has no tag 'main'; give a release's tag" in refused.stderr
    assert files(clone) == {}
    run(*WORDS, "--no-look", "--yes", "--code", "laminlabs/bot@v1.0.0", str(clone))
    workflow = files(clone)[WORKFLOW].decode()
    assert f"uses: laminlabs/bot/.github/workflows/bot.yml@{commit} # v1.0.0\n" in workflow
    assert f"bot-ref: {commit} # v1.0.0\n" in workflow
    again = run(*WORDS, "--no-look", "--yes", "--code", "laminlabs/bot@v1.0.0", str(clone))
    assert f"as it is: {WORKFLOW}" in again.output


def test_a_name_with_our_placeholders_in_it_is_taken_as_it_is(clone: Path) -> None:
    run(*WORDS, "--code", f"SHAlab/bot@{COMMIT.upper()}", "--no-look", "--yes", str(clone))
    workflow = files(clone)[WORKFLOW].decode()
    assert f"uses: SHAlab/bot/.github/workflows/bot.yml@{COMMIT}\n" in workflow
    assert workflow.count(COMMIT) == 2


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--repository", "la b; rm"),
        ("--repository", "lab"),
        ("--instance", "nonsense"),
        ("--owner", "lab"),
    ],
)
def test_a_name_that_is_none_is_refused_before_anything_is_written(
    clone: Path, option: str, text: str
) -> None:
    done = run(*WORDS, option, text, "--no-look", "--yes", str(clone))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{option}: '{text}' is ")
    assert files(clone) == {}


@pytest.mark.parametrize("place", ["CODEOWNERS", "docs/CODEOWNERS", ".github/CODEOWNERS"])
def test_owners_that_a_repository_has_stay_and_are_told_what_they_lack(
    clone: Path, place: str
) -> None:
    """GitHub takes the first of the three places alone."""
    (clone / place).parent.mkdir(exist_ok=True)
    (clone / place).write_text("* @lab/all\n")
    done = run(*WORDS, "--no-look", "--yes", str(clone))
    assert {name for name in files(clone) if name.endswith("CODEOWNERS")} == {place}
    assert (clone / place).read_text() == "* @lab/all\n"
    assert f"{clone / place}: is there, and left so" in done.stdout
    assert "/runners/releases/ @lab/maintainers\n" in done.stdout


def test_a_page_that_cannot_be_read_now_stops_nothing(clone: Path) -> None:
    (clone.parent / "page.html").unlink()
    done = run(*WORDS, "--yes", str(clone))
    assert done.exit_code == 0
    assert "can't be said now: " in done.stdout
    assert "gh secret set LAMIN_API_KEY --repo lab/census --env instance" in done.stdout


def test_settings_that_cannot_be_read_are_told_before_anything_is_written(clone: Path) -> None:
    (clone.parent / "bot.toml").write_text("home = [")
    assert run(*WORDS, "--yes", str(clone)).exit_code == 2
    assert files(clone) == {}


@pytest.mark.parametrize(("api", "web"), WEBS)
def test_a_clone_that_cannot_be_pushed_is_refused_with_the_remedy(
    clone: Path, monkeypatch: pytest.MonkeyPatch, api: str, web: str
) -> None:
    monkeypatch.setenv("GITHUB_API_URL", api)
    git(clone, "remote", "remove", "origin")
    for words in (WORDS, (*WORDS, "--yes")):
        done = run(*words, str(clone))
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == (
            f"{clone}: has no remote that it could be pushed to; say `git -C {clone} remote add "
            f"origin {web}/lab/census.git`, and this again.\n"
        )
    assert files(clone) == {}


def test_a_clone_of_another_repository_is_noted(clone: Path) -> None:
    git(clone, "remote", "set-url", "origin", "https://github.com/lab/other.git")
    done = run(*WORDS, "--no-look", str(clone))
    assert f"note: no remote of {clone} names lab/census; see" in done.stdout
    assert "note: " not in run(*WORDS, "--repository", "Lab/Other", "--no-look", str(clone)).stdout


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/lab/census",
        "https://github.com/lab/census/",
        "https://user@github.com/Lab/Census.git",
        "git@github.com:lab/census.git",
        "github.com:lab/census",
        "ssh://git@github.com/lab/census",
        "ssh://git@ssh.github.com:443/lab/census.git",
    ],
)
def test_an_address_names_the_repository_whole(address: str) -> None:
    assert _is_of("lab/census", address)
    assert not _is_of("ab/census", address)
    assert not _is_of("lab/cens", address)
    assert not _is_of("lab/census-2", address)
    assert not _is_of("lab/c.nsus", address)


def test_a_page_that_is_out_of_reach_is_asked_for_once(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("BOT_RELEASE_PAGE", f"http://127.0.0.1:{port}/page.html")
    done = run(*WORDS, str(clone))
    assert done.exit_code == 0
    said = done.stdout.partition("What the first look would find, by ")[2]
    assert said.startswith(f"http://127.0.0.1:{port}/page.html:\n")
    assert "can't be reached" in said
    assert "times" not in said


@pytest.mark.parametrize("name", [".", "clone/below", "clone/.git", "missing"])
def test_a_folder_that_is_no_clone_is_refused(clone: Path, name: str) -> None:
    (clone / "below").mkdir()
    done = run(*WORDS, "--no-look", "--yes", name)
    assert done.exit_code == 2
    assert "is no clone's top folder" in done.stderr
    assert files(clone) == {}


def test_of_owners_there_is_a_line_for_each_path_and_without_owners_none() -> None:
    assert owner_lines([]) == ""
    lines = owner_lines(["@a", "@b/c"]).splitlines()
    assert lines == [f"{path} @a @b/c" for path in OWNED]
