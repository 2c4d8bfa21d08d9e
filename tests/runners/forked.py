"""Runs this Python as a new process would, but forked from one that has imported the big packages
and our own code.

Importing them takes longer than most of what the tests run. LaminDB is not among them: it reads the
environment when it is imported.

What it doesn't model: what those packages read of the environment when they are imported, and a
hash seed of each process's own.
"""

import atexit
import json
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

PACKAGES = (
    *("numpy", "pandas", "scipy.sparse", "h5py", "pyarrow.parquet", "anndata", "dask.array"),
    *("tiledbsoma", "cellxgene_census", "django", "psycopg2", "boto3", "pydantic", "rich_click"),
    *("github", "libcst", "supabase", "sqlparse", "httpx_retries", "django.db.models"),
    *("django.core.management", "django.db.backends.sqlite3.base"),
    *("runners.cli.commands", "runners.ingest.steps", "runners.ingest.smoke_test"),
    *("runners.verification.verify", "runners.rollback.rollback"),
)
REQUEST_BYTES = 2**20


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """What came of this Python with the arguments, as `subprocess.run` gives it."""
    request = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)})
    ours, theirs = socket.socketpair()
    with TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr, ours:
        with theirs:
            descriptors = [theirs.fileno(), stdout.fileno(), stderr.fileno()]
            socket.send_fds(_parent(), [request.encode()], descriptors)
        code = ours.recv(16)
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(
            [sys.executable, *arguments], int(code), stdout.read(), stderr.read()
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


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    sys.path.insert(0, str(Path(__file__).parents[2]))
    for package in PACKAGES:
        import_module(package)
    _execute(_serve(socket.socket(fileno=int(sys.argv[1]))))
