"""`python -m bot doctor`: a healthy set-up is ok from end to end, and each broken one is named with
what mends it. GitHub, pages and AWS are doubles; the LaminDB instance is a real one.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import forked
import instances
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_github import people
from fake_github.faults import primary_limit, unavailable
from fake_github.server import Server, serving
from fake_github.state import App, Environment, FakeGithub
from flows import world as pages
from instances import INSTANCE, REFERENCE, REPOSITORY, Place

from launch.account import BUCKET, Account
from launch.fake_runner_api import REPOSITORY as LAUNCHING
from launch.site import LaunchSite
from runners.rules.wheels import newest_rules

WORKFLOWS = ("check.yml", "commands.yml", "detect.yml", "ingest.yml", "reap.yml", "verify.yml")
READING = ("actions", "administration", "checks", "contents", "environments", "issues",
           "pull_requests", "secrets", "variables")  # fmt: skip
WRITING = dict.fromkeys(("actions", "checks", "contents", "issues", "pull_requests"), "write")
MANIFEST = """\
release = "2026-02-01"
census_schema_version = "2.4.0"
dataset_schema_version = "7.0.0"
dataset_count = 12

[storage]
soma = "s3://census/cell-census/2026-02-01/soma/"
h5ads = "s3://census/cell-census/2026-02-01/h5ads/"
"""


@dataclass
class SetUp:
    """A repository on GitHub, pages, and a folder to call the bot in."""

    root: Path
    server: Server
    variables: dict[str, str]
    words: list[str] = field(default_factory=lambda: ["--no-instance"])
    prefix: list[str] = field(default_factory=list)
    place: Place | None = None
    code: Path = REPOSITORY

    @property
    def fake(self) -> FakeGithub:
        return self.server.fake

    def token(self, **changes: str) -> str:
        return self.fake.token({**dict.fromkeys(READING, "read"), **changes}, "maintainer")

    def examined(self, code: int) -> dict[str, dict[str, str]]:
        """Part -> its line."""
        words = ["-m", "bot", "doctor", "--json", *self.words]
        if self.prefix:
            command = [*self.prefix, sys.executable, *words]
            done = subprocess.run(
                command,
                cwd=self.root,
                env=self.environment,
                text=True,
                capture_output=True,
                check=False,
            )
        else:
            done = forked.run(words, cwd=self.root, env=self.environment)
        assert done.stderr == ""
        assert done.returncode == code, done.stdout
        assert self.server.broken == []
        assert {call.split(" ")[0] for call in self.server.asked} <= {"GET"}
        read = [json.loads(line) for line in done.stdout.splitlines()]
        return {line["part"]: line for line in read}

    @property
    def environment(self) -> Mapping[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        of_place = self.place.environment if self.place else {}
        own = {**self.variables, "PYTHONPATH": str(self.code), "REFERENCE": str(REFERENCE)}
        return {**kept, **of_place, "no_proxy": "127.0.0.1", **own}


def push(fake: FakeGithub, files: dict[str, str | None]) -> None:
    """To the default branch."""
    branch = fake.default_branch
    fake.branches[branch] = fake.commit(files, "Push", fake.branches[branch])


def key_pair() -> tuple[str, str]:
    """A private and a public key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


PRIVATE, PUBLIC = key_pair()


class QuietPages(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def site_of_pages(tmp_path: Path) -> Iterator[str]:
    """The address at which page, directory and documents are."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "page.html").write_text(pages.page(pages.entry("2026-02-01")))
    (folder / "release.json").write_text(pages.directory(["2026-02-01"]))
    (folder / "schema.md").write_text(pages.document("7.0.0"))
    (folder / "newer.md").write_text(pages.document("7.1.0"))
    handler = partial(QuietPages, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def healthy(tmp_path: Path, site_of_pages: str) -> Iterator[SetUp]:
    """A repository with an App and environments, whose newest release is merged."""
    with serving(FakeGithub()) as server:
        fake = server.fake
        fake.run_names = dict.fromkeys(WORKFLOWS, lambda inputs: "run")
        fake.user("maintainer", "admin")
        push(fake, {f".github/workflows/{name}": "on: push\n" for name in WORKFLOWS})
        push(fake, {"runners/releases/2026-02-01.toml": MANIFEST})
        fake.variables |= {
            "APP_CLIENT_ID": "Iv1.0123456789",
            "BOT_ENVIRONMENT": "bot",
            "BOT_INSTANCE": INSTANCE,
        }
        fake.environments |= {
            "bot": Environment(["main"], secrets={"APP_PRIVATE_KEY"}),
            "instance": Environment(["main"], secrets={"LAMIN_API_KEY"}),
        }
        fake.app = App("Iv1.0123456789", PUBLIC, {**WRITING, "metadata": "read"})
        root = tmp_path / "folder"
        root.mkdir()
        made = SetUp(root, server, {})
        made.variables |= {
            "BOT_GITHUB": fake.full_name,
            "BOT_GITHUB_TOKEN": made.token(),
            "BOT_INSTANCE": INSTANCE,
            "BOT_APP_PRIVATE_KEY": PRIVATE,
            "BOT_RELEASE_PAGE": f"{site_of_pages}/page.html",
            "BOT_RELEASE_DIRECTORY": f"{site_of_pages}/release.json",
            "BOT_SCHEMA_DOCUMENT": f"{site_of_pages}/schema.md?{{version}}",
            "GITHUB_API_URL": fake.address,
        }
        yield made


@pytest.fixture
def own(empty: Place, tmp_path: Path) -> Place:
    """An instance of the test's own, which holds nothing."""
    return instances.copy(empty, tmp_path / "own")


def test_a_healthy_set_up_is_ok_from_end_to_end(healthy: SetUp, own: Place) -> None:
    healthy.place, healthy.words = own, []
    rules = newest_rules()
    found = healthy.examined(0)
    assert {line["health"] for line in found.values()} == {"ok"}, found
    assert list(found) == [
        "Python", "packages", "settings", "token", "Actions", "workflow files", "labels",
        "variables", "environment instance", "secret LAMIN_API_KEY", "environment bot",
        "secret APP_PRIVATE_KEY", "secrets of the repository", "App", "release page",
        "release directory", "schema document 7.0.0",
        *(f"{wheel.name} {wheel.version}" for wheel in (rules.ontology_guide, rules.gene_tables)),
        "release 2026-02-01", "instance", "migrations", "branch", "role",
        "sequences", "modules", "features", "sources", "trash", "registered", "runs",
    ]  # fmt: skip


# --- what may be broken, each by itself -----------------------------------------------------------


def no_permission(it: SetUp) -> None:
    it.variables["BOT_GITHUB_TOKEN"] = it.token(issues="none", checks="none")


def expired_token(it: SetUp) -> None:
    it.variables["BOT_GITHUB_TOKEN"] = it.fake.token(WRITING, lifetime=timedelta(0))


def no_token(it: SetUp) -> None:
    del it.variables["BOT_GITHUB_TOKEN"]


def another_repository(it: SetUp) -> None:
    it.variables["BOT_GITHUB"] = "octo/celxgene"


def typo(it: SetUp) -> None:
    it.variables["BOT_INSTNACE"] = it.variables.pop("BOT_INSTANCE")


def typo_in_the_prefix(it: SetUp) -> None:
    it.variables["BOT_INSTANCE_"] = it.variables.pop("BOT_INSTANCE")


def typo_in_the_file(it: SetUp) -> None:
    (it.root / "bot.toml").write_text('ingest_on_merg = false\ninstance = "a/b"\n')


def typo_on_github(it: SetUp) -> None:
    it.fake.variables["BOT_MINIMUM_ROLE"] = "verify=maintain"


def wrong_value(it: SetUp) -> None:
    it.variables["BOT_INGEST_ON_MERGE"] = "perhaps"


def missing_workflow(it: SetUp) -> None:
    del it.fake.run_names["reap.yml"]
    push(it.fake, {".github/workflows/reap.yml": None})


def workflow_of_another_branch(it: SetUp) -> None:
    """GitHub lists it all the same."""
    push(it.fake, {".github/workflows/reap.yml": None})


def workflow_that_is_left_out(it: SetUp) -> None:
    del it.fake.run_names["reap.yml"]


def archived(it: SetUp) -> None:
    it.fake.is_archived = True


def empty_repository(it: SetUp) -> None:
    it.fake.is_empty = True


def calls(it: SetUp, name: str, text: str) -> None:
    """The repository has this one file of the bot's."""
    push(it.fake, {f".github/workflows/{one}": None for one in WORKFLOWS})
    push(it.fake, {f".github/workflows/{name}": text, ".github/workflows/ci.yml": "on: push\n"})
    it.fake.run_names = {name: lambda inputs: "run", "ci.yml": lambda inputs: "run"}


def sleeping_caller(it: SetUp) -> None:
    call = "jobs:\n  bot:\n    uses: octo/bot/.github/workflows/bot.yml@0123\n"
    calls(it, "census.yml", call)
    it.fake.disabled["census.yml"] = "disabled_inactivity"


def no_caller(it: SetUp) -> None:
    it.variables["BOT_WORKFLOW"] = "cellxgene.yml"


def sleeping_schedule(it: SetUp) -> None:
    it.fake.disabled["detect.yml"] = "disabled_inactivity"


def disabled_actions(it: SetUp) -> None:
    it.fake.actions_enabled = False


def no_actions_of_others(it: SetUp) -> None:
    it.fake.allowed_actions = "local_only"


def no_proposals(it: SetUp) -> None:
    it.fake.actions_may_open_pulls = False
    del it.fake.variables["APP_CLIENT_ID"]


def no_issues(it: SetUp) -> None:
    it.fake.has_issues = False


def foreign_default_branch(it: SetUp) -> None:
    it.fake.branches["trunk"] = it.fake.branches.pop("main")
    it.fake.default_branch = "trunk"


def each_branch(it: SetUp) -> None:
    it.fake.environments["instance"].branches = None


def each_tag(it: SetUp) -> None:
    it.fake.environments["instance"].tags = ["v*"]


def no_environment(it: SetUp) -> None:
    del it.fake.environments["bot"]


def secret_of_the_organization(it: SetUp) -> None:
    it.fake.shared_secrets.add("LAMIN_API_KEY")


def secret_outside(it: SetUp) -> None:
    it.fake.environments["instance"].secrets.clear()
    it.fake.secrets.add("LAMIN_API_KEY")


def unreachable_page(it: SetUp) -> None:
    it.variables["BOT_RELEASE_PAGE"] = f"{it.fake.address.replace('127.0.0.1', '127.0.0.2')}/page"


def no_such_directory(it: SetUp) -> None:
    address = it.variables["BOT_RELEASE_DIRECTORY"]
    it.variables["BOT_RELEASE_DIRECTORY"] = address.replace("release", "releases")


def of_machines(it: SetUp) -> None:
    """All that LAUNCHER=ec2 needs."""
    role = "arn:aws:iam::123456789012:role/bot"
    needs = {"LAUNCHER": "ec2", "RUNS": "s3://ours/runs", "AWS_REGION": "us-west-2"}
    it.fake.variables |= {**needs, "READ_ROLE": role, "LAUNCH_ROLE": role}
    push(it.fake, {"launch.toml": "budget = 1\n"})


def app_without_administration(it: SetUp) -> None:
    of_machines(it)


def ec2_with_nothing(it: SetUp) -> None:
    assert it.fake.app
    it.fake.app.permissions["administration"] = "write"
    it.fake.variables["LAUNCHER"] = "EC2"


def no_instance_on_github(it: SetUp) -> None:
    del it.fake.variables["BOT_INSTANCE"]


def wrong_values_on_github(it: SetUp) -> None:
    it.fake.variables |= {"LAUNCHER": "gce", "RUNS": "runs", "BOT_INGEST_ON_MERGE": "perhaps"}


def app_elsewhere(it: SetUp) -> None:
    assert it.fake.app
    it.fake.app.is_installed = False


def broken_manifest(it: SetUp) -> None:
    files = {"runners/releases/2026-02-01.toml": "release = 1"}
    it.fake.branches["main"] = it.fake.commit(files, "Break", it.fake.branches["main"])


def another_text(setting: str) -> Callable[[SetUp], None]:
    """What stands at the setting's address is something else."""

    def spoil(it: SetUp) -> None:
        name = it.variables[f"BOT_{setting.upper()}"].rsplit("/", 1)[1].split("?")[0]
        (it.root.parent / "pages" / name).write_text("<html>We have moved.</html>")

    return spoil


def document_of_another_version(it: SetUp) -> None:
    given = it.variables["BOT_SCHEMA_DOCUMENT"]
    it.variables["BOT_SCHEMA_DOCUMENT"] = given.replace("/schema.md", "/newer.md")


def no_common_release(it: SetUp) -> None:
    (it.root.parent / "pages" / "release.json").write_text(pages.directory(["2025-11-08"]))


def no_folder_for_runs(it: SetUp) -> None:
    del it.variables["BOT_GITHUB"], it.variables["BOT_GITHUB_TOKEN"]
    it.variables["BOT_RUNS"] = str(it.root / "no runs")


@pytest.mark.prove
@pytest.mark.parametrize(
    ("spoil", "parts", "said", "remedy"),
    [
        (no_permission, {"token"}, "may not read checks, issues (", "personal-access-tokens"),
        (expired_token, {"token"}, "ended or isn't one; make another.", "personal-access-tokens"),
        (no_token, {"token"}, "there is none.", "gh auth token"),
        (another_repository, {"token"}, "there is no repository octo/celxgene", "personal-access"),
        (typo, {"settings"}, "BOT_INSTNACE: there is no such", "Rename it to BOT_INSTANCE."),
        (typo_in_the_prefix, {"settings"}, "BOT_INSTANCE_", "Rename it to BOT_INSTANCE."),
        (typo_in_the_file, {"settings"}, "field ingest_on_merg", "Rename it to ingest_on_merge."),
        (
            typo_on_github,
            {"variable BOT_MINIMUM_ROLE"},
            "nothing reads it",
            "set BOT_MINIMUM_ROLES",
        ),
        (another_text("release_page"), {"release page"}, "page.html: ", "setting release_page"),
        (another_text("release_directory"), {"release directory"}, "json: ", "release_directory"),
        (another_text("schema_document"), {"schema document 7.0.0"}, "7.0.0: ", "schema_document"),
        (
            document_of_another_version,
            {"schema document 7.0.0"},
            "field Version: 7.1.0 is not 7.0.0",
            "schema_document",
        ),
        (no_common_release, {"releases"}, "page and directory have none in common", "page.html"),
        (no_folder_for_runs, {"runs"}, "isn't there; make it", "mkdir -p '"),
        (
            ec2_with_nothing,
            {f"variable {name}" for name in ("RUNS", "AWS_REGION", "READ_ROLE", "LAUNCH_ROLE")}
            | {"launch.toml"},
            "",
            "gh variable set ",
        ),
        (no_instance_on_github, {"variable BOT_INSTANCE"}, "it isn't set", "set BOT_INSTANCE"),
        (
            wrong_values_on_github,
            {"variable LAUNCHER", "variable RUNS", "variable BOT_INGEST_ON_MERGE"},
            "; ",
            "gh variable set ",
        ),
        (wrong_value, {"settings"}, "'perhaps' is neither true nor false; give one of them", ""),
        (
            missing_workflow,
            {"workflow reap.yml"},
            "isn't in .github/workflows of main",
            "docs/how-to/",
        ),
        (workflow_of_another_branch, {"workflow reap.yml"}, "isn't in .github/workflows", "docs/"),
        (workflow_that_is_left_out, {"workflow reap.yml"}, "GitHub doesn't run it", "/actions"),
        (archived, {"repository"}, "it is archived", "/settings"),
        (empty_repository, {"repository"}, "it has no commit yet", "another-repository"),
        (
            sleeping_caller,
            {"workflow census.yml"},
            "for want of activity",
            "gh workflow enable census.yml --repo octo/cellxgene",
        ),
        (no_caller, {"workflow cellxgene.yml"}, "isn't in .github/workflows", "another-repository"),
        (
            sleeping_schedule,
            {"workflow detect.yml"},
            "for want of activity",
            "gh workflow enable detect.yml --repo octo/cellxgene",
        ),
        (disabled_actions, {"Actions"}, "disabled in the repository", "/settings/actions"),
        (no_actions_of_others, {"Actions"}, "jobs need GitHub's", "/settings/actions"),
        (no_proposals, {"Actions"}, "may not open pull requests", "/settings/actions"),
        (no_issues, {"issues"}, "has no issues", "/settings#features"),
        (
            foreign_default_branch,
            {"environment bot", "environment instance"},
            "only main may use it, and the default branch is trunk",
            "/settings/environments",
        ),
        (each_branch, {"environment instance"}, "limit it to main", "/settings/environments"),
        (each_tag, {"environment instance"}, "tags matching v* may use it", "/environments"),
        (
            no_environment,
            {"environment bot", "secret APP_PRIVATE_KEY"},
            "it isn't ",
            "",
        ),
        (
            secret_outside,
            {"secret LAMIN_API_KEY", "secret LAMIN_API_KEY of the repository"},
            "it ",
            "gh secret ",
        ),
        (
            secret_of_the_organization,
            {"secret LAMIN_API_KEY of the organization"},
            "whoever can push a branch can read it",
            "/organizations/octo/settings/secrets/actions",
        ),
        (unreachable_page, {"release page"}, "can't be reached", "by the setting release_page."),
        (no_such_directory, {"release directory"}, "404", "the setting release_directory."),
        (
            app_without_administration,
            {"App"},
            "it lacks administration (write)",
            "#changing-the-permissions-of-a-github-app",
        ),
        (app_elsewhere, {"App"}, "isn't installed in the repository", "settings/apps"),
        (broken_manifest, {"release 2026-02-01"}, "its manifest is broken: ", ""),
    ],
)
def test_what_is_broken_is_named_alone_with_what_mends_it(
    healthy: SetUp, spoil: Callable[[SetUp], None], parts: set[str], said: str, remedy: str
) -> None:
    spoil(healthy)
    found = healthy.examined(1)
    missing = {part: line for part, line in found.items() if line["health"] == "missing"}
    assert missing.keys() == parts
    for line in missing.values():
        assert said in line["sentence"]
        assert remedy in line.get("remedy", "")
        assert "Make one" not in line["sentence"]


# --- the LaminDB instance, and AWS ----------------------------------------------------------------


def of_later(it: SetUp, own: Place) -> None:
    instances.change(
        own,
        "insert into django_migrations (app, name, applied) values ('lamindb', '9999_x', '2030')",
    )


def wrong_role(it: SetUp, own: Place) -> None:
    """SQLite's roles are the rights of files, which bind whoever isn't root."""
    own.database.chmod(0o444)
    if os.geteuid() == 0:
        it.prefix = ["unshare", "-U", "--map-user=1000", "--map-group=1000"]


def feature_of_another_dtype(it: SetUp, own: Place) -> None:
    make = "ln.Feature(name='donor_id', dtype='float').save()"
    instances.succeed(instances.connected(own, make))


@pytest.mark.prove
@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("unshare") is None,
    reason="root may write any file, and there is no unshare to be somebody else",
)
@pytest.mark.parametrize(
    ("spoil", "part", "said"),
    [
        (of_later, "migrations", "install the lamindb that the instance was migrated with"),
        (wrong_role, "role", "can only be read (attempt to write a readonly database); make it"),
        (feature_of_another_dtype, "features", "donor_id is float, and not"),
    ],
)
def test_what_the_instance_lacks_is_named_alone(
    healthy: SetUp,
    own: Place,
    spoil: Callable[[SetUp, Place], None],
    part: str,
    said: str,
) -> None:
    healthy.place, healthy.words = own, []
    spoil(healthy, own)
    found = healthy.examined(1)
    missing = {name: line for name, line in found.items() if line["health"] != "ok"}
    assert missing.keys() == {part}
    assert said in missing[part]["sentence"]


def test_runs_that_cannot_be_written_are_named(healthy: SetUp, site: LaunchSite) -> None:
    """By the role that reads runs."""
    account = Account(site.amazon)
    outputs = account.stack(LAUNCHING).outputs
    site.configure(
        runs=f"s3://{BUCKET}/{LAUNCHING}",
        ec2__subnets=account.subnets[:1],
        ec2__security_group=outputs["SecurityGroup"],
        ec2__role=outputs["MachineProfile"],
    )
    (healthy.root / "launch.toml").write_text((site.root / "launch.toml").read_text())
    healthy.words.append("--aws")
    for role, health in (("LauncherRole", "ok"), ("ReporterRole", "missing")):
        site.key = account.key_of(LAUNCHING, role)
        of_aws = {k: v for k, v in site.environment.items() if k.startswith("AWS_")}
        healthy.variables |= of_aws
        found = healthy.examined(int(health == "missing"))
        assert found["runs"]["health"] == health
    assert found["runs"]["sentence"].endswith("or give it this right as ingestion.yaml does.")


# --- what can't be looked at ----------------------------------------------------------------------


def test_what_the_token_may_not_see_is_unknown_and_never_fine(healthy: SetUp) -> None:
    """A job's own token, which can be given no permission for settings, secrets and variables."""
    healthy.variables["BOT_GITHUB_TOKEN"] = healthy.fake.token(WRITING)
    del healthy.variables["BOT_APP_PRIVATE_KEY"]
    found = healthy.examined(0)
    unknown = {part: line["sentence"] for part, line in found.items() if line["health"] != "ok"}
    assert unknown.keys() == {
        "Actions", "variables", "other secrets", "secrets of the repository", "App", "runs",
    }  # fmt: skip
    assert "it needs the permission administration=read" in unknown["Actions"]
    assert "it needs the permission variables=read" in unknown["App"]


@pytest.mark.parametrize(
    ("name", "value", "unknown"),
    [
        ("BOT_GITHUB", "octo", {"GitHub", "releases"}),
        ("BOT_RELEASE_PAGE", " ", {"release page", "schema document", "releases"}),
        ("BOT_RUNS", " ", {"runs"}),
        ("BOT_INSTANCE", "a b", {"instance"}),
    ],
)
def test_what_hangs_on_a_setting_that_is_refused_is_unknown(
    healthy: SetUp, name: str, value: str, unknown: set[str]
) -> None:
    """It would be judged by the default, which nobody means."""
    healthy.variables[name] = value
    found = healthy.examined(1)
    assert {part for part, line in found.items() if line["health"] == "missing"} == {"settings"}
    assert {part for part, line in found.items() if line["health"] == "unknown"} == unknown


def test_where_runs_are_kept_the_repositorys_variables_say(healthy: SetUp) -> None:
    healthy.variables["BOT_RUNS"] = str(healthy.root)
    assert "as artifacts" in healthy.examined(0)["runs"]["sentence"]
    healthy.fake.variables["RUNS"] = "s3://ours/runs"
    assert "s3://ours/runs" in healthy.examined(0)["runs"]["sentence"]


def test_what_an_organization_shares_counts_unless_the_repository_has_its_own(
    healthy: SetUp,
) -> None:
    fake = healthy.fake
    fake.shared_variables |= {name: fake.variables.pop(name) for name in ("BOT_INSTANCE",)}
    fake.variables["RUNS"], fake.shared_variables["RUNS"] = "s3://ours/runs", "s3://theirs/runs"
    assert "s3://ours/runs" in healthy.examined(0)["runs"]["sentence"]


def test_a_job_gives_the_variables_that_its_token_may_not_list(healthy: SetUp) -> None:
    healthy.variables["BOT_GITHUB_TOKEN"] = healthy.fake.token(WRITING)
    of_machines(healthy)
    healthy.variables["REPOSITORY_VARIABLES"] = json.dumps(
        {**healthy.fake.variables, "READ_ROLE": "", "READ_ROL": "arn"}
    )
    found = healthy.examined(1)
    missing = {part for part, line in found.items() if line["health"] == "missing"}
    assert missing == {"App", "variable READ_ROL", "variable READ_ROLE"}
    assert found["secret APP_PRIVATE_KEY"]["health"] == "unknown"


def test_a_github_that_does_not_answer_is_unknown_and_the_rest_is_looked_at(healthy: SetUp) -> None:
    healthy.server.faults.append(unavailable("GET", "/repos/octo/cellxgene", times=1000))
    found = healthy.examined(0)
    unknown = {part for part, line in found.items() if line["health"] == "unknown"}
    assert unknown == {"token", "releases"}
    assert found["release page"]["health"] == "ok"


def test_a_probe_that_is_not_answered_is_no_missing_permission(healthy: SetUp) -> None:
    healthy.server.faults += [
        unavailable("GET", "/check-runs$", times=1000),
        primary_limit("GET", "/pulls$", reset=2_000_000_000),
    ]
    found = healthy.examined(0)
    assert found["token"]["health"] == "unknown"
    assert "whether it reads pull_requests, checks" in found["token"]["sentence"]


def test_one_answer_that_is_missing_keeps_nothing_else_back(healthy: SetUp) -> None:
    healthy.server.faults.append(unavailable("GET", "/environments$", times=1000))
    found = healthy.examined(0)
    unknown = {part for part, line in found.items() if line["health"] != "ok"}
    assert unknown == {"environments"}


def test_a_key_that_is_none_is_said_to_be_so_and_never_shown(healthy: SetUp) -> None:
    healthy.variables["BOT_APP_PRIVATE_KEY"] = "hunter2"
    line = healthy.examined(1)["App"]
    assert line["health"] == "missing"
    assert "is no private key" in line["sentence"]
    assert "hunter2" not in line["sentence"]


def test_a_release_that_nobody_has_proposed_is_a_warning(healthy: SetUp) -> None:
    fake = healthy.fake
    files = {"runners/releases/2026-02-01.toml": None}
    fake.branches["main"] = fake.commit(files, "Take it away", fake.branches["main"])
    line = healthy.examined(0)["release 2026-02-01"]
    assert (line["health"], line["remedy"]) == ("warning", "gh workflow run detect.yml")
    people.propose(fake, "maintainer", "census/2026-02-01", {"x.toml": "x"})
    line = healthy.examined(0)["release 2026-02-01"]
    assert line["health"] == "ok"
    assert "waits for a maintainer to merge it" in line["sentence"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cellxgene.yml", "on: push\n"),
        ("ours.yaml", "jobs:\n  a:\n    uses: 'a/b/.github/workflows/bot.yml@main'\n"),
    ],
)
def test_the_one_file_that_calls_the_bot_is_found(healthy: SetUp, name: str, text: str) -> None:
    calls(healthy, name, text)
    push(healthy.fake, {"runners/releases/2026-02-01.toml": None})
    found = healthy.examined(0)
    assert found["workflow files"]["sentence"] == f"{name} are there and enabled."
    assert found["release 2026-02-01"]["remedy"] == f"gh workflow run {name}"


def test_of_two_files_that_call_the_bot_none_is_taken(healthy: SetUp) -> None:
    call = "jobs:\n  bot:\n    uses: octo/bot/.github/workflows/bot.yml@0123\n"
    calls(healthy, "one.yml", call)
    push(healthy.fake, {".github/workflows/two.yml": call})
    found = healthy.examined(1)
    assert found["workflow detect.yml"]["health"] == "missing"
    assert "BOT_WORKFLOW" in found["workflow detect.yml"]["sentence"]


def test_a_repository_without_commits_is_no_fault_of_the_token(healthy: SetUp) -> None:
    healthy.fake.is_empty = True
    found = healthy.examined(1)
    assert found["repository"]["health"] == "missing"
    assert found["token"]["health"] == "ok"


def test_the_app_is_the_one_that_the_repositorys_variables_name(healthy: SetUp) -> None:
    del healthy.fake.variables["APP_CLIENT_ID"]
    healthy.variables["BOT_APP_CLIENT_ID"] = "Iv1.0123456789"
    assert "there is none" in healthy.examined(0)["App"]["sentence"]


def test_a_token_of_somebody_who_may_not_push_is_a_warning(healthy: SetUp) -> None:
    healthy.fake.user("maintainer", "triage")
    healthy.variables["BOT_GITHUB_TOKEN"] = healthy.token()
    line = healthy.examined(0)["token"]
    assert (line["health"], "may not push" in line["sentence"]) == ("warning", True)


def test_from_an_installed_wheel_only_the_checkouts_own_parts_are_unknown(
    healthy: SetUp, tmp_path: Path
) -> None:
    """A wheel has the packages, and neither pyproject.toml nor constraints.txt nor workflows."""
    site = tmp_path / "site"
    for package in ("bot", "runners"):
        shutil.copytree(REPOSITORY / package, site / package)
    healthy.code = site
    found = healthy.examined(0)
    unknown = {part for part, line in found.items() if line["health"] == "unknown"}
    assert unknown == {"packages", "variables"}


def test_for_people_a_line_a_part(healthy: SetUp) -> None:
    healthy.fake.actions_enabled = False
    done = subprocess.run(
        [sys.executable, "-m", "bot", "doctor", "--no-instance"],
        cwd=healthy.root,
        env=healthy.environment,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    address = f"{healthy.fake.address}/octo/cellxgene/settings/actions"
    line = f"missing  Actions: they are disabled in the repository; enable them: {address}\n"
    assert line in done.stdout
    assert "     ok  labels: 0 of 9; the others are made when first used.\n" in done.stdout
