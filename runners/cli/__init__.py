"""The commands of `python -m runners`: steps of a run, machines, and what developers need."""
