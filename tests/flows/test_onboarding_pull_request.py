"""A repository is prepared by a pull request: opened once, and a person's from then on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_github import people
from fake_github.faults import Fault
from fake_github.server import Server, serving
from fake_github.state import FakeGithub, Issue

from bot.__main__ import cli
from flows import world

COMMIT = "0123456789abcdef" * 2 + "01234567"
WORKFLOW = ".github/workflows/cellxgene.yml"
BRANCH = "cellxgene-bot/set-up"
PERSON = dict.fromkeys(
    ("contents", "pull_requests", "workflows", "issues", "actions", "checks"), "write"
)
WORDS = (
    *("init", "--code", f"laminlabs/bot@{COMMIT}", "--repository", "lab/census"),
    *("--instance", "lab/cellxgene", "--owner", "@lab/maintainers", "--pull-request"),
)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """GitHub with the repository; page and documents lie in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text(world.page(world.entry("2026-02-01")))
    (tmp_path / "release.json").write_text(world.directory(["2026-02-01"]))
    (tmp_path / "7.0.0.md").write_text(world.document("7.0.0", cl="2025-07-30"))
    (tmp_path / "bot.toml").write_text(
        'home = "home"\nrelease_page = "page.html"\nrelease_directory = "release.json"\n'
        'schema_document = "{version}.md"\n'
    )
    with serving(FakeGithub("lab/census")) as one:
        one.fake.user("person", "admin")
        monkeypatch.setenv("BOT_GITHUB_TOKEN", one.fake.token(PERSON, "person"))
        monkeypatch.setenv("BOT_GITHUB_API", one.fake.address)
        monkeypatch.setenv("BOT_GITHUB_PACE", "0")
        yield one
        assert one.broken == []


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, [*WORDS, *words], catch_exceptions=False)


def pulls(server: Server) -> list[Issue]:
    return [issue for issue in server.fake.issues.values() if issue.pull is not None]


def writes(server: Server) -> list[str]:
    return [one for one in server.asked if not one.startswith("GET ")]


def test_without_yes_nothing_is_written(server: Server, tmp_path: Path) -> None:
    done = run()
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"new: {WORKFLOW}\n" in done.stdout
    assert "2026-02-01" in done.stdout
    assert f"With --yes, a pull request from the branch {BRANCH}" in done.stdout
    assert "gh secret set LAMIN_API_KEY --repo lab/census --env instance" in done.stdout
    assert "git -C" not in done.stdout
    assert writes(server) == []
    assert not (tmp_path / "home").exists()


def test_the_pull_request_has_the_files_and_says_what_is_missing_and_found(server: Server) -> None:
    done = run("--yes")
    (pull,) = pulls(server)
    assert done.exit_code == 0, done.output
    assert f"/lab/census/pull/{pull.number}" in done.stdout
    assert (pull.title, pull.pull and pull.pull.head) == ("Let the CELLxGENE bot live here", BRANCH)
    files = server.fake.files(BRANCH)
    assert files[WORKFLOW].count(COMMIT) == 2
    assert "/runners/releases/ @lab/maintainers\n" in files[".github/CODEOWNERS"]
    assert any(path.startswith("runners/rules/") for path in files)
    assert files["README.md"] == server.fake.files("main")["README.md"]
    assert WORKFLOW not in server.fake.files("main")
    assert f"- `{WORKFLOW}`\n" in pull.body
    assert "gh variable set BOT_INSTANCE --repo lab/census --body lab/cellxgene\n" in pull.body
    assert "| missing | workflow files | cellxgene.yml is not in" in pull.body
    assert "merge the pull request that adds what is needed: | `this one` |" in pull.body
    assert "propose the manifest of 2026-02-01" in pull.body
    assert "wheels" not in pull.body
    assert "python" not in pull.body.lower().split("### what the first look")[0]


def test_a_second_run_changes_nothing_whatever_a_person_did(server: Server) -> None:
    run("--yes")
    (pull,) = pulls(server)
    hers = server.fake.commit({WORKFLOW: "hers\n"}, "Mine", server.fake.branches[BRANCH])
    server.fake.branches[BRANCH] = hers
    pull.body = "hers"
    before = len(writes(server))
    done = run("--yes")
    assert f"/pull/{pull.number} is there (open), and left as it is.\n" in done.stdout
    assert (len(writes(server)), server.fake.branches[BRANCH], pull.body) == (before, hers, "hers")
    pull.state = "closed"
    assert "is there (closed or merged)" in run("--yes").stdout
    assert len(writes(server)) == before


def test_a_branch_that_was_left_half_way_is_gone_on_with(server: Server) -> None:
    server.faults.append(Fault("POST", r"/pulls$", status=403))
    assert run("--yes").exit_code == 2
    assert pulls(server) == []
    made = server.fake.branches[BRANCH]
    assert "opened: " in run("--yes").stdout
    assert server.fake.branches[BRANCH] == made


def test_files_that_are_there_stay_and_are_not_proposed(server: Server) -> None:
    run("--yes")
    people.merge(server.fake, "person", pulls(server)[0].number)
    pulls(server)[0].pull = None  # as if it had been pushed
    again = run("--yes").stdout
    assert "Nothing is to be proposed.\n" in again
    assert "as it is: .github/CODEOWNERS\n" in again
    assert "it wants, at its end" not in again
    people.push(server.fake, "person", {WORKFLOW: "hers\n", "runners/rules/7.0.0.json": None})
    del server.fake.branches[BRANCH]
    done = run("--yes")
    assert f"there with other text, and left so: {WORKFLOW}\n" in done.stdout
    (pull,) = pulls(server)
    assert f"- `{WORKFLOW}` is there with other text, and stays so" in pull.body
    assert server.fake.files(BRANCH)[WORKFLOW] == "hers\n"
    assert "runners/rules/7.0.0.json" in server.fake.files(BRANCH)


def test_owners_that_a_repository_has_stay_and_are_told_what_they_lack(server: Server) -> None:
    people.push(server.fake, "person", {"docs/CODEOWNERS": "* @lab/all\n"})
    done = run("--yes")
    assert "docs/CODEOWNERS: is there, and left so" in done.stdout
    assert "/runners/releases/ @lab/maintainers\n" in done.stdout
    assert ".github/CODEOWNERS" not in server.fake.files(BRANCH)


def test_a_repository_without_a_commit_gets_its_first(server: Server) -> None:
    server.fake.is_empty = True
    first = run()
    assert "a README.md becomes its first" in first.stdout
    assert "2026-02-01" in first.stdout
    assert writes(server) == []
    done = run("--yes")
    assert done.exit_code == 0, done.output
    assert set(server.fake.files("main")) == {"README.md"}
    (pull,) = pulls(server)
    assert "| missing | workflow files | cellxgene.yml is not in" in pull.body
    assert WORKFLOW in server.fake.files(BRANCH)


def test_a_token_that_may_not_write_workflows_is_told_so_with_the_remedy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {name: level for name, level in PERSON.items() if name != "workflows"}
    monkeypatch.setenv("BOT_GITHUB_TOKEN", server.fake.token(held, "person"))
    done = run("--yes")
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "GitHub refuses to let this token write .github/workflows/ (404): it needs the permissions "
        "contents and workflows (write)"
    )
    assert "gh auth refresh --scopes workflow" in done.stderr
    assert (pulls(server), BRANCH in server.fake.branches) == ([], False)


def test_a_page_that_cannot_be_read_now_stops_nothing(server: Server, tmp_path: Path) -> None:
    (tmp_path / "page.html").unlink()
    run("--yes")
    (pull,) = pulls(server)
    assert "It can't be said now: " in pull.body


@pytest.mark.parametrize(
    ("words", "variable", "problem"),
    [
        (("--yes", "folder"), "x", "FOLDER: doesn't go with --pull-request; leave it out."),
        (("--yes",), "", "BOT_GITHUB_TOKEN: missing"),
    ],
)
def test_what_cannot_be_meant_is_refused_first(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variable: str,
    problem: str,
) -> None:
    monkeypatch.setenv("BOT_GITHUB_TOKEN", variable)
    done = run(*words)
    assert done.exit_code == 2
    assert done.stderr.startswith(problem)
    assert server.asked == []
