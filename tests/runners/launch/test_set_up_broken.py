"""`python -m bot doctor`: what is broken in one place is named alone, with what mends it."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta

import instances
import pytest
from flows import world as pages
from instances import Place

from launch.account import BUCKET, Account
from launch.fake_runner_api import REPOSITORY as LAUNCHING
from launch.set_ups import WRITING, SetUp, calls, of_machines, push
from launch.site import LaunchSite


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
        name = it.variables[f"BOT_{setting.upper()}"].rsplit("/", 1)[1].format(version="7.0.0")
        (it.root.parent / "pages" / name).write_text("<html>We have moved.</html>")

    return spoil


def document_of_another_version(it: SetUp) -> None:
    (it.root.parent / "pages" / "7.0.0.md").write_text(pages.document("7.1.0"))


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
        (
            another_text("schema_document"),
            {"schema document 7.0.0"},
            "/7.0.0.md: ",
            "schema_document",
        ),
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
            {"workflow files"},
            "reap.yml is not in .github/workflows of main; bring it back",
            "/commits/main/.github/workflows/reap.yml",
        ),
        (workflow_of_another_branch, {"workflow files"}, "reap.yml is not in .github", "/commits/"),
        (workflow_that_is_left_out, {"workflow reap.yml"}, "GitHub doesn't run it", "/actions"),
        (archived, {"repository"}, "it is archived", "/settings"),
        (empty_repository, {"repository"}, "it has no commit yet", "bot init --pull-request --yes"),
        (
            sleeping_caller,
            {"workflow census.yml"},
            "for want of activity",
            "gh workflow enable census.yml --repo octo/cellxgene",
        ),
        (no_caller, {"workflow files"}, "cellxgene.yml is not in .github", "bot init"),
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
        (
            broken_manifest,
            {"release 2026-02-01"},
            "its manifest is broken: ",
            "/edit/main/runners/",
        ),
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
        assert remedy in line["remedy"]
        assert "docs/" not in f"{line['sentence']} {line['remedy']}"
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
    assert said in f"{missing[part]['sentence']} {missing[part]['remedy']}"
    assert missing[part]["remedy"]


@pytest.mark.prove
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
    assert found["runs"]["remedy"].endswith("or give it this right as ingestion.yaml does.")
