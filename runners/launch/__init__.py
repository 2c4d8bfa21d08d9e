"""Machines that a run works on. `local`, this machine, is the default."""
