"""GitHub Actions to test against: the real workflow files, run by `act` on this machine.

What act leaves out is done here: the filters of `on`, a token with just a job's permissions, and
one workflow run after another. Must not know what the workflows are for.
"""
