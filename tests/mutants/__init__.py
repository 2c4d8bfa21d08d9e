"""Breaks the code of bot and runners on purpose, a small fault at a time, and runs the tests of it.

`make mutants` does it for a sample by SEED. A test must fail for each; a fault that none notices is
printed, and ends it with 1, unless `accepted.toml` says why it may stand.
"""
