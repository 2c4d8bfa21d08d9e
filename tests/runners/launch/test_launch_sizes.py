"""How small a machine may be: types are known by their names, and the proposal is the cheapest."""

import json
import shutil
from typing import Any

import pytest

from launch.site import ROOT, RUN, TYPES, LaunchSite
from runners.launch.sizes import minutes, processors, proposal

MANIFEST = ROOT / "tests" / "flows" / "expected" / "2026-02-01.toml"


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("m6i.large", 2), ("m6i.xlarge", 4), ("m6i.2xlarge", 8), ("r6i.16xlarge", 64),
        ("c7i-flex.8xlarge", 32), ("m5.metal", None), ("t3.medium", None), ("large", None),
    ],
)  # fmt: skip
def test_a_types_name_says_how_many_processors_it_has(kind: str, count: int | None) -> None:
    assert processors(kind) == count
    assert (minutes(kind, 1) is None) == (count is None)


def test_twice_the_processors_take_half_the_time_but_for_the_start() -> None:
    assert [minutes(kind, 2000) for kind in ("a.large", "a.xlarge", "a.2xlarge")] == [8, 7, 6]


def proposed(site: LaunchSite, datasets: int, **changes: Any) -> Any:
    site.configure(**changes)
    return proposal(site.configuration, datasets)


def test_the_cheapest_of_those_that_need_an_hour_is_proposed(site: LaunchSite) -> None:
    found = proposed(site, 1845)
    assert (found["smallest"]["type"], found["smallest"]["minutes"]) == ("m6i.large", 8)
    assert found["configured"]["type"] == TYPES[0]
    assert found["configured"]["minutes"] < found["smallest"]["minutes"]
    assert found["configured"]["dollars"] > 4 * found["smallest"]["dollars"]


def test_more_than_two_processors_do_in_an_hour_wants_a_larger_one(site: LaunchSite) -> None:
    assert proposed(site, 45_000)["smallest"]["type"] == "m6i.xlarge"


def test_nothing_is_proposed_where_the_configured_one_is_the_cheapest(site: LaunchSite) -> None:
    assert proposed(site, 1845, ec2__types=["m6i.large"]) is None


def test_a_price_of_ones_own_counts(site: LaunchSite) -> None:
    found = proposed(site, 1845, prices={"c9.large": 0.01, "ml.c9.large": 0.001})
    assert found["smallest"]["type"] == "c9.large"


@pytest.mark.parametrize("types", [["m5.metal"], ["unheard-of.large"]])
def test_nothing_is_proposed_beside_a_type_that_nobody_knows(
    site: LaunchSite, types: list[str]
) -> None:
    assert proposed(site, 1845, ec2__types=types) is None


def test_a_dry_run_has_it_where_the_manifest_says_how_many_datasets(site: LaunchSite) -> None:
    site.ask(release="2026-02-01")
    words = site.launch_words(RUN, "--dry-run", "--repository", str(site.root))
    assert "proposal" not in json.loads(site.call(words).stdout)
    (site.root / "runners/releases").mkdir(parents=True)
    shutil.copy(MANIFEST, site.root / "runners/releases")
    shown = json.loads(site.call(words).stdout)
    assert shown["proposal"]["datasets"] == 12
    assert (site.amazon.calls, site.live()) == ([], [])
