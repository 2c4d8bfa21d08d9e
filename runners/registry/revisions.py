"""Where a release's record stands in its revision chain: above the earlier release's, and below the
later one's where that is registered already.

LaminDB orders a chain by the moments at which its records were made, `created_at`: so it lists
them, and so it chooses the new latest one where the latest is deleted. The end of a uid only tells
revisions apart. So a record that comes late takes the next free end and a moment between its
neighbours', and the latest flag, uid and row of the later release's stay as they are.
"""

import random
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models.functions import Left

from runners.registry.branches import MAIN, is_hidden, restored, visible

RELEASE = r"^\d{4}-\d{2}-\d{2}$"
"""What a version tag of a release looks like; a person may call a record `v2`, which is none."""

ROOM = timedelta(days=1)
"""Before the first of a chain, for records that come late."""


class Neighbours(NamedTuple):
    """The records of the nearest earlier and later release, None without one."""

    earlier: Any | None = None
    later: Any | None = None

    @property
    def revises(self) -> Any | None:
        """The one whose chain is joined."""
        return self.earlier or self.later

    @property
    def above(self) -> Any | None:
        """The later one, if it stands in that chain."""
        if self.later is None or self.revises is None:
            return None
        return self.later if self.later.stem_uid == self.revises.stem_uid else None


def of_releases(records: Any) -> Any:
    """Those of a query set's records that are of any release."""
    return records.filter(version_tag__regex=RELEASE)


def of_later(records: Any, release: str) -> Any:
    """Those of a query set's records that are of later releases, on main."""
    return visible(of_releases(records).filter(version_tag__gt=release))


def neighbours(records: Iterable[Any], release: str) -> Neighbours:
    """Those of `release` among the records. An earlier one in the trash, say, counts where no other
    does: it may come back, and its chain is this record's.
    """
    of_any = [record for record in records if re.fullmatch(RELEASE, record.version_tag or "")]
    earlier = [record for record in of_any if record.version_tag < release]
    later = [r for r in of_any if r.version_tag > release and not is_hidden(r)]
    return Neighbours(
        max(earlier, key=lambda r: (not is_hidden(r), r.version_tag, r.id), default=None),
        min(later, key=lambda r: (r.version_tag, r.id), default=None),
    )


def put_in_place(records: Iterable[tuple[Any, Neighbours]]) -> None:
    """Puts unsaved revisions, all of one registry and each with its place, below the later
    release's record, if there is one; else at the head of their chains. Only the flag of those that
    have it is written: LaminDB would save their whole rows, as they were when they were read.
    """
    heads = []
    for record, place in records:
        record._revises = None
        if place.above is not None:
            record.is_latest = False
            record.created_at = _moment_between(place.earlier, place.above)
        elif place.revises is not None:
            heads.append(record)
    if heads:
        stem = Left("uid", heads[0]._len_stem_uid)
        chains = (
            type(heads[0])
            .objects.alias(stem=stem)
            .filter(stem__in=[record.stem_uid for record in heads], branch_id=heads[0].branch_id)
        )
        chains.filter(is_latest=True).update(is_latest=False)


def restored_in_chain(record: Any) -> Any:
    """The record of a chain, brought to main if it was elsewhere; the newest of those that
    people see is the latest then, as LaminDB has it.
    """
    if is_hidden(record):
        restored(record)
        chain = type(record).objects.filter(uid__startswith=record.stem_uid, branch_id=MAIN)
        newest = chain.order_by("created_at", "id").last()
        # no row is written that has its flag: somebody else may be writing it
        chain.exclude(id=newest.id).filter(is_latest=True).update(is_latest=False)
        chain.filter(id=newest.id, is_latest=False).update(is_latest=True)
        record.is_latest = record.id == newest.id
    return record


def _moment_between(earlier: Any | None, later: Any) -> datetime:
    """By chance somewhere in the middle: a moment tells a record from one that was rolled back."""
    end: datetime = later.created_at
    start = end - ROOM
    if earlier is not None and earlier.created_at < end:
        start = earlier.created_at
    return start + (end - start) * random.uniform(0.25, 0.75)
