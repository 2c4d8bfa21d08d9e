"""Reading on a Dask cluster that is there already: a scheduler and workers as other processes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from sysconfig import get_path
from tempfile import TemporaryDirectory
from typing import Any

import deadly
import instances
import pytest
from distributed import Client
from instances import Place, succeed

from runners.contract import ContractError, Reason
from runners.run import fingerprint
from runners.sample.datasets import NEWER, by_key
from runners.validation import cluster
from runners.validation.readers import Readers
from runners.validation.validated import ValidatedDataset

RUNNERS = str(Path(__file__).parents[1])
"""Where what the tests send to workers is imported from; the checkout isn't there."""

DASK = str(Path(sys.executable).with_name("dask"))


def process(path: str, *words: str, dask: str = DASK) -> "subprocess.Popen[bytes]":
    """The program `dask`, as a person starts it who has the checkout and nothing installed."""
    return subprocess.Popen(
        [dask, *words],
        env={**os.environ, "PYTHONPATH": path, "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "0"},
        cwd=instances.REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def scheduler(*workers: str, dask: str = DASK) -> Iterator[str]:
    """The address of a cluster with a worker, which is made anew when it dies, per PYTHONPATH.

    `dask` is the workers' program.
    """
    with ExitStack() as started:
        # the scheduler takes a port that is free, and says which in a file that the others wait for
        file = str(Path(started.enter_context(TemporaryDirectory())) / "scheduler.json")
        both = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", file]
        for path, program, words in (
            (RUNNERS, DASK, ["scheduler", *both, "--port", "0"]),
            *((path, dask, ["worker", *both, "--nthreads", "1"]) for path in workers),
        ):
            one = started.enter_context(process(path, *words, dask=program))
            started.callback(one.terminate)
        with Client(scheduler_file=file, timeout=60) as client:
            address = client.scheduler.address
            if workers:
                client.wait_for_workers(len(workers), timeout=60)
        yield address


def judged(address: str, folder: Path, *deaths: int) -> list[ValidatedDataset]:
    with cluster.connect_cluster(address) as (threads, pool):
        reading = Readers("7.0.0", folder, threads, pool, deadly.judge)
        return list(reading.judged(deadly.tasks(deaths)))


@pytest.mark.prove
def test_a_worker_that_dies_costs_a_retry_and_no_dataset(tmp_path: Path) -> None:
    with scheduler(RUNNERS) as address:
        found = judged(address, tmp_path, 0, 1, 0)
    assert [one.dataset.dataset_id for one in found] == ["d-0", "d-1", "d-2"]
    assert [one.n_observations for one in found] == [1, 1, 1]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_cluster_that_is_not_there_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ContractError, match=r"--scheduler nonsense://x:9: does not answer \("):
        judged("nonsense://x:9", Path())
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(ContractError, match=r"--scheduler tcp://127\.0\.0\.1:9: does not answer"):
        judged("tcp://127.0.0.1:9", Path())
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ContractError, match=r"Dask isn't installed .*; install the dependency"):
        judged("tcp://127.0.0.1:9", Path())


@pytest.mark.parametrize(
    "address", ["", "host", "127.0.0.1", "tcp://127.0.0.1", "tcp://", "host:port", "host:99999"]
)
def test_an_address_without_a_port_is_refused(address: str) -> None:
    with pytest.raises(ContractError) as refused:
        judged(address, Path())
    assert str(refused.value) == (
        f"--scheduler {address}: is no address with a port; write e.g. tcp://127.0.0.1:8786."
    )


@pytest.mark.parametrize("address", ["tls://127.0.0.1:9", "ucx://127.0.0.1:9", "http://[::1:9"])
def test_whatever_dask_raises_of_an_address_is_a_sentence(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(ContractError, match=r"does not answer .*; name one that runs") as refused:
        judged(address, Path())
    assert str(refused.value).startswith(f"--scheduler {address}: ")


AGAIN = """
import gc
from distributed.utils import LoopRunner
from runners.contract import ContractError
from runners.validation import cluster

cluster.CONNECT_SECONDS = 0.5

def fails():
    try:
        with cluster.connect_cluster("tls://127.0.0.1:9"):
            pass
    except ContractError:
        return True

start = LoopRunner._start_unlocked
LoopRunner._start_unlocked = lambda self: (gc.collect(), start(self))
gc.disable()  # what the first one leaves is still there when the second one starts
print(fails(), fails())
"""


def test_after_one_that_did_not_answer_another_is_tried() -> None:
    words = [sys.executable, "-c", AGAIN]
    done = subprocess.run(
        words, cwd=instances.REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "True True\n", done.stderr


CONNECT = """
import sys
from runners.contract import ContractError
from runners.validation import cluster

try:
    with cluster.connect_cluster(sys.argv[1]) as (threads, _):
        print(threads)
except ContractError as error:
    print(error)
"""


def connected(address: str, checkout: Path) -> str:
    """What a process that begins in this checkout says of the cluster."""
    words = [sys.executable, "-c", CONNECT, address]
    done = subprocess.run(
        words, cwd=checkout, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("changed", ["validation/cases.py", "rules/7.0.0.json"])
def test_code_and_rules_are_what_workers_are_told_apart_by(changed: str, tmp_path: Path) -> None:
    copied = shutil.copytree(fingerprint.SOURCE, tmp_path / "runners")
    assert fingerprint.judging_digest(copied) == cluster.LOADED
    (copied / changed).write_text("other")
    assert fingerprint.judging_digest(copied) != cluster.LOADED


@pytest.mark.prove
def test_a_worker_of_before_a_change_of_its_checkout_is_refused(tmp_path: Path) -> None:
    """It goes on with the modules and rules that it began with, whatever lies on its disk."""
    shutil.copytree(instances.REPOSITORY / "runners", tmp_path / "runners")
    with scheduler(RUNNERS) as address:
        assert connected(address, tmp_path) == "1"
        for changed in ("validation/cases.py", "rules/7.0.0.json"):
            file = tmp_path / "runners" / changed
            before = file.read_bytes()
            file.write_bytes(before + b"\n")
            said = connected(address, tmp_path)
            assert said.startswith(f"--scheduler {address}: worker tcp://"), changed
            assert said.endswith(
                " has other code or rules than this process; start its workers anew, from this "
                "checkout."
            )
            file.write_bytes(before)
        assert connected(address, tmp_path) == "1"


class Later(Executor):
    """Does what it is given when it is asked to, as a worker that joins only then."""

    def __init__(self) -> None:
        self.given: list[Callable[[], object]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.given.append(partial(fn, *args, **kwargs))
        return Future()


@pytest.mark.parametrize("is_same", [True, False])
def test_a_worker_that_joins_later_does_nothing_with_other_code_or_rules(
    is_same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = Later()
    cluster._PackingExecutor(executor, "tcp://127.0.0.1:9").submit(divmod, 7, 2)
    if is_same:
        assert executor.given[0]() == (3, 1)
        return
    monkeypatch.setattr(cluster, "LOADED", "another")
    with pytest.raises(ContractError, match=r"tcp://127\.0\.0\.1:9: worker that joined later has"):
        executor.given[0]()


@pytest.mark.prove
def test_a_file_that_kills_its_workers_is_given_up_and_no_other(tmp_path: Path) -> None:
    with scheduler(RUNNERS, RUNNERS) as address:
        found = judged(address, tmp_path, 0, 100, 0, 0)
    assert [one.n_observations for one in found] == [1, None, 1, 1]
    problem = found[1].problem
    assert problem is not None
    assert problem.reason is Reason.READER_DIED


@pytest.mark.prove
def test_workers_of_another_code_and_clusters_without_workers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "runners").mkdir()
    (tmp_path / "runners" / "__init__.py").touch()
    with (
        scheduler(str(tmp_path)) as address,
        pytest.raises(ContractError, match="can't run our code"),
    ):
        judged(address, Path())
    with scheduler() as address, pytest.raises(ContractError, match="has no workers; "):
        judged(address, Path())


@pytest.mark.prove
def test_a_scheduler_that_goes_away_stops_the_run(tmp_path: Path) -> None:
    with ExitStack() as running:
        address = running.enter_context(scheduler(RUNNERS))
        with cluster.connect_cluster(address) as (threads, pool):
            reading = Readers("7.0.0", tmp_path, threads, pool, deadly.judge)
            found = reading.judged(deadly.tasks([0] * 20))
            next(found)
            running.close()
            with pytest.raises(ContractError, match="does not answer any more; "):
                list(found)


@pytest.mark.prove
def test_a_release_is_registered_by_a_cluster(fresh_older: Place, tmp_path: Path) -> None:
    place = instances.copy(fresh_older, tmp_path / "place")
    only = [by_key("D01").dataset_id, by_key("D12").dataset_id]
    request = place.request("run", NEWER.version, only=only)
    with scheduler(RUNNERS) as address:
        words = [*place.arguments("ingest", request), "--scheduler", address]
        said = succeed(place.script("-m", "runners", *words)).stderr
    assert said.splitlines()[-1] == "2020-07-15: 1 unchanged, 1 unreadable"


def worker_environment(home: Path) -> Path:
    """A Python that has the dependency group `dask` alone, out of the tests' own packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin/python"
    script = str(instances.REPOSITORY / "tests/workflows/clean_pip.py")
    words = ["install", "--group", "dask", "--constraint", "constraints.txt"]
    subprocess.run(
        [str(python), script, *words],
        cwd=instances.REPOSITORY,
        env={"PATH": os.defpath, "SITE": get_path("purelib")},
        check=True,
    )
    return python


@pytest.mark.prove
def test_two_workers_with_the_dependency_group_alone_read_a_release(
    fresh_older: Place, tmp_path: Path
) -> None:
    """What a cluster's image must have, on dask-cloudprovider's ECS or Coiled, for example."""
    python = worker_environment(tmp_path / "worker")
    for module, code in (("lamindb", 1), ("anndata", 1), ("cellxgene_census", 1), ("h5py", 0)):
        done = subprocess.run([str(python), "-c", f"import {module}"], check=False)
        assert done.returncode == code, module
    place = instances.copy(fresh_older, tmp_path / "place")
    request = place.request("run", NEWER.version)
    with scheduler("", "", dask=str(python.with_name("dask"))) as address:
        words = [*place.arguments("ingest", request), "--scheduler", address]
        said = succeed(place.script("-m", "runners", *words)).stderr
    assert said.splitlines()[-1] == "2020-07-15: 7 registered, 3 revised, 1 unchanged, 1 unreadable"
