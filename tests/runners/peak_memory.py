"""The memory that a process has for itself, and the most that it has used.

By /proc: `ru_maxrss` begins with that of the process that started it
(https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
"""

from pathlib import Path


def peak_megabytes() -> int:
    """The highest resident memory of this process so far, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))


def own_megabytes() -> int:
    """The memory that this process shares with nobody, in MB."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) // 1024


def forget_peak() -> None:
    """Lets the peak begin anew with what is used now."""
    Path("/proc/self/clear_refs").write_text("5")
