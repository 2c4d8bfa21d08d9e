"""Settings from a file and the environment, and the sentences about wrong ones."""

from pathlib import Path

import pytest

from bot.errors import BotError
from bot.model.commands import Role, Verb
from bot.setting_values import READERS, WITNESSES, _address, _path, _template
from bot.settings import (
    RELEASE_PAGE,
    RELEASE_PAGE_SOURCE,
    Connection,
    connection,
    environment,
    load_partly,
    load_settings,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_anything_it_looks_at_the_real_page() -> None:
    settings = load_settings(environ={})
    assert settings.release_page == RELEASE_PAGE
    assert settings.home == Path(".bot")
    assert settings.ingest_on_merge is True


def test_another_page_has_another_source_or_none(folder: Path) -> None:
    assert load_settings(environ={}).release_page_source == RELEASE_PAGE_SOURCE
    (folder / "bot.toml").write_text('release_page = "p.html"\nrelease_page_source = "p.md"\n')
    assert load_settings(environ={}).release_page_source == "p.md"
    assert load_settings(environ={}).witnesses == WITNESSES
    assert load_settings(environ={"BOT_SCHEMA_DOCUMENT": "{version}.md"}).witnesses == {}
    given = {"BOT_SCHEMA_DOCUMENT": "{version}.md", "BOT_WITNESSES": "gene_info=g.yml"}
    assert load_settings(environ=given).witnesses == {"gene_info": "g.yml"}
    assert load_settings(environ={"BOT_RELEASE_PAGE": "q.html"}).release_page_source is None
    (folder / "bot.toml").write_text('release_page = "p.html"\n')
    assert load_settings(environ={}).release_page_source is None


@pytest.mark.parametrize(
    ("file", "given", "api"),
    [
        ("", {}, "https://api.github.com"),
        ("", {"GITHUB_API_URL": "https://a.test/"}, "https://a.test"),
        ('github_api = "https://b.test"', {}, "https://b.test"),
        ('github_api = "https://b.test"', {"GITHUB_API_URL": "https://a.test"}, "https://b.test"),
        (
            'github_api = "https://b.test"',
            {"GITHUB_API_URL": "https://a.test", "BOT_GITHUB_API": "https://c.test"},
            "https://c.test",
        ),
        (
            "",
            {"GITHUB_API_URL": "https://a.test", "BOT_GITHUB_API": "https://c.test"},
            "https://c.test",
        ),
    ],
)
def test_what_every_job_of_actions_has_is_a_default(
    folder: Path, file: str, given: dict[str, str], api: str
) -> None:
    (folder / "bot.toml").write_text(file)
    assert load_settings(environ=given).github_api == api
    settings, _, problems, refused = load_partly(environ=given)
    assert (settings.github_api, problems, refused) == (api, (), frozenset())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, Connection("", "", "https://api.github.com")),
        (
            {"GITHUB_REPOSITORY": "a/b", "GITHUB_API_URL": "https://a.test"},
            Connection("a/b", "", "https://a.test"),
        ),
        (
            {
                "GITHUB_REPOSITORY": "a/b",
                "GITHUB_API_URL": "https://a.test",
                "BOT_GITHUB": "c/d",
                "BOT_GITHUB_API": "https://c.test/api/v3/",
                "BOT_GITHUB_TOKEN": "secret",
            },
            Connection("c/d", "secret", "https://c.test/api/v3"),
        ),
        ({"BOT_GITHUB_API": "", "BOT_GITHUB": ""}, Connection("", "", "https://api.github.com")),
    ],
)
def test_what_cannot_wait_for_the_settings_is_said_on_the_same_github(
    given: dict[str, str], told: Connection
) -> None:
    """A token is for the GitHub that it was given for, and goes to no other."""
    assert connection(given) == told


def test_the_file_is_found_by_name_by_variable_and_by_option(folder: Path) -> None:
    for name in ("bot", "variable", "option"):
        (folder / f"{name}.toml").write_text(f'instance = "{name}"')
    assert load_settings(environ={}).instance == "bot"
    assert load_settings(environ={"BOT_SETTINGS": "variable.toml"}).instance == "variable"
    assert (
        load_settings(Path("option.toml"), {"BOT_SETTINGS": "variable.toml"}).instance == "option"
    )


def test_paths_in_the_file_start_at_its_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "bot.toml").write_text(
        'home = "h"\nrelease_page = "page.html"\nrelease_directory = "https://x.test/r.json"\n'
        'schema_document = "specs/{version}.md"\n'
    )
    settings = load_settings(Path("sub/bot.toml"), {})
    assert settings.home == Path("sub/h")
    assert settings.release_page == "sub/page.html"
    assert settings.release_directory == "https://x.test/r.json"
    assert settings.schema_document == "sub/specs/{version}.md"


def test_tables_become_roles_and_overrides(folder: Path) -> None:
    (folder / "bot.toml").write_text(
        '[roles]\nmaintainer = "maintain"\n[minimum_roles]\nverify = "admin"\n'
        '[previous]\n2026-02-01 = "2025-06-01"\n'
    )
    settings = load_settings(environ={})
    assert settings.roles == {"maintainer": Role.MAINTAIN}
    assert settings.minimum_roles == {Verb.VERIFY: Role.ADMIN}
    assert settings.previous == {"2026-02-01": "2025-06-01"}


def test_the_environment_wins(folder: Path) -> None:
    (folder / "bot.toml").write_text('instance = "file"\ningest_on_merge = true\n')
    environ = {
        "BOT_INSTANCE": "environment",
        "BOT_INGEST_ON_MERGE": "False",
        "BOT_ROLES": "a=write, b=admin",
        "BOT_HOME": "",
        "PATH": "/bin",
    }
    settings = load_settings(environ=environ)
    assert settings.instance == "environment"
    assert settings.ingest_on_merge is False
    assert settings.roles == {"a": Role.WRITE, "b": Role.ADMIN}
    assert settings.home == Path(".bot")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("instance =", "bot.toml: not TOML"),
        ('instanse = "x"', "bot.toml: field instanse: there is no such setting; use instance, "),
        ("instance = 3", "bot.toml: field instance: 3 is not text; give some."),
        ('ingest_on_merge = "maybe"', "field ingest_on_merge: 'maybe' is neither true nor false"),
        ("ingest_on_merge = 0", "field ingest_on_merge: 0 is neither true nor false"),
        ('schema_document = "x.md"', "lacks {version}; say where the version stands."),
        ('witnesses = {x = "y"}', "'x' is not a source; use schema_definition, ontology_guide"),
        ('[roles]\na = "boss"', "'boss' is not a role; use one of none, read, triage, write, "),
        ('roles = "a"', "field roles: 'a' is not a table; give name = value pairs."),
        ('github_token = "x"', "field github_token: no file holds one; give BOT_GITHUB_TOKEN."),
        ('patch_token = "x"', "field patch_token: no file holds one; give BOT_PATCH_TOKEN."),
        ('patch_repository = "x"', "'x' is no repository; give it as OWNER/NAME"),
        ('workflow = "census"', "'census' is no workflow file; give its name, which ends in .yml"),
        ('[minimum_roles]\nfly = "read"', "'fly' is not a command; use one of ingest, verify, "),
    ],
)
def test_what_is_wrong_is_named(folder: Path, text: str, says: str) -> None:
    (folder / "bot.toml").write_text(text)
    with pytest.raises(BotError) as refusal:
        load_settings(environ={})
    assert says in str(refusal.value)


READ = [
    ("GITHUB_PACE", "0", 0.0),
    ("GITHUB_PACE", "1.5", 1.5),
    ("GITHUB_PACE", "60", 60.0),
    ("GITHUB", "a.b/c-d", "a.b/c-d"),
    ("INSTANCE", "demo", "demo"),
    ("WORKFLOW", "census.yaml", "census.yaml"),
    ("WORKFLOW", "a/b/.github/workflows/census.yml@refs/heads/main", "census.yml"),
    ("ANNOUNCE", " https://a.test/b ", "https://a.test/b"),
    ("ANNOUNCE", "http://a.test", "http://a.test"),
    ("LAUNCHER", "EC2", "ec2"),
    ("INGEST_ON_MERGE", "Yes", True),
    ("INGEST_ON_MERGE", "1", True),
    ("INGEST_ON_MERGE", "no", False),
    ("INGEST_ON_MERGE", "0", False),
    ("RUNS", "s3://a/b", "s3://a/b"),
    ("GITHUB_API", "https://ghe.test/api/v3//", "https://ghe.test/api/v3"),
    ("SCHEMA_DOCUMENT", "a/{version}", "a/{version}"),
    ("STORAGE", " s3://a/, s3://b/ ", ("s3://a/", "s3://b/")),
    ("STORAGE", "s3://a/,/b c", ("s3://a/", "/b c")),
    ("PREVIOUS", "a=b, c = d=e", {"a": "b", "c": "d=e"}),
    ("WITNESSES", "gene_info = s3://a/b=c ", {"gene_info": "s3://a/b=c"}),
    ("ROLES", " a = write, b =read", {"a": Role.WRITE, "b": Role.READ}),
    ("MINIMUM_ROLES", "verify=Admin", {Verb.VERIFY: Role.ADMIN}),
]
REFUSED = [
    ("GITHUB_PACE", "61", "'61' is no number of seconds; give one from 0 to 60"),
    ("GITHUB_PACE", "-1", "'-1' is no number of seconds"),
    ("GITHUB_PACE", "nan", "'nan' is no number of seconds"),
    ("GITHUB_PACE", "slow", "'slow' is no number of seconds"),
    ("GITHUB", "a/b/c", "'a/b/c' is no repository; give it as OWNER/NAME"),
    ("GITHUB", "\u00e4/b", "'\u00e4/b' is no repository"),
    ("INSTANCE", "a b", "'a b' is no LaminDB instance; give it as OWNER/NAME"),
    ("INSTANCE", "a/b/c", "'a/b/c' is no LaminDB instance"),
    ("INSTANCE", "\u00e4", "'\u00e4' is no LaminDB instance"),
    ("INSTANCE", " ", "' ' is not text; give some"),
    ("ANNOUNCE", "https://a.test/b c", "it is no address of a webhook; give one that begins with"),
    ("ANNOUNCE", "ftp://a.test", "it is no address of a webhook"),
    ("HOME", "~is nobody/a", "'~is nobody/a' begins with a user who has no folder; give the"),
    ("RUNS", "~is nobody/a", "'~is nobody/a' begins with a user who has no folder"),
    ("STORAGE", "s3://a/, ,s3://b/", "'' is not text; give some"),
    ("PREVIOUS", "a=b,c", "'a=b,c' is not a table; give name = value pairs"),
    ("PREVIOUS", "a=", "'' is not text; give some"),
]


@pytest.mark.parametrize(("name", "text", "read"), READ)
def test_each_kind_of_value_is_read(name: str, text: str, read: object) -> None:
    found = getattr(load_settings(environ={f"BOT_{name}": text}), name.lower())
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(("name", "text", "says"), REFUSED)
def test_each_kind_of_value_is_refused(name: str, text: str, says: str) -> None:
    with pytest.raises(BotError) as refusal:
        load_settings(environ={f"BOT_{name}": text})
    assert f"field {name.lower()}: {says}" in str(refusal.value)


PLACES = [name for name, reader in READERS.items() if reader in (_path, _address, _template)]


@pytest.mark.parametrize("name", [*PLACES, "storage"])
def test_the_users_folder_is_found_by_its_sign(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Also in a file, beside which other relative paths lie."""
    monkeypatch.setenv("HOME", str(folder / "me"))
    (folder / "sub").mkdir()
    (folder / "sub" / "bot.toml").write_text(f'{name} = "~/a/{{version}}"')
    variable = load_settings(environ={f"BOT_{name.upper()}": "~/a/{version}"})
    for settings in (variable, load_settings(Path("sub/bot.toml"), {})):
        found = getattr(settings, name)
        assert str(found[0] if name == "storage" else found) == f"{folder}/me/a/{{version}}"


def test_an_announcements_address_is_never_shown() -> None:
    with pytest.raises(BotError) as refusal:
        load_settings(environ={"BOT_ANNOUNCE": "secret.test/token"})
    assert "secret" not in str(refusal.value)


def test_no_token_is_shown() -> None:
    settings = load_settings(environ={"BOT_GITHUB_TOKEN": "secret", "BOT_PATCH_TOKEN": "secret"})
    assert settings.patch_token == "secret"
    assert "secret" not in repr(settings)


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(BotError, match=r"^environment, as BOT_...: field hom: there is no such"):
        load_settings(environ={"BOT_HOM": "x"})


def test_a_child_gets_the_environment_with_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("GONE", "1")
    changed = environment(GONE=None, NEW="2")
    assert (changed["KEPT"], changed["NEW"], "GONE" in changed) == ("1", "2", False)


STACK = '{"project": "ingestion", "type": "BUILD_GENERAL1_LARGE", "price": 1.2}'


def test_only_launchers_that_there_are_hold() -> None:
    with pytest.raises(BotError, match=r"field launcher: 'gce' is no launcher; use one of hosted"):
        load_settings(environ={"BOT_LAUNCHER": "gce"})
    assert load_settings(environ={"BOT_LAUNCHER": "SageMaker"}).launcher == "sagemaker"


@pytest.mark.parametrize("launcher", ["codebuild", "CodeBuild"])
def test_runners_of_codebuild_want_their_project(launcher: str) -> None:
    """GitHub compares the variable without its case; a job without a project waits for ever."""
    with pytest.raises(BotError, match=r"field codebuild: missing, .* the variable CODEBUILD"):
        load_settings(environ={"BOT_LAUNCHER": launcher, "BOT_CODEBUILD": ""})
    given = {"BOT_LAUNCHER": launcher, "BOT_CODEBUILD": STACK}
    assert (load_settings(environ=given).codebuild or {})["price"] == 1.2
    assert load_settings(environ={"BOT_LAUNCHER": "hosted"}).codebuild is None


@pytest.mark.parametrize(
    "text",
    ["ingestion", "[]", "{}", "3", '{"project": 3}', '{"project": "a b"}', '{"project": ""}'],
)
def test_what_isnt_the_stacks_output_is_named(text: str) -> None:
    with pytest.raises(BotError, match=r"field codebuild: .* copy the output Codebuild"):
        load_settings(environ={"BOT_LAUNCHER": "codebuild", "BOT_CODEBUILD": text})


def test_settings_that_hold_are_read_beside_those_that_do_not(tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_text('instance = "a/b"\nhome = 1\nunknown = 2\ndashboard = "perhaps"\n')
    given = {"BOT_RUNS": "s3://ours/runs", "BOT_GITHUB": "nonsense", "BOT_NONE": "1", "PATH": "x"}
    settings, names, problems, refused = load_partly(file, given)
    assert (settings.instance, settings.runs, settings.github) == ("a/b", "s3://ours/runs", None)
    assert names == {"": tuple(given), str(file): ("instance", "home", "unknown", "dashboard")}
    assert refused == {"home", "dashboard", "github"}
    assert sorted(problem.split(":")[-2].strip() for problem in problems) == [
        "field dashboard", "field github", "field home",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("instance = ", "not TOML"),
        ('github_token = "x"', "no file holds one; give BOT_GITHUB_TOKEN."),
        ('launcher = "codebuild"', "field codebuild: missing"),
    ],
)
def test_a_file_that_can_not_be_used_leaves_the_variables(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "bot.toml"
    file.write_text(text)
    settings, _, (problem,), refused = load_partly(file, {"BOT_INSTANCE": "c/d"})
    assert settings.instance == "c/d"
    assert "instance" not in refused
    assert ("codebuild" if "launcher" in text else "runs") in refused
    assert said in problem


def test_the_page_of_settings_that_hold_goes_without_another_ones_source(tmp_path: Path) -> None:
    settings, _, problems, _ = load_partly(None, {"BOT_RELEASE_PAGE": "p.html", "BOT_HOME": "h"})
    assert (settings.release_page, settings.release_page_source) == ("p.html", None)
    assert problems == ()


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.octocorp.ghe.com", "https://octocorp.ghe.com"),
        ("https://ghe.test/api/v3", "https://ghe.test"),
        ("https://api.ghe.test/api/v3", "https://api.ghe.test"),
    ],
)
def test_a_browser_finds_the_github_that_has_this_api(api: str, web: str) -> None:
    assert load_settings(environ={"GITHUB_API_URL": api}).github_web == web
