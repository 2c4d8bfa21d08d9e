"""Python and its packages against the lock; the names of settings against those that there are."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

from bot.doctor.lines import missing, ok, shortened, unknown, warning
from bot.model.set_up import Checkout
from runners.contract import PartHealth

PREFIX = "BOT_"
ALIKE = 0.8
"""Of what begins as ours do, how like a name must be to be taken for a misspelling of it; a short
one is where all its letters but one are the same.
"""
FEW = 2
"""Letters of which one that differs says too much."""
VERY_ALIKE = 0.9
"""Of all other variables of a machine, which has many."""
NO_SETTING = frozenset({"BOT_SETTINGS"})
"""Variables that begin so and name no setting."""


def packages(checkout: Checkout) -> Iterator[PartHealth]:
    """Python's version, and the installed packages of the group."""
    here, least = (".".join(map(str, v)) for v in (checkout.python, checkout.oldest_python))
    remedy = f"make PYTHON=python{least} setup"
    if checkout.python < checkout.oldest_python:
        yield missing("Python", f"it is {here}; {least} or newer is needed:", remedy)
    else:
        yield ok("Python", f"{here}.")
    if checkout.wanted is None:
        sentence = "an installed wheel has no lock to compare them with: its installer chose them."
        yield unknown("packages", sentence)
        return
    absent = sorted(checkout.wanted - checkout.installed.keys())
    other = [
        f"{name} {version} (locked: {checkout.locked[name]})"
        for name, version in sorted(checkout.installed.items())
        if name in checkout.locked and checkout.locked[name] != version
    ]
    install = f"pip install --group {checkout.group} --constraint constraints.txt"
    if absent:
        sentence = f"the group {checkout.group} lacks {shortened(absent)}; install them:"
        yield missing("packages", sentence, install)
    elif other:
        yield warning("packages", f"not as constraints.txt has it: {shortened(other)}:", install)
    else:
        yield ok("packages", f"those of the group {checkout.group}, as constraints.txt has them.")


def names(
    given: Mapping[str, Sequence[str]], settings: Collection[str], problems: Sequence[str]
) -> Iterator[PartHealth]:
    """Each misspelt name, and what else is wrong with the settings; arguments as `load_partly` has
    them.
    """
    misspelt = list(_misspelt(given, settings))
    yield from misspelt
    yield from (missing("settings", problem) for problem in problems)
    if not misspelt and not problems:
        files = [file for file in given if file]
        yield ok("settings", f"they hold together ({', '.join(files) or 'variables alone'}).")


def _misspelt(
    given: Mapping[str, Sequence[str]], settings: Collection[str]
) -> Iterator[PartHealth]:
    variables = {f"{PREFIX}{name.upper()}" for name in settings} | NO_SETTING
    for file, found in given.items():
        known = settings if file else variables
        for name in sorted(set(found) - set(known)):
            alike = alike_enough(name) if file or name.startswith(PREFIX) else VERY_ALIKE
            close = meant(name, known, alike)
            if not (file or name.startswith(PREFIX) or close):
                continue
            where = f"{file}: field {name}" if file else f"environment: {name}"
            remedy = f"Rename it to {close}." if close else "Take it away."
            yield missing("settings", f"{where}: there is no such setting.", remedy)


def alike_enough(name: str) -> float:
    """How like a name must be to this one: of four letters, three are the same."""
    return min(ALIKE, (len(name) - 1) / len(name)) if len(name) > FEW else ALIKE


def meant(name: str, known: Collection[str], alike: float | None = None) -> str | None:
    """The name that was probably meant; None if none is like it."""
    by_case = {one.upper(): one for one in known}
    cutoff = alike_enough(name) if alike is None else alike
    close = get_close_matches(name.upper(), list(by_case), n=1, cutoff=cutoff)
    return by_case[close[0]] if close else None
