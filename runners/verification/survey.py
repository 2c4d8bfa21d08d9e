"""Which releases an instance holds, whoever registered them, and the manifest of each: a bot that
begins with an instance that has a history then knows it. Reads the instance, and the stores.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runners.census.store import read_store, table_rows
from runners.contract import ContractError, Manifest, Storage

H5AD = re.compile(r"(?P<root>.*/cell-census/(?P<release>\d{4}-\d\d-\d\d))/h5ads/[^/]+\.h5ad")
LABELS = ("census_schema_version", "dataset_schema_version")


@dataclass(frozen=True)
class HeldRelease:
    """A release, the folder or s3:// address that has its files, and how many of its h5ads the
    instance has.
    """

    release: str
    root: str
    registered: int

    @property
    def storage(self) -> Storage:
        return Storage(soma=f"{self.root}/soma/", h5ads=f"{self.root}/h5ads/")


def held_releases(instance: str) -> list[HeldRelease]:
    """The releases of which the instance has h5ads, oldest first. Of one that lies in several
    places, the place of most.

    Raises:
        ContractError: the instance can't be connected to.
    """
    from runners.registry import connection, failures

    failures.patiently(lambda: connection.connect(instance))
    from runners.registry import branches, locations  # LaminDB has models now

    addresses = branches.visible(locations.h5ads()).values_list("address", flat=True)
    matches = filter(None, map(H5AD.fullmatch, failures.patiently(lambda: list(addresses))))
    counts = Counter((match["release"], match["root"]) for match in matches)
    most = {release: (root, n) for (release, root), n in sorted(counts.items(), key=_by_count)}
    return [HeldRelease(release, *most[release]) for release in sorted(most)]


def _by_count(item: tuple[tuple[str, str], int]) -> int:
    return item[1]


def manifests(held: list[HeldRelease]) -> Iterator[tuple[HeldRelease, Manifest | ContractError]]:
    """The manifest of each release, each after the one before it that has one, by what its store
    says of itself; or why there is none.
    """
    previous: Manifest | None = None
    for one in held:
        try:
            manifest = _manifest(one, previous)
        except ContractError as error:
            yield one, error
            continue
        yield one, manifest
        previous = manifest


def _manifest(held: HeldRelease, previous: Manifest | None) -> Manifest:
    soma = held.storage.soma

    def read(census: Any) -> tuple[dict[str, str], int, tuple[str, ...]]:
        summary = table_rows(census, soma, "summary", ["label", "value"])
        datasets = table_rows(census, soma, "datasets", ["dataset_id"])
        organisms = sorted(census.get("census_data", {}))
        return {row["label"]: row["value"] for row in summary}, len(datasets), tuple(organisms)

    summary, count, organisms = read_store(held.storage, "census_info", read)
    if missing := [label for label in LABELS if not summary.get(label)]:
        raise ContractError(
            f"{soma}: its summary has no {', '.join(missing)}; write {held.release}.toml by hand."
        )
    return Manifest.from_mapping(
        {
            "release": held.release,
            **{label: summary[label] for label in LABELS},
            "dataset_count": count,
            "organisms": [name.replace("_", " ").capitalize() for name in organisms],
            "storage": held.storage.to_mapping(),
            **_after(previous),
        },
        source=soma,
    )


def _after(previous: Manifest | None) -> dict[str, str]:
    if previous is None:
        return {}
    return {
        "previous": previous.release,
        "previous_dataset_schema_version": previous.dataset_schema_version,
    }
