"""Every line of doctor's, in each of its forms: health, part, sentence and remedy."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from test_doctor_lines import CHECKOUT, FOUND

from bot.doctor.checkout import meant, names, packages
from bot.doctor.lines import shortened
from bot.doctor.releases import releases
from bot.doctor.repository import repository, token, workflow_of
from bot.doctor.secrets import APP, app, environments
from bot.doctor.variables import settings_of, values
from bot.model.set_up import (
    UNLISTED,
    ActionsSetUp,
    Environment,
    Installation,
    Refused,
    RepositorySetUp,
    Unseen,
)
from runners.contract import PartHealth

UNSEEN = Unseen("it is *forbidden*")
KEY = frozenset({"LAMIN_API_KEY"})
GUARDED = frozenset({"LAMIN_API_KEY", "APP_PRIVATE_KEY", "PATCH_TOKEN"})
FILES = ("detect.yml", "run.yml")


def lines(some: Iterable[PartHealth]) -> str:
    return "\n".join(f"{x.health} | {x.part} | {x.sentence} | {x.remedy}" for x in some)


def found(**fields: object) -> RepositorySetUp:
    return replace(FOUND, **fields)  # type: ignore[arg-type]


def actions(allowed: str | None, *, enabled: bool = True, pulls: bool = True) -> RepositorySetUp:
    return found(actions=ActionsSetUp(enabled, allowed, pulls))


PACKAGES = {
    "all is well": packages(CHECKOUT),
    "the oldest Python": packages(replace(CHECKOUT, python=(3, 11))),
    "an older Python": packages(replace(CHECKOUT, python=(3, 10))),
    "a wheel": packages(replace(CHECKOUT, wanted=None)),
    "some are absent": packages(replace(CHECKOUT, installed={"httpx": "1"})),
    "others": packages(replace(CHECKOUT, installed={"pygithub": "2", "httpx": "1", "x": "1"})),
}
SETTINGS = ("instance", "runs", "storage")
NAMES = {
    "all is well": names({"": ("BOT_RUNS", "BOT_SETTINGS"), "a.toml": ("runs",)}, SETTINGS, ()),
    "misspelt": names(
        {"": ("BOT_INSTANC", "BOT_QQQ", "BAT_RUNS", "BT_RS"), "a.toml": ("Runs", "qqq")},
        SETTINGS,
        ("a.toml: wrong.",),
    ),
    "wrong": names({"": ()}, SETTINGS, ("a.toml: wrong.",)),
}
RELEASES = releases(
    {"2026-01-01", "2026-02-01"},
    {"2025-01-01", "2025-03-01"},
    {"2025-03-01": "no *TOML*."},
    {"2025-04-01", "2025-01-01"},
    "python -m bot detect",
    files="https://github.test/octo/cells/edit/main",
)
TOKENS: dict[str, RepositorySetUp | Refused] = {
    "all is well": FOUND,
    "may push": found(may_push=True),
    "may not push": found(may_push=False),
    "refused": Refused("there is none", is_final=True),
    "not now": Refused("it is down", is_final=False),
    "unanswered": found(unanswered=("a", "b"), may_push=False),
    "unreadable": found(unreadable={"b": "no", "a": "never"}, unanswered=("c",), may_push=False),
}
REPOSITORIES = {
    "all is well": found(workflows=dict.fromkeys(FILES, "active"), variables={"RUNS": "x"}),
    "half renewed": found(
        workflows=dict.fromkeys(FILES, "active"), half_renewed=frozenset({"x.yml"})
    ),
    "archived and empty": found(is_archived=True, is_empty=True, has_issues=False),
    "nothing seen": found(actions=UNSEEN, workflows=UNSEEN, labels=UNSEEN, variables=UNSEEN),
    "no file": found(workflows={"other.yml": "active"}),
    "no file yet": found(workflows={}, onboarding="https://github.test/octo/cells/pull/1"),
    "a file proposed": found(onboarding="https://github.test/octo/cells/pull/1"),
    "misspelt variables": found(variables={"RUN": "x", "LAUNCHR": "x", "RUNS": "x", "Q": "x"}),
    "misspelt and empty": found(variables={"RUN": "x", "RUNS": ""}),
    **{
        f"files {state}": found(workflows={"detect.yml": "active", "run.yml": state})
        for state in (
            "disabled_manually",
            "disabled_inactivity",
            "disabled_fork",
            UNLISTED,
            "deleted",
        )
    },
}
ACTIONS = {
    "disabled": actions(None, enabled=False, pulls=False),
    "local only": actions("local_only", pulls=False),
    "selected": actions("selected"),
    "selected, no pulls": actions("selected", pulls=False),
    "no pulls": actions("all", pulls=False),
}
CALLERS = {
    "its own files": found(callers=frozenset({"x.yml"})),
    "unseen": found(workflows=UNSEEN),
    "none": found(workflows={}),
    "by name": found(workflows={"cellxgene.yml": "active"}),
    "another": found(workflows={"x.yml": "active"}, callers=frozenset({"x.yml"})),
    "two": found(
        workflows={"x.yml": "active", "cellxgene.yml": "active"}, callers=frozenset({"x.yml"})
    ),
}


def environment(
    branches: tuple[str, ...] | Unseen | None = ("main",), **fields: object
) -> Environment:
    given = Environment(branches, is_protected=False, secrets=KEY)
    return replace(given, **fields)  # type: ignore[arg-type]


ENVIRONMENTS = {
    "limited": environment(),
    "protected": environment(("main", "a"), is_protected=True),
    "protected, none": environment(None, is_protected=True),
    "protected, not the default": environment(("a",), is_protected=True),
    "protected, unseen": environment(UNSEEN, is_protected=True),
    "branches unseen": environment(UNSEEN),
    "tags": environment(None, tags=("v*", "x")),
    "open": environment(None),
    "no branch": environment(()),
    "other branches": environment(("a", "b")),
    "more branches": environment(("main", "a", "b")),
    "a pattern": environment(("m*",)),
    "secrets unseen": environment(secrets=UNSEEN),
    "no secret": environment(secrets=frozenset()),
}
SPEAKING = {"BOT_ENVIRONMENT": "bot", "APP_CLIENT_ID": "Iv1", "BOT_PATCH_REPOSITORY": "a/b"}
SECURED: dict[str, tuple[RepositorySetUp, dict[str, str] | Unseen]] = {
    "nothing seen": (found(environments=UNSEEN, secrets=UNSEEN), UNSEEN),
    "variables unseen": (FOUND, UNSEEN),
    "no environment": (found(environments={}), {}),
    "no environment in a private one": (found(environments={}, is_private=True), {}),
    "the private one's own key": (found(environments={}, is_private=True, secrets=KEY), {}),
    "on EC2": (found(environments={}), {"LAUNCHER": "EC2"}),
    "on CodeBuild": (found(environments={}), {"LAUNCHER": "codebuild"}),
    "speaking": (FOUND, SPEAKING),
    "speaking as it works": (FOUND, {**SPEAKING, "BOT_ENVIRONMENT": "Instance"}),
    "speaking nowhere": (FOUND, {**SPEAKING, "BOT_ENVIRONMENT": ""}),
    "speaking by the repository": (
        found(secrets=GUARDED - KEY), {**SPEAKING, "BOT_ENVIRONMENT": ""}
    ),
    "speaking in private": (
        found(environments={}, secrets=GUARDED, is_private=True), SPEAKING
    ),
    "shared": (found(shared_secrets=GUARDED, secrets=KEY), {}),
    "shared, unseen": (found(shared_secrets=UNSEEN, secrets=KEY), {}),
    "shared in private": (found(shared_secrets=KEY, is_private=True), {}),
}  # fmt: skip
INSTALLED = Installation(APP, None, "https://github.test/installations/1")
App = tuple[Installation | Refused | Unseen | None, str | Unseen | None, str | Unseen]
APPS: dict[str, App] = {
    "unseen variables": (None, UNSEEN, "hosted"),
    "none": (None, None, "hosted"),
    "none on EC2": (None, None, "ec2"),
    "none, launcher unseen": (None, None, UNSEEN),
    "unseen": (UNSEEN, "Iv1", "hosted"),
    "refused": (Refused("it is no key", is_final=True), "Iv1", "hosted"),
    "not installed": (None, "Iv1", "hosted"),
    "suspended": (replace(INSTALLED, suspended=datetime(2026, 1, 1, tzinfo=UTC)), "Iv1", "x"),
    "all is well": (INSTALLED, "Iv1", "hosted"),
    "on EC2": (INSTALLED, "Iv1", "ec2"),
    "launcher unseen": (INSTALLED, "Iv1", UNSEEN),
    "launcher unseen, may do all": (
        replace(INSTALLED, permissions={**APP, "administration": "write"}), "Iv1", UNSEEN
    ),
    "admin": (replace(INSTALLED, permissions=dict.fromkeys(APP, "admin")), "Iv1", "hosted"),
    "reads": (replace(INSTALLED, permissions=dict.fromkeys(APP, "read")), "Iv1", "hosted"),
    "workflows": (replace(INSTALLED, permissions={**APP, "workflows": "read"}), "Iv1", "hosted"),
}  # fmt: skip
ARN = "arn:aws:iam::123456789012:role/read"
LAUNCH = """[launch]
repository = "octo/cells"
runs = "s3://b/p"
region = "us-west-2"
lifetime_hours = 24
budget = 60
"""
MACHINE = {
    "BOT_INSTANCE": "a/b",
    "LAUNCHER": "ec2",
    "RUNS": "s3://b/p",
    "AWS_REGION": "us-west-2",
    "READ_ROLE": ARN,
    "LAUNCH_ROLE": ARN,
}
VARIABLES = {
    "none": {},
    "hosted": {"BOT_INSTANCE": "a/b"},
    "on CodeBuild": {"BOT_INSTANCE": "a/b", "LAUNCHER": "codebuild"},
    "on EC2 with nothing": {"LAUNCHER": "EC2"},
    "on EC2": MACHINE,
    "on EC2 with its file": {**MACHINE, "LAUNCH_TOML": LAUNCH},
    "on EC2 with another's file": {**MACHINE, "LAUNCH_TOML": LAUNCH.replace("s3://b/p", "s3://c")},
    "on EC2 with a broken file": {**MACHINE, "LAUNCH_TOML": f"{LAUNCH}zzz = 1"},
    "on CodeBuild with runs": {"BOT_INSTANCE": "a/b", "LAUNCHER": "codebuild", "RUNS": "s3://b/p"},
    "wrong": {
        "BOT_INSTANCE": "a/b",
        "AWS_REGION": "us-west",
        "READ_ROLE": "arn:aws:iam::12345678901:role/x",
        "LAUNCH_ROLE": f"x{ARN}",
        "DATA_ROLE": f"{ARN} x",
        "RUNS": "gs://b",
        "BOT_INGEST_ON_MERGE": "perhaps",
        "LAUNCHER": "",
    },
    "regions of others": {
        "BOT_INSTANCE": "a/b",
        "AWS_REGION": "us-gov-west-1",
        "DATA_ROLE": ARN.replace("aws", "aws-us-gov"),
    },
    "a region of Europe's own": {"BOT_INSTANCE": "a/b", "AWS_REGION": "eusc-de-east-1"},
}
TEXTS = {
    **{f"packages: {name}": lines(some) for name, some in PACKAGES.items()},
    **{f"names: {name}": lines(some) for name, some in NAMES.items()},
    "meant": " ".join(str(meant(name, SETTINGS)) for name in ("RUNS", "run", "instan", "xyz")),
    "shortened": "\n".join(shortened(list("abcdef"[:n])) for n in range(7)),
    "releases": lines(RELEASES),
    **{
        f"token: {name}": lines([token(one, "https://github.test")]) for name, one in TOKENS.items()
    },
    **{
        f"repository: {name}": lines(repository(one, FILES, CHECKOUT.variables, None))
        for name, one in REPOSITORIES.items()
    },
    "repository: a wheel": lines(repository(FOUND, FILES, None, None)),
    **{
        f"actions: {name}, App {client_id}": lines(
            x for x in repository(one, FILES, (), client_id) if x.part == "Actions"
        )
        for name, one in ACTIONS.items()
        for client_id in (None, "Iv1", UNSEEN)
    },
    **{f"caller: {name}": str(workflow_of(one)) for name, one in CALLERS.items()},
    **{
        f"environment: {name}": lines(environments(found(environments={"instance": one}), {}))
        for name, one in ENVIRONMENTS.items()
    },
    **{f"secrets: {name}": lines(environments(*one)) for name, one in SECURED.items()},
    **{f"app: {name}": lines(app(*one, FOUND)) for name, one in APPS.items()},
    **{
        f"variables: {name}": lines(values(found(variables=given)))
        for name, given in VARIABLES.items()
    },
    "variables: launch.toml is there": lines(
        values(found(variables=MACHINE, has_launch_toml=True))
    ),
    "variables: launch.toml is unseen": lines(
        values(found(variables=MACHINE, has_launch_toml=UNSEEN))
    ),
    "variables: unseen": lines(values(found(variables=UNSEEN))),
    **{f"settings: {name}": str(settings_of(given)) for name, given in VARIABLES.items()},
}
