"""Which releases are known, proposed and on their way, and how their thread calls them."""

from collections.abc import Collection, Iterator, Mapping

from bot.doctor.lines import missing, ok, warning
from runners.contract import PartHealth, manifest_path


def releases(
    announced: Collection[str],
    merged: Collection[str],
    broken: Mapping[str, str],
    proposed: Collection[str],
    look: str,
    place: str = "on the default branch",
    files: str = "",
) -> Iterator[PartHealth]:
    """A line for each release that the page names, newest first, that the bot knows or should: the
    newest, and all with a manifest. `look` is the command by which the bot looks for releases,
    `place` where manifests lie, `files` the address or folder at which a file can be edited.
    """
    newest = max(announced, default=None)
    known = {*merged, *broken, *proposed}
    for release in sorted({*known, *([newest] if newest else [])}, reverse=True):
        part = f"release {release}"
        if release in broken:
            remedy = f"{files}/{manifest_path(release)}" if files else ""
            there = " It is here:" if files else ""
            yield missing(part, f"its manifest is broken: {broken[release]}{there}", remedy)
        elif release in merged:
            yield ok(part, f"its manifest is {place}.")
        elif release in proposed:
            yield ok(part, "its manifest is proposed, and waits for a maintainer to merge it.")
        else:
            yield warning(part, "the page has it, and nobody has proposed it; look now:", look)
