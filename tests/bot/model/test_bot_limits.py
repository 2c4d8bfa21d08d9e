"""What a run may take at most, and how it is said."""

import pytest

from bot.comments.replies import accepted
from bot.model.limits import RunLimits, run_limits
from runners.contract import Action, Manifest, RunRequest, Storage

MACHINES = '[launch]\nlifetime_hours = 24\nbudget = 60\n[launch.ec2]\ntypes = ["big", "small"]\n'
MANIFEST = Manifest(
    release="2026-02-01",
    census_schema_version="2.4.0",
    dataset_schema_version="7.0.0",
    dataset_count=12,
    storage=Storage(soma="s3://a", h5ads="s3://b"),
)
REQUEST = RunRequest(
    run_id="2026-02-01-ingest-2",
    action=Action.INGEST,
    release="2026-02-01",
    manifest="runners/releases/2026-02-01.toml",
    instance="demo",
)


@pytest.mark.parametrize(
    ("launcher", "text", "said"),
    [
        ("hosted", None, "6 hours on one runner of GitHub's"),
        (
            "ec2",
            MACHINES,
            "24 hours on one machine of EC2; a launch that may cost more than $60.00 is refused",
        ),
        (
            "ec2",
            f"{MACHINES}[launch.prices]\nbig = 2.5\nsmall = 1.0\n",
            "24 hours on one machine of EC2 at $2.50 an hour, $60.00 in all beside its disk; "
            "a launch that may cost more than $60.00 is refused",
        ),
        # The dearest might be the one that has no price here.
        (
            "ec2",
            f"{MACHINES}[launch.prices]\nsmall = 1.0\n",
            "24 hours on one machine of EC2; a launch that may cost more than $60.00 is refused",
        ),
        (
            "sagemaker",
            '[launch]\nlifetime_hours = 5.5\nprices = {"ml.r5" = 3}\n'
            '[launch.sagemaker]\ntype = "ml.r5"\n',
            "5.5 hours on one Processing job at $3.00 an hour, $16.50 in all beside its disk",
        ),
        ("codebuild", None, "8 hours on one runner of CodeBuild's"),
        *(
            ("ec2", text, "what `launch.toml` says, which I can't read here, on one machine of EC2")
            for text in (
                None,
                "[launch",
                "launch = 3",
                '[launch]\nlifetime_hours = "long"',
                "[launch]\nlifetime_hours = inf",
                f"[launch]\nlifetime_hours = 1{'0' * 400}",
                '[launch.ec2]\ntypes = [{name = "big"}]',
                '[launch.ec2]\ntypes = [["big"]]',
                '[launch.ec2.types]\nname = "big"',
            )
        ),
    ],
)
def test_what_it_may_take_is_said(launcher: str, text: str | None, said: str) -> None:
    told = accepted(REQUEST, MANIFEST, None, limits=run_limits(launcher, text))
    assert f"\n- At most: {said}\n" in told


def test_what_codebuild_may_cost_is_said_by_its_stacks_output() -> None:
    limits = run_limits("codebuild", None, {"project": "x", "price": 1.2})
    told = accepted(REQUEST, MANIFEST, None, limits=limits)
    assert "8 hours on one runner of CodeBuild's at $1.20 an hour, $9.60 in all\n" in told


def test_what_isnt_known_isnt_said() -> None:
    assert run_limits("moon", None) is None
    assert "At most" not in accepted(REQUEST, MANIFEST, None, limits=None)
    assert RunLimits("x").hours is None
