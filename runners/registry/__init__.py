"""The only modules that import lamindb and bionty, and the only ones that write to an instance.

LaminDB allows one instance in a process: work on another instance belongs to another process.
Every function here may be called again after a crash and then changes only what is missing.
"""
