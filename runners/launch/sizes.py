"""How small a machine does a release within an hour: a model, which must not be read as a measure.

Pure. A machine is known by its type's name alone.
"""

import re
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from runners.contract import ContractError
from runners.contract.launch_toml import Configuration
from runners.launch.prices import listed_types, price

SECONDS_PER_DATASET = 0.16
"""Of one processor, which four processes keep busy: with two, 700 datasets of up to 60,000 genes
took 0.079 s each, with 30 ms to S3 and 20 ms to the database, by `make bench`, part `far`.
"""

START_MINUTES = 5
"""Until a machine has installed its packages and its readers have their ontologies."""

WITHIN_MINUTES = 60
SIZE = re.compile(r"\.(?:(\d*)x)?large$")
LARGE = 2
"""Virtual processors of a type of the size `large`; an `xlarge` has twice, an `8xlarge` 32.
https://aws.amazon.com/ec2/instance-types/
"""


def processors(kind: str) -> int | None:
    """The virtual processors of a type; None where its name doesn't say."""
    size = SIZE.search(kind)
    if size is None:
        return None
    return LARGE if size[1] is None else 2 * LARGE * int(size[1] or 1)


def minutes(kind: str, datasets: int) -> int | None:
    """How long so many datasets take on a machine of the type, its start included."""
    count = processors(kind)
    if count is None:
        return None
    return START_MINUTES + ceil(datasets * SECONDS_PER_DATASET / count / 60)


def proposal(configuration: Configuration, datasets: int) -> Mapping[str, Any] | None:
    """The cheapest type that needs an hour at most, beside the first of those that are configured;
    None where the configured one is as cheap, or nothing is known of either.
    """
    ec2 = configuration.for_ec2()
    configured = _estimate(configuration, ec2.types[0], datasets)
    others = _estimates(configuration, datasets)
    cheapest = min(others, key=lambda one: (one["dollars"], one["type"]), default=None)
    if configured is None or cheapest is None or configured["dollars"] <= cheapest["dollars"]:
        return None
    return {"smallest": cheapest, "configured": configured, "datasets": datasets}


def _estimates(configuration: Configuration, datasets: int) -> Iterable[Mapping[str, Any]]:
    kinds = {*listed_types(configuration.region), *configuration.prices}
    for kind in kinds:
        if kind.startswith("ml."):
            continue
        found = _estimate(configuration, kind, datasets)
        if found is not None and found["minutes"] <= WITHIN_MINUTES:
            yield found


def _estimate(configuration: Configuration, kind: str, datasets: int) -> Mapping[str, Any] | None:
    length = minutes(kind, datasets)
    if length is None:
        return None
    try:
        hour = price(configuration, kind, configuration.for_ec2().disk_gib).hour
    except ContractError:
        return None
    return {"type": kind, "minutes": length, "dollars": round(hour * length / 60, 2)}
