"""Where a release's record stands in its revision chain: above the earlier release's, and below the
later one's where that is registered already.

LaminDB orders a chain by the moments at which its records were made, `created_at`: so it lists
them, and so it chooses the new latest one where the latest is deleted. The end of a uid only tells
revisions apart. So a record that comes late takes the next free end and a moment between its
neighbours', and the latest flag, uid and row of the later release's stay as they are.
"""

import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

TRASH = -1
"""The branch of what was deleted and may be restored."""

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


def of_later(records: Any, release: str) -> Any:
    """Those of a query set's records that are of later releases, and not in the trash."""
    later = records.filter(version_tag__gt=release, version_tag__regex=RELEASE)
    return later.exclude(branch_id=TRASH)


def neighbours(records: Any, release: str) -> Neighbours:
    """Those of `release` among the records of a query set."""
    return Neighbours(
        records.filter(version_tag__lt=release).order_by("version_tag", "id").last(),
        of_later(records, release).order_by("version_tag", "id").first(),
    )


def put_in_place(record: Any, place: Neighbours) -> None:
    """Puts an unsaved revision of `place.revises` below the later release's record, if there is
    one. Without, it becomes the latest when it is saved, as LaminDB has it.
    """
    if place.above is None:
        return
    # else saving takes the flag from the latest one, and saves its whole row
    record._revises = None
    record.is_latest = False
    record.created_at = _moment_between(place.earlier, place.above)


def _moment_between(earlier: Any | None, later: Any) -> datetime:
    """By chance somewhere in the middle: a moment tells a record from one that was rolled back."""
    end: datetime = later.created_at
    start = end - ROOM
    if earlier is not None and earlier.created_at < end:
        start = earlier.created_at
    return start + (end - start) * random.uniform(0.25, 0.75)
