"""What machines may cost: budgets of a release, and prices of regions that no table has."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from launch.fake_aws import Fault, Offers
from launch.site import RUN, TYPES, LaunchSite, table
from runners.contract import LAUNCHED, TrailLine
from runners.contract.launch_toml import Configuration
from runners.launch.fleet import TAG
from runners.launch.ledger import FolderLedger
from runners.launch.prices import price

HOUR = timedelta(hours=1)


def spend(site: LaunchSite, run_id: str, hours: float, dollars: float) -> None:
    """An earlier machine of the release, which lived so long."""
    ledger, since = FolderLedger(site.root / "runs"), site.now - timedelta(days=9)
    machine: dict[str, Any] = {"run": run_id, "machine": "i-0001", "why": "asked for"}
    ledger.note(TrailLine(at=since, act=LAUNCHED, price=dollars / hours, **machine))
    ledger.note(TrailLine(at=since + hours * HOUR, act="terminated", **machine))


def test_what_earlier_machines_of_the_release_cost_counts(site: LaunchSite) -> None:
    spend(site, "2025-11-08-ingest-1", 10, 13.0)
    spend(site, "2025-01-30-ingest-1", 10, 400.0)  # another release's
    assert site.call(site.launch_words()).exit_code == 0  # 13.00 and at most 26.06, of 40
    assert site.call(site.words("terminate", "--run", RUN)).exit_code == 0
    spend(site, "2025-11-08-ingest-2", 10, 1.0)
    site.ask("2025-11-08-ingest-5")
    done = site.call(site.launch_words("2025-11-08-ingest-5"))
    assert done.exit_code == 2
    assert done.stderr.strip() == (
        "[launch]: a lifetime of 12 hours may cost 26.06 US dollars, after 14.00 for earlier ones "
        "of the release, and the budget is 40.00; shorten lifetime_hours, choose smaller types, or "
        "raise budget."
    )
    assert site.live() == []


def test_a_machine_of_whose_end_nobody_wrote_counts_for_its_lifetime(site: LaunchSite) -> None:
    ledger = FolderLedger(site.root / "runs")
    machine: dict[str, Any] = {"run": "2025-11-08-ingest-1", "machine": "i-0001", "why": ""}
    ledger.note(TrailLine(at=site.now - 30 * HOUR, act=LAUNCHED, price=2.0, **machine))
    done = site.call(site.launch_words())
    assert "after 24.00 for earlier ones" in done.stderr


@pytest.mark.parametrize("days", [0, 9])
def test_the_end_of_a_machine_that_went_by_itself_is_written(site: LaunchSite, days: int) -> None:
    """With a time when it had surely ended, however late it is seen."""
    said = json.loads(site.call(site.launch_words()).stdout)
    expires_at = datetime.fromisoformat(said["expires_at"]) - timedelta(days=days)
    tag = {"Key": f"{TAG}expiry", "Value": expires_at.isoformat()}
    ec2, host_id = site.amazon.client("ec2"), said["machine"]["id"]
    ec2.create_tags(Resources=[host_id], Tags=[tag])
    ec2.terminate_instances(InstanceIds=[host_id])
    for _ in "12":
        assert site.call(site.words("terminate", "--run", RUN)).exit_code == 0
    (end,) = (line for line in site.trail() if line["act"] == "ended")
    assert (datetime.fromisoformat(end["at"]) == expires_at) is (days > 0)
    assert site.trail()[1]["price"] == 2.1716


@pytest.mark.parametrize("is_noted", [True, False])
@pytest.mark.parametrize("who", ["launch", "reap"])
def test_a_machine_whose_type_has_no_price_any_more_is_let_live_and_counted(
    site: LaunchSite, who: str, is_noted: bool
) -> None:
    """As the dearest that launch.toml names by now, if its launch could not say what it costs."""
    site.configure(ec2__types=["m5.large"], prices={"m5.large": 1.0})
    host_id = json.loads(site.call(site.launch_words()).stdout)["machine"]["id"]
    trail = site.root / "runs" / RUN / "machines.jsonl"
    if not is_noted:
        trail.write_text(trail.read_text().splitlines(keepends=True)[0])
    site.configure()
    for _ in "12":
        words = site.launch_words() if who == "launch" else site.reap_words(timedelta(0))
        done = site.call(words)
        assert done.exit_code == 0, done.output
    assert site.live() == [host_id]
    (begun,) = (line for line in site.trail() if line["act"] == LAUNCHED)
    assert begun["price"] == (1.0548 if is_noted else 2.1716)


def configure_far_away(site: LaunchSite, **more: Any) -> None:
    site.configure(region="eu-central-1", budget=100, **more)


@pytest.mark.parametrize(("given", "disk"), [({}, 0.0952), ({"prices": {"gp3": 0.5}}, 0.5)])
def test_prices_of_a_region_that_no_table_has_are_asked_for_but_not_those_that_are_given(
    site: LaunchSite, given: dict[str, Any], disk: float
) -> None:
    configure_far_away(site, **given)
    for kind in TYPES:
        site.amazon.prices[kind, "eu-central-1"] = 2.54
    site.amazon.prices["gp3", "eu-central-1"] = 0.0952
    shown = json.loads(site.call(site.launch_words(RUN, "--dry-run")).stdout)
    assert shown["cost_at_most"] == round(12 * (2.54 + 500 * disk / 730), 2)
    assert set(site.amazon.actions()) == {"GetProducts"}


@pytest.mark.parametrize(
    "offers",
    [((0.0, 2.54),), ((2.54, 0.0),), ((0.0,), (2.54,)), ((2.54,), (1.9,)), ((1.9, 2.54), (0.0,))],
)
def test_of_several_prices_of_a_type_the_budget_counts_the_highest(
    site: LaunchSite, offers: Offers
) -> None:
    """AWS's price list has reservations beside it, and hours that are paid for already."""
    configure_far_away(site, prices={"gp3": 0.73})
    for kind in TYPES:
        site.amazon.prices[kind, "eu-central-1"] = offers
    shown = json.loads(site.call(site.launch_words(RUN, "--dry-run")).stdout)
    assert shown["cost_at_most"] == round(12 * (2.54 + 500 * 0.73 / 730), 2)


@pytest.mark.parametrize("is_refused", [False, True], ids=["unknown", "refused"])
def test_without_prices_nothing_is_budgeted(site: LaunchSite, is_refused: bool) -> None:
    configure_far_away(site)
    if is_refused:
        site.amazon.faults.append(Fault("GetProducts", "AccessDeniedException", 400, 99))
    done = site.call(site.launch_words())
    assert done.exit_code == 2
    assert done.stderr.strip() == (
        "[launch.prices]: there is no price of r7i.8xlarge in eu-central-1; add it, in US dollars "
        "an hour, so that the budget can be kept."
    )
    assert "RunInstances" not in site.amazon.actions()


def test_given_prices_serve_any_region_and_nobody_is_asked() -> None:
    given = dict.fromkeys(TYPES, 3.0)
    far = Configuration.from_mapping(table(region="eu-central-1", prices=given), source="test")
    assert price(far, TYPES[0], 0).hour == 3.0
