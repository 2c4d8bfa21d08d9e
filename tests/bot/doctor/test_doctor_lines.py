"""What doctor says of facts that the doubles of services don't come to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bot_set_ups import PLAIN

from bot.doctor import secrets
from bot.doctor.checkout import meant, names, packages
from bot.doctor.releases import releases
from bot.doctor.repository import repository, token
from bot.doctor.secrets import APP, environments, matches
from bot.doctor.variables import values
from bot.model.set_up import (
    ActionsSetUp,
    Checkout,
    Environment,
    Installation,
    Refused,
    RepositorySetUp,
    Unseen,
)
from bot.settings import setting_names
from runners.contract import Health, PartHealth

CHECKOUT = Checkout(
    python=(3, 12),
    oldest_python=(3, 11),
    group="bot",
    locked={"httpx": "0.28.1", "pygithub": "2.10.0"},
    wanted=frozenset({"httpx", "pygithub"}),
    installed={"httpx": "0.28.1", "pygithub": "2.10.0", "another": "1"},
    variables=frozenset({"LAUNCHER", "RUNS"}),
    schema="7.1.0",
)
WEB = "https://github.test"
FOUND = replace(
    PLAIN,
    environments={"instance": Environment(("main",), False, frozenset({"LAMIN_API_KEY"}))},
    labels=frozenset({"Dashboard", "bug"}),
)


def told(*lines: PartHealth) -> list[tuple[str, str]]:
    return [(line.health, line.part) for line in lines if line.health is not Health.OK]


def app(
    found: Installation | Refused | Unseen | None,
    client_id: str | Unseen | None,
    launcher: str | Unseen,
) -> Iterator[PartHealth]:
    return secrets.app(found, client_id, launcher, FOUND)


def test_packages_are_compared_with_the_lock() -> None:
    assert told(*packages(CHECKOUT)) == []
    old = replace(CHECKOUT, python=(3, 10))
    assert told(*packages(old)) == [("missing", "Python")]
    *_, line = packages(replace(CHECKOUT, installed={"httpx": "0.28.1"}))
    assert line.sentence == "the group bot lacks pygithub; install them:"
    *_, line = packages(replace(CHECKOUT, installed={**CHECKOUT.installed, "httpx": "0.27.0"}))
    assert (line.health, line.sentence) == (
        "warning",
        "not as constraints.txt has it: httpx 0.27.0 (locked: 0.28.1):",
    )
    assert line.remedy == "pip install --group bot --constraint constraints.txt"


def test_a_wheel_knows_neither_lock_nor_workflow_files() -> None:
    wheel = replace(CHECKOUT, locked={}, wanted=None, variables=None)
    assert told(*packages(wheel)) == [("unknown", "packages")]
    lines = repository(FOUND, ["detect.yml"], wheel.variables, client_id=None)
    assert told(*lines) == [("unknown", "variables")]


@pytest.mark.parametrize(
    ("variable", "remedy"),
    [
        ("BOT_RUN", "Rename it to BOT_RUNS."),
        ("BOT_XYZZY", "Take it away."),
        ("BTO_INSTANCE", "Rename it to BOT_INSTANCE."),
        ("bot_instance", "Rename it to BOT_INSTANCE."),
    ],
)
def test_a_variable_that_looks_like_ours_is_named(variable: str, remedy: str) -> None:
    (line,) = names({"": ("PATH", variable)}, setting_names(), ())
    assert (line.health, line.remedy) == ("missing", remedy)
    assert variable in line.sentence


@pytest.mark.parametrize(
    ("name", "known", "close"),
    [
        ("runz", ("runs", "bot"), "runs"),
        ("rusn", ("runs", "bot"), "runs"),
        ("run", ("runs", "bot"), "runs"),
        ("bat", ("runs", "bot"), "bot"),
        ("rule", ("runs", "bot"), None),
        ("bo", ("runs", "bt"), None),
        ("x", ("runs", "bot"), None),
        ("PAGE", ("RUNS", "PAGES"), "PAGES"),
        ("LANCHER", ("RUNS", "LAUNCHER"), "LAUNCHER"),
    ],
)
def test_of_a_short_name_one_letter_may_differ(
    name: str, known: tuple[str, ...], close: str | None
) -> None:
    assert meant(name, known) == close


def test_variables_of_others_are_no_concern_of_ours() -> None:
    given = {"": ("PATH", "HOME", "ROBOT_INSTALL", "BOTTLE", "BOT_SETTINGS", "BOT_RUNS")}
    (line,) = names(given, setting_names(), ())
    assert line.sentence == "they hold together (variables alone)."


def test_each_of_several_problems_is_told() -> None:
    found = names({"": ("BOT_RUN",), "bot.toml": ("instanc",)}, setting_names(), ("x: wrong.",))
    assert [line.remedy or line.sentence for line in found] == [
        "Rename it to BOT_RUNS.",
        "Rename it to instance.",
        "x: wrong.",
    ]


def secured(found: RepositorySetUp, **variables: str) -> list[tuple[str, str]]:
    return told(*environments(found, variables))


def environment(branches: tuple[str, ...] | Unseen | None, *, is_protected: bool = False) -> str:
    key = frozenset({"LAMIN_API_KEY"})
    found = {"instance": Environment(branches, is_protected, key)}
    line, *others = environments(replace(FOUND, environments=found), {})
    assert told(*others) == []
    return line.health


def test_an_environment_is_to_let_in_the_default_branch_and_no_other() -> None:
    assert environment(("main",)) == "ok"
    assert environment(None) == "missing"
    assert environment(()) == "missing"
    assert environment(("master",)) == "missing"
    assert environment(("main", "try/*")) == "warning"
    assert environment(("ma*",)) == "warning"
    assert environment(None, is_protected=True) == "missing"
    assert environment(("main",), is_protected=True) == "warning"
    assert environment(("main", "x"), is_protected=True) == "warning"
    assert environment(("x",), is_protected=True) == "missing"
    assert environment(Unseen("forbidden"), is_protected=True) == "unknown"
    assert environment(Unseen("forbidden")) == "unknown"


def test_where_aws_has_the_key_no_environment_needs_it() -> None:
    assert secured(replace(FOUND, environments={}), LAUNCHER="ec2") == []
    assert secured(replace(FOUND, environments={})) == [
        ("missing", "environment instance"),
        ("missing", "secret LAMIN_API_KEY"),
    ]


def test_secrets_of_the_speaking_environment_are_those_that_are_used() -> None:
    work = Environment(("main",), False, frozenset({"LAMIN_API_KEY"}))
    speaking = Environment(("main",), False, frozenset())
    found = replace(FOUND, environments={"instance": work, "bot": speaking})
    assert secured(found, BOT_ENVIRONMENT="bot") == []
    wanted = secured(
        found, BOT_ENVIRONMENT="bot", APP_CLIENT_ID="Iv1", BOT_PATCH_REPOSITORY="laminlabs/lamindb"
    )
    assert wanted == [("missing", "secret APP_PRIVATE_KEY"), ("missing", "secret PATCH_TOKEN")]


def test_a_private_repository_may_have_no_environments_with_rules() -> None:
    loose = replace(FOUND, secrets=frozenset({"PATCH_TOKEN"}))
    assert secured(loose) == [("missing", "secret PATCH_TOKEN of the repository")]
    private = replace(loose, is_private=True)
    assert secured(private) == [("warning", "secret PATCH_TOKEN of the repository")]


def test_a_private_repository_without_environments_is_warned_where_its_own_secret_works() -> None:
    """Those of free plans have none: the jobs then read the repository's."""
    bare = replace(FOUND, environments={}, is_private=True)
    assert ("missing", "secret LAMIN_API_KEY") in secured(bare)
    held = replace(bare, secrets=frozenset({"LAMIN_API_KEY"}))
    assert {health for health, _ in secured(held)} == {"warning"}


def test_names_of_environments_are_the_same_in_any_case() -> None:
    key = Environment(("main",), False, frozenset({"LAMIN_API_KEY", "APP_PRIVATE_KEY"}))
    found = replace(FOUND, environments={"Instance": key})
    assert secured(found) == []
    assert secured(found, BOT_ENVIRONMENT="INSTANCE", APP_CLIENT_ID="Iv1") == []


@pytest.mark.parametrize(
    ("pattern", "branches", "others"),
    [
        ("*", {"main"}, {"release/v1"}),
        ("release/*", {"release/v1"}, {"release", "release/v1/x", "main"}),
        ("**/v1", {"v1", "release/v1", "a/b/v1"}, {"a/v2"}),
        ("release/**/*", {"release/v1", "release/a/v1"}, {"main", "a/release/v1"}),
        ("release/**", {"release/v1"}, {"release/a/v1"}),
        ("v?[0-9]", {"vx1"}, {"v/1", "V11"}),
    ],
)
def test_patterns_of_branches_are_rubys(pattern: str, branches: set[str], others: set[str]) -> None:
    """https://docs.ruby-lang.org/en/master/File.html#method-c-fnmatch, with FNM_PATHNAME"""
    assert {one for one in branches | others if matches(one, pattern)} == branches


def test_secrets_that_nobody_holds_are_missing_without_an_environment_of_speaking() -> None:
    given = {"APP_CLIENT_ID": "Iv1", "BOT_PATCH_REPOSITORY": "laminlabs/lamindb"}
    both = [("missing", "secret APP_PRIVATE_KEY"), ("missing", "secret PATCH_TOKEN")]
    assert secured(FOUND, **given) == both
    held = replace(FOUND, secrets=frozenset({"APP_PRIVATE_KEY"}))
    assert secured(held, APP_CLIENT_ID="Iv1") == [
        ("missing", "secret APP_PRIVATE_KEY of the repository")
    ]


def test_variables_that_could_not_be_seen_make_what_they_say_unknown() -> None:
    unseen = Unseen("forbidden")
    for found in (FOUND, replace(FOUND, environments={})):
        assert told(*environments(found, unseen)) == [("unknown", "other secrets")]
    given = Installation(APP, None, "https://github.test/installations/1")
    assert told(*app(None, unseen, unseen)) == [("unknown", "App")]
    assert told(*app(None, None, unseen)) == [("unknown", "App")]
    assert told(*app(given, "Iv1", unseen)) == [("unknown", "App")]
    lacking = replace(given, permissions={**APP, "issues": "read"})
    assert told(*app(lacking, "Iv1", unseen)) == [("missing", "App")]
    actions = ActionsSetUp(is_enabled=True, allowed="all", may_open_pulls=False)
    lines = repository(replace(FOUND, actions=actions), ["detect.yml"], (), client_id=unseen)
    assert told(*lines) == [("unknown", "Actions")]


def test_a_wrong_key_of_the_app_is_missing() -> None:
    assert told(*app(Refused("it is no key", True), "Iv1", "hosted")) == [("missing", "App")]


def test_an_app_needs_what_the_launcher_asks_for() -> None:
    given = Installation(APP, None, "https://github.test/installations/1")
    assert told(*app(given, "Iv1", "hosted")) == []
    (line,) = app(given, "Iv1", "ec2")
    assert line.sentence == "it lacks administration (write); give it that:"
    reads = replace(given, permissions={**APP, "administration": "read"})
    assert told(*app(reads, "Iv1", "ec2")) == [("missing", "App")]
    writes = replace(given, permissions={**APP, "workflows": "write"})
    assert told(*app(writes, "Iv1", "hosted")) == [("warning", "App")]
    slept = replace(given, suspended=datetime(2026, 1, 1, tzinfo=UTC))
    assert told(*app(slept, "Iv1", "hosted")) == [("missing", "App")]
    assert told(*app(None, None, "ec2")) == [("missing", "App")]
    assert told(*app(None, None, "hosted")) == []


def test_labels_are_the_same_in_any_case_and_made_when_used() -> None:
    lines = repository(FOUND, ["detect.yml"], CHECKOUT.variables, client_id=None)
    said = {line.part: line.sentence for line in lines}
    assert said["labels"] == "1 of 9; the others are made when first used."


def test_only_selected_actions_are_a_warning() -> None:
    actions = ActionsSetUp(is_enabled=True, allowed="selected", may_open_pulls=True)
    lines = repository(replace(FOUND, actions=actions), ["detect.yml"], (), client_id=None)
    assert told(*lines) == [("warning", "Actions")]


def test_what_a_token_could_not_be_asked_about_is_unknown() -> None:
    assert token(replace(FOUND, unanswered=("checks",)), WEB).health is Health.UNKNOWN
    both = replace(FOUND, unanswered=("checks",), unreadable={"issues": "forbidden"})
    assert token(both, WEB).health is Health.MISSING


def test_old_releases_without_a_manifest_are_nobodys_concern() -> None:
    lines = releases({"2023-01-01", "2025-01-01"}, {}, {}, (), "look")
    assert told(*lines) == [("warning", "release 2025-01-01")]
    assert list(releases((), {}, {}, (), "look")) == []


ROLE = "arn:aws:iam::123456789012:role/x"
LAUNCH = """[launch]
repository = "octo/cells"
runs = "s3://ours/runs"
region = "us-west-2"
lifetime_hours = 24
budget = 60
"""


def lacking(**variables: str) -> list[str]:
    """The variables of which something is said, each with what is."""
    lines = values(replace(FOUND, variables={"BOT_INSTANCE": "a/b", **variables}))
    return [f"{line.part.removeprefix('variable ')}: {line.sentence}" for line in lines]


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"RUNS": "s3://a/b"}, {"READ_ROLE": "RUNS", "AWS_REGION": "RUNS"}),
        (
            {"RUNS": "s3://a/b", "LAUNCHER": "codebuild"},
            {"CODEBUILD": "LAUNCHER=codebuild", "READ_ROLE": "RUNS", "AWS_REGION": "RUNS"},
        ),
        ({"DATA_ROLE": ROLE}, {"AWS_REGION": "DATA_ROLE"}),
        ({"READ_ROLE": ROLE}, {"AWS_REGION": "READ_ROLE"}),
        ({"LAUNCH_ROLE": ROLE}, {"AWS_REGION": "LAUNCH_ROLE"}),
        ({"RUNS": "s3://a/b", "READ_ROLE": ROLE, "AWS_REGION": "us-west-2"}, {}),
        ({"AWS_REGION": "us-west-2"}, {}),
    ],
)
def test_what_a_variable_says_nothing_without_is_lacking(
    variables: dict[str, str], wanted: dict[str, str]
) -> None:
    assert sorted(lacking(**variables)) == sorted(
        f"{name}: it isn't set, and {who} can't do without; set it:" for name, who in wanted.items()
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=", "launch.toml: not TOML ("),
        ("a = 1", "launch.toml: table [launch] is missing; add it:"),
        (f"{LAUNCH}zzz = 1", "launch.toml, [launch]: field zzz: there is none of that name; leave"),
        (LAUNCH.replace("budget", "bugdet"), "bugdet: there is none of that name; rename it to b"),
        (LAUNCH.replace("60", "-1"), "field budget: input should be greater than 0"),
    ],
)
def test_a_text_of_launch_toml_that_no_launch_would_take_is_told(text: str, said: str) -> None:
    (line,) = lacking(LAUNCH_TOML=text)
    assert line.startswith("LAUNCH_TOML: ")
    assert said in line


@pytest.mark.parametrize(
    ("runs", "is_same"),
    [("s3://ours/runs", True), ("s3://ours/runs/", True), ("s3://ours/run", False), ("", True)],
)
@pytest.mark.parametrize("written", ["s3://ours/runs", "s3://ours/runs/"])
def test_machines_must_write_where_the_bot_reads(runs: str, is_same: bool, written: str) -> None:
    given = {"READ_ROLE": ROLE, "AWS_REGION": "us-west-2"}
    text = LAUNCH.replace("s3://ours/runs", written)
    found = lacking(LAUNCH_TOML=text, RUNS=runs, **given)
    assert found == (
        []
        if is_same
        else [
            f"LAUNCH_TOML: its runs, where machines write, is {written}, and RUNS, where the "
            f"bot reads, is {runs}; make them the same:"
        ]
    )


def test_an_app_that_is_missing_is_made_by_a_command() -> None:
    (line,) = app(None, None, "ec2")
    assert line.remedy == (
        "BOT_LAUNCHER=ec2 python -m bot init --app --repository octo/cells --key-file key.pem --yes"
    )


def test_the_key_of_an_app_is_set_where_the_jobs_that_speak_look() -> None:
    refused = Refused("it is no key", is_final=True)
    for given, name in (({}, "bot"), ({"BOT_ENVIRONMENT": "speech"}, "speech")):
        (line,) = secrets.app(refused, "Iv1", "hosted", replace(FOUND, variables=given))
        assert line.remedy == f"gh secret set APP_PRIVATE_KEY --env {name} --repo octo/cells"


def test_a_broken_manifest_is_named_with_where_it_can_be_edited() -> None:
    at = "https://github.test/octo/cells/edit/main"
    (line,) = releases((), {}, {"2025-01-01": "no TOML."}, (), "look", files=at)
    assert line.remedy == f"{at}/runners/releases/2025-01-01.toml"
    (line,) = releases((), {}, {"2025-01-01": "no TOML."}, (), "look")
    assert (line.sentence, line.remedy) == ("its manifest is broken: no TOML.", "")
