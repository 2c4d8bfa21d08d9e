"""The [launch] table: refused in one sentence before anything is asked of AWS or GitHub."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import tomli_w
from click.testing import CliRunner

from launch.site import ROOT, TYPES, request, table
from runners.cli.commands import main
from runners.contract import ContractError
from runners.contract.launch_toml import REGION, Configuration, bucket_and_prefix
from runners.launch.prices import highest_cost, price
from runners.launch.user_data import Lock, user_data
from runners.launch.work import PackedWork


def read(path: Path, **changes: Any) -> Configuration:
    file = path / "launch.toml"
    file.write_text(tomli_w.dumps({"launch": table(**changes)}))
    return Configuration.from_file(file)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"region": None}, "field region: field required"),
        ({"region": "Oregon"}, "field region: string should match pattern"),
        ({"regoin": "us-west-2"}, "field regoin: there is none of that name; leave it out"),
        ({"region": "us-west"}, "field region: string should match pattern"),
        ({"repository": "census-bot"}, "field repository: string should match"),
        ({"repository": "a b/census"}, "field repository: string should match"),
        ({"lifetime_hours": 0}, "field lifetime_hours: input should be greater than 0"),
        (
            {"lifetime_hours": 217},
            "field lifetime_hours: input should be less than or equal to 216",
        ),
        ({"budget": -1}, "field budget: input should be greater than 0"),
        ({"ec2__types": []}, "field ec2.types: tuple should have at least 1 item"),
        ({"ec2__subnets": ["net-1"]}, "field ec2.subnets.0: string should match"),
        ({"ec2__image": "latest"}, "field ec2.image: string should match"),
        ({"ec2__disk_gib": 10}, "field ec2.disk_gib: input should be greater than or equal to 20"),
        (
            {"ec2__runner": {"version": "2.1.0", "sha256": "abc"}},
            "field ec2.runner.sha256: string should match",
        ),
        ({"prices": {"r7i.8xlarge": 0}}, "field prices.r7i.8xlarge: input should be greater"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_bad_table_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError) as refusal:
        read(tmp_path, **changes)
    assert str(refusal.value).startswith(f"{tmp_path}/launch.toml, [launch]: {said}")
    assert str(refusal.value).endswith(("; correct it.", "; add it.", "; leave it out."))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("region", "us-gov-west-1"),
        ("region", "eusc-de-east-1"),  # AWS's European Sovereign Cloud
        ("region", "us-isob-east-1"),
        # of an enterprise's managed user:
        # https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
        ("repository", "mona_acme/census"),
    ],
)
def test_regions_and_owners_are_taken_in_all_their_forms(
    tmp_path: Path, field: str, value: str
) -> None:
    assert getattr(read(tmp_path, **{field: value}), field) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "can't be read"),
        ("[launch", "not TOML"),
        ("[lunch]", "table [launch] is missing; add it."),
    ],
)
def test_a_file_without_a_table_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "launch.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ContractError, match=str(file)) as refusal:
        Configuration.from_file(file)
    assert said in str(refusal.value)


JOB = {
    "type": "ml.r5.8xlarge",
    "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/ingestion:1",
    "role": "arn:aws:iam::123456789012:role/ingestion-machine",
}


@pytest.mark.parametrize(
    ("network", "lacking"),
    [
        ({"subnets": ["subnet-0a1b"]}, "security_group"),
        ({"security_group": "sg-0a1b"}, "subnets"),
    ],
)
def test_a_job_in_a_network_needs_subnets_and_a_group(
    tmp_path: Path, network: dict[str, Any], lacking: str
) -> None:
    with pytest.raises(ContractError) as refusal:
        read(tmp_path, sagemaker={**JOB, **network})
    told = f"{lacking} is missing: AWS takes subnets and security_group together or not at all"
    assert f"[launch]: field sagemaker: value error, {told}" in str(refusal.value)
    both = {"subnets": ["subnet-0a1b"], "security_group": "sg-0a1b"}
    assert read(tmp_path, sagemaker={**JOB, **both}).for_sagemaker().subnets == ("subnet-0a1b",)


def test_a_machine_lives_no_longer_than_githubs_jobs(tmp_path: Path) -> None:
    assert read(tmp_path, ec2=None, sagemaker=JOB, lifetime_hours=216).lifetime_hours == 216
    with pytest.raises(
        ContractError, match=r"lifetime_hours must be 120 at most, with \[launch.ec2"
    ):
        read(tmp_path, lifetime_hours=121)


def test_launchers_that_are_not_configured_are_named(tmp_path: Path) -> None:
    configuration = read(tmp_path, ec2=None)
    with pytest.raises(ContractError, match=r"table \[launch.ec2\] is missing"):
        configuration.for_ec2()
    with pytest.raises(ContractError, match=r"table \[launch.sagemaker\] is missing"):
        configuration.for_sagemaker()


@pytest.mark.parametrize("launcher", ["ec2", "EC2", "sagemaker", "SageMaker"])
@pytest.mark.parametrize(
    "command", [("launch", "--request", "none.json"), ("terminate", "--run", "r-1")]
)
def test_a_launcher_is_known_in_any_case(
    tmp_path: Path, launcher: str, command: tuple[str, ...]
) -> None:
    """As the workflow files' expressions compare the variable that it is from."""
    words = [*command, "--config", str(tmp_path / "none.toml"), "--launcher", launcher]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 2
    assert "none." in said.output
    assert "--launcher" not in said.output


def test_a_life_that_may_cost_more_than_the_budget_is_refused(tmp_path: Path) -> None:
    types = ["r5.8xlarge", "r7i.8xlarge"]
    assert highest_cost(read(tmp_path, budget=26.1), types, 500) == pytest.approx(26.06, abs=0.01)
    with pytest.raises(ContractError) as refusal:
        highest_cost(read(tmp_path, budget=26), types, 500)
    assert str(refusal.value) == (
        "[launch]: a lifetime of 12 hours may cost 26.06 US dollars, and the budget is 26.00; "
        "shorten lifetime_hours, choose smaller types, or raise budget."
    )


def test_prices_of_the_user_go_first_and_are_not_dated(tmp_path: Path) -> None:
    ours = price(read(tmp_path), "r7i.8xlarge", 0)
    assert (ours.hour, str(ours.priced_on)) == (2.1168, "2025-01-01")
    theirs = price(read(tmp_path, prices={"r7i.8xlarge": 1.5}), "r7i.8xlarge", 0)
    assert (theirs.hour, theirs.priced_on) == (1.5, None)
    with pytest.raises(
        ContractError, match=r"there is no price of x1\.32xlarge in us-west-2; add it"
    ):
        price(read(tmp_path), "x1.32xlarge", 0)


def test_a_region_without_prices_is_not_budgeted_by_anothers(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"no price of ml\.r5\.8xlarge in eu-central-1; add it"):
        price(read(tmp_path, region="eu-central-1"), "ml.r5.8xlarge", 0)
    given = {"ml.r5.8xlarge": 2.9}
    ours = price(read(tmp_path, region="eu-central-1", prices=given), "ml.r5.8xlarge", 0)
    assert (ours.hour, ours.priced_on) == (2.9, None)


def test_every_region_of_aws_is_one() -> None:
    """Those that boto3 knows, in every partition."""
    partitions = botocore.session.get_session().get_data("partitions")["partitions"]
    names = {name for one in partitions for name in one["regions"] if "global" not in name}
    assert {"eusc-de-east-1", "us-gov-west-1", "cn-north-1"} < names
    assert {name for name in names if not re.fullmatch(REGION, name)} == set()
    for name in ("us-west", "Oregon", "us-west-2a", "s3://us-west-2"):
        assert not re.fullmatch(REGION, name)


def test_runs_lie_in_a_bucket_or_in_a_folder() -> None:
    for address, place in {
        "s3://bucket/a/b/": ("bucket", "a/b"),
        "s3://bucket": ("bucket", ""),
        "s3://bucket//a//": ("bucket", "a"),
        "s3://bucket/a#1?b": ("bucket", "a#1?b"),  # no URL: S3's keys may have them
        "/a/folder": None,
    }.items():
        assert bucket_and_prefix(address) == place, address
    for nowhere in ("s3://", "s3:///a"):
        with pytest.raises(ContractError, match=f"'{nowhere}': names no bucket; give s3://BUCKET"):
            bucket_and_prefix(nowhere)


def test_launching_loads_what_its_group_installs_and_nothing_more() -> None:
    """A hosted job that launches has boto3, httpx, pydantic and rich-click; see pyproject.toml."""
    code = (
        "import sys; from runners.__main__ import main; import runners.launch.adapters; "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert {"boto3", "httpx", "pydantic", "rich_click"} <= loaded
    heavy = {"anndata", "bionty", "h5py", "lamindb", "numpy", "pandas", "tiledbsoma"}
    others = {"github", "bs4", "libcst", "tomli_w", "moto", "cellxgene_census", "tqdm"}
    assert loaded & (heavy | others) == set()


@pytest.mark.parametrize(
    "launch", [Lock.of, lambda code: PackedWork.of_checkout(code, code, request())]
)
def test_from_an_installed_wheel_nothing_is_launched(
    launch: Callable[[Path], object], tmp_path: Path
) -> None:
    """It has the packages, and neither file that says what these need."""
    (tmp_path / "runners").mkdir()
    (tmp_path / "pyproject.toml").touch()
    said = "has no constraints.txt, by which .* launch from a checkout, not by an installed wheel."
    with pytest.raises(ContractError, match=said):
        launch(tmp_path)


def test_parts_of_hours_and_minutes_reach_the_machine(tmp_path: Path) -> None:
    times = {"ec2__idle_minutes": 0.5, "ec2__online_within_minutes": 2.5}
    script = user_data(read(tmp_path, lifetime_hours=1.5, **times), "r", TYPES[0], Lock({}), {})
    settings = {"LIFETIME_MINUTES=90", "IDLE_SECONDS=30", "ONLINE_SECONDS=150"}
    assert settings <= set(script.splitlines())
