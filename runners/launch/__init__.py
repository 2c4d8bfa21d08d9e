"""Machines that a run works on: `local` (this machine, the default), `ec2`, `sagemaker`.

Starts them, ends them, and finds what was left behind. Must not know what the work is, and must
load with nothing installed but the `launch` group.
"""
