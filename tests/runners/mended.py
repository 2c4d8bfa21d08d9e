"""LaminDB's curator with its one quadratic line mended, so that 60,000 genes take seconds."""

from importlib import import_module

from runners.registry.canary import sides
from runners.registry.canary.sides import THEIRS, Refusals, Trial


def write_theirs(trial: Trial) -> Refusals:
    """As `sides.write_theirs`."""
    sides.connect(trial, THEIRS)  # LaminDB has no registries before
    import_module("tests.bench.curator").mend_quadratic_line()
    return sides.write_theirs(trial)
