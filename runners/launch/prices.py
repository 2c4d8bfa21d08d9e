"""What an hour of a machine costs, and whether its whole life is within the budget.

An estimate from a dated table; AWS's bill is the truth. Must not ask AWS.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from operator import attrgetter
from typing import Any

from runners.contract import ContractError
from runners.contract.launch_toml import Configuration

DISK = "gp3"
"""What stands for a GiB and month of disk among the prices."""

MONTH = 730
"""Hours of a month, as AWS counts them."""


@dataclass(frozen=True)
class Price:
    """US dollars an hour, disk included. `priced_on` is None for a price that the user gave."""

    hour: float
    priced_on: date | None


@cache
def _table() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("prices.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def price(configuration: Configuration, kind: str, disk_gib: int) -> Price:
    """The price of a machine of a type.

    Raises:
        ContractError: neither the user nor the table has one, which knows few regions.
    """
    table = _table()
    disk = disk_gib * configuration.prices.get(DISK, float(table["disk"])) / MONTH
    if configured_price := configuration.prices.get(kind):
        return Price(configured_price + disk, None)
    if not is_in_table(configuration.region, kind):
        raise ContractError(
            f"[launch.prices]: there is no price of {kind} in {configuration.region}; add it, in "
            "US dollars an hour, so that the budget can be kept."
        )
    return Price(float(table["hour"][kind]) + disk, table["priced_on"])


def price_of_made(configuration: Configuration, kind: str) -> Price:
    """The price of a type of which a machine was made on EC2. If it isn't known any more, because
    launch.toml has changed since, it is that of the dearest type that is named there now.

    Raises:
        ContractError: one of these isn't known either.
    """
    ec2 = configuration.for_ec2()
    try:
        return price(configuration, kind, ec2.disk_gib)
    except ContractError:
        prices = (price(configuration, one, ec2.disk_gib) for one in ec2.types)
        return max(prices, key=attrgetter("hour"))


def listed_types(region: str) -> frozenset[str]:
    """The types of which the table of this software has a price in the region."""
    return frozenset(_table()["hour"]) if region in _table()["regions"] else frozenset()


def is_in_table(region: str, kind: str) -> bool:
    """Whether the table of this software has a price of the type in the region."""
    return kind in listed_types(region)


def highest_cost(
    configuration: Configuration, kinds: Iterable[str], disk_gib: int, spent: float = 0
) -> float:
    """What the dearest of the types costs if it lives for as long as it may; `spent` is what the
    release's machines have cost before.

    Raises:
        ContractError: that is more than the budget, or a price isn't known.
    """
    hour = max(price(configuration, kind, disk_gib).hour for kind in kinds)
    cost = hour * configuration.lifetime_hours
    if cost + spent > configuration.budget:
        before = f", after {spent:.2f} for earlier ones of the release" if spent else ""
        raise ContractError(
            f"[launch]: a lifetime of {configuration.lifetime_hours:g} hours may cost "
            f"{cost:.2f} US dollars{before}, and the budget is {configuration.budget:.2f}; shorten "
            "lifetime_hours, choose smaller types, or raise budget."
        )
    return cost
