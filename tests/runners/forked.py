"""Runs this Python as a new process would, but forked from one that has imported the big packages
and our own code.

Importing them takes longer than most of what the tests run. LaminDB is not among them: it reads the
environment when it is imported.

What it doesn't model: what those packages read of the environment when they are imported, the order
in which a process of ours imports its modules, a hash seed of each process's own, garbage among
what was there before, and destructors of what a process holds at its end.
"""

import atexit
import gc
import inspect
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from select import select
from signal import Signals
from tempfile import TemporaryFile
from typing import Any, NoReturn

PACKAGES = (
    *("numpy", "pandas", "scipy.sparse", "h5py", "pyarrow.parquet", "anndata", "dask.array"),
    *("tiledbsoma", "cellxgene_census", "django", "psycopg2", "boto3", "pydantic", "rich_click"),
    *("github", "libcst", "supabase", "sqlparse", "httpx_retries", "django.db.models"),
    *("django.core.management", "django.db.backends.sqlite3.base"),
    *("runners.cli.commands", "runners.ingest.steps", "runners.ingest.smoke_test"),
    *("runners.verification.verify", "runners.rollback.rollback"),
)
REQUEST_BYTES = 2**20
PID_BYTES = 16


class Process:
    """A forked process, by as much of `subprocess.Popen` as the tests need. In `/proc` its
    environment is that of the one which it was forked from.
    """

    def __init__(self, answers: socket.socket) -> None:
        self._answers = answers
        self.pid = int(answers.recv(PID_BYTES))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        if self.returncode is None and select([self._answers], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = int(self._answers.recv(PID_BYTES))
            self._answers.close()
        return self.returncode

    def send_signal(self, number: Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)


def start(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdout: int, stderr: int
) -> Process:
    """This Python with the arguments, which writes to the descriptors."""
    request = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)})
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        socket.send_fds(_parent(), [request.encode()], [theirs.fileno(), stdout, stderr])
    return Process(ours)


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """What came of this Python with the arguments, as `subprocess.run` gives it."""
    with TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr:
        code = start(
            arguments, cwd=cwd, env=env, stdout=stdout.fileno(), stderr=stderr.fileno()
        ).wait()
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(
            [sys.executable, *arguments], code, stdout.read(), stderr.read()
        )


@cache
def _parent() -> socket.socket:
    """The connection to the process that has the packages; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, REQUEST_BYTES)
    with theirs:
        subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
    atexit.register(ours.close)
    return ours


def _serve(connection: socket.socket) -> list[str]:
    """Forks for each request; returns in the forked process, as a new one of the arguments."""
    while True:
        content, descriptors, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 3)
        if not content:
            os._exit(0)
        if os.fork() == 0:
            connection.close()
            child = os.fork()
            if child == 0:
                os.close(descriptors[0])
                return _begin(json.loads(content), *descriptors[1:])
            os.write(descriptors[0], str(child).encode())
            _, status = os.waitpid(child, 0)
            os.write(descriptors[0], str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(ChildProcessError):  # those that have ended
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _begin(request: Mapping[str, Any], stdout: int, stderr: int) -> list[str]:
    for descriptor, standard in ((stdout, 1), (stderr, 2)):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    return list(request["arguments"])


def _execute(arguments: list[str]) -> None:
    """As Python does with `-m MODULE`, `-c CODE` or a file, and what follows."""
    first, *rest = arguments
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = ["" if first == "-c" else str(Path.cwd()), *paths]
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv, sys.path[0] = arguments, str(Path(first).parent)
        runpy.run_path(first, run_name="__main__")


def _exit_code(arguments: list[str]) -> int:
    """Of Python with the arguments, which says first why it ends. Raises KeyboardInterrupt."""
    try:
        _execute(arguments)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except Exception:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """As Python ends, but for taking apart all that it holds, which takes half a second.

    The steps have no public names; their order is `Py_FinalizeEx`'s
    (https://docs.python.org/3/c-api/init.html#c.Py_FinalizeEx).
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    sys.path.insert(0, str(Path(__file__).parents[2]))
    for package in PACKAGES:
        import_module(package)
    inspect.stack()  # remembers where each module comes from, for which LaminDB asks
    gc.freeze()  # else each process looks through all of it as it ends, which takes a second
    _end(_exit_code(_serve(socket.socket(fileno=int(sys.argv[1])))))
