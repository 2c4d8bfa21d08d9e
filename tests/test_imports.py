"""The import rules, read from every module's syntax tree.

- Packages stand on floors: one imports those above it in `FLOORS`, and no module imports in a ring.

- `bot` imports of `runners` the contract alone; `runners` never imports `bot`.
- Only `runners/registry` imports lamindb or bionty.
- Only the two `settings` modules read the environment.
- Pure modules import nothing that reads a clock, the environment, a file or a socket.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Each package may import those of the lines above it, and none of its own line or below.
FLOORS = {
    "bot": (
        {"errors", "census"},
        {"schema"},
        {"model"},
        {"setting_values"},
        {"comments", "settings"},
        {"decide", "doctor", "html", "outside"},
        {"gather", "adapters", "onboarding"},
        {"engine"},
        {"cli"},
        {"__main__"},
        {"wheel"},
    ),
    "runners": (
        {"contract", "progress", "files"},
        {"settings", "retries", "rules"},
        {"records", "h5ad", "sample"},
        {"census"},
        {"run"},
        {"validation", "launch"},
        {"registry"},
        {"ingest", "verification", "rollback"},
        {"cli"},
        {"__main__"},
    ),
}
MOST_MODULES = 6  # directly in bot/ and in runners/: a newcomer reads the list of packages at once

PURE = (
    "bot.model",
    "bot.census",
    "bot.schema",
    "bot.comments",
    "bot.html",
    "bot.decide",
    "bot.doctor",
    "bot.gather.events",
    "runners.contract",
    "runners.records.snapshot",
    "runners.records.transaction_log",
    "runners.rules.explanation",
    "runners.rules.vocabulary",
    "runners.verification.acceptance",
    "runners.verification.checks",
    "runners.verification.facts",
    "runners.rollback.undo",
    "runners.rollback.wording",
    "runners.launch.aws_requests",
    "runners.launch.fleet",
    "runners.launch.reap_policy",
)
PURE_ALONE = ("runners.rules",)  # the module of the package, and not all that lies in it
READS_ITS_OWN = {"runners.contract": {"pathlib"}, "runners.rules": {"importlib.resources"}}
IMPURE = {
    "asyncio", "ftplib", "glob", "http", "httpx", "importlib.resources", "io", "os", "pathlib",
    "random", "requests", "secrets", "shutil", "signal", "socket", "sqlite3", "subprocess",
    "tempfile", "threading", "time", "urllib.request", "urllib3",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}


@cache
def modules(*packages: str) -> dict[str, ast.Module]:
    """Every module of the packages, by its dotted name."""
    paths = (path for package in packages for path in sorted((ROOT / package).rglob("*.py")))
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.Module) -> Iterator[str]:
    """Everything that the module imports, anywhere in it; `from a import b` gives `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here, so that they can be read"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, packages: tuple[str, ...] | set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def found(packages: tuple[str, ...], wanted: set[str]) -> dict[str, list[str]]:
    """Which modules of the packages import something wanted, and what."""
    hits = {
        module: [name for name in imports(tree) if within(name, wanted)]
        for module, tree in modules(*packages).items()
    }
    return {module: names for module, names in hits.items() if names}


def floor_of(side: str, name: str) -> int:
    return next(number for number, floor in enumerate(FLOORS[side]) if name in floor)


@pytest.mark.parametrize("side", FLOORS)
def test_no_package_imports_one_of_its_own_floor_or_of_a_higher_one(side: str) -> None:
    wrong = {
        f"{module} imports {name}"
        for module, tree in modules(side).items()
        for name in imports(tree)
        if within(name, (side,)) and module != side
        for ours, theirs in [(module.split(".")[1], name.split(".")[1])]
        if ours != theirs and floor_of(side, theirs) >= floor_of(side, ours)
    }
    assert wrong == set()


@pytest.mark.parametrize("side", FLOORS)
def test_every_package_has_its_floor_and_few_modules_lie_beside_them(side: str) -> None:
    direct = {path.stem for path in (ROOT / side).glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in (ROOT / side).glob("*/__init__.py")}
    assert set().union(*FLOORS[side]) == direct | packages
    assert len(direct) <= MOST_MODULES


@pytest.mark.parametrize("side", FLOORS)
def test_no_modules_import_each_other(side: str) -> None:
    trees = modules(side)
    edges = {
        module: {known(name, trees) for name in imports(tree)} - {module}
        for module, tree in trees.items()
    }
    graph = TopologicalSorter(edges)
    graph.prepare()  # raises CycleError, which names the ring


def known(name: str, trees: dict[str, ast.Module]) -> str:
    """The module that an import means: `a.b`, or `a` where b is a name within it."""
    return name if name in trees else name.rpartition(".")[0]


def test_the_bot_knows_the_contract_and_nothing_else_of_the_runners() -> None:
    strangers = {
        module: [name for name in names if not within(name, ("runners.contract",))]
        for module, names in found(("bot",), {"runners"}).items()
        # The demo plays both sides.
        if module != "bot.cli.demo"
    }
    assert {module: names for module, names in strangers.items() if names} == {}


def test_the_runners_know_nothing_of_the_bot() -> None:
    assert found(("runners",), {"bot"}) == {}


def test_lamindb_and_bionty_are_imported_in_the_registry_alone() -> None:
    strangers = found(("bot", "runners"), {"lamindb", "lamindb_setup", "bionty"})
    assert [name for name in strangers if not within(name, ("runners.registry",))] == []


def test_settings_alone_read_the_environment() -> None:
    trees = modules("bot", "runners")
    reading = {module for module, tree in trees.items() if reads_environment(tree)}
    # These run before there is any code beside them: in an image, and in a wheel.
    alone = {"runners.launch.entrypoint", "bot.wheel.scripts"}
    assert {name for name in reading if name.split(".")[-1] != "settings"} == alone


ENVIRONMENT = {"environ", "environb", "getenv"}


def reads_environment(tree: ast.Module) -> bool:
    """Whether the module does more with the environment than to set a variable."""
    if any(within(name, {f"os.{one}" for one in ENVIRONMENT}) for name in imports(tree)):
        return True
    named = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in ENVIRONMENT]
    stored = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    ]
    return any(node not in stored for node in named)


@pytest.mark.parametrize("package", [*PURE, *PURE_ALONE])
def test_pure_modules_read_no_clock_file_or_socket(package: str) -> None:
    allowed = READS_ITS_OWN.get(package, set())
    for module, tree in modules("bot", "runners").items():
        if module != package and (package in PURE_ALONE or not within(module, (package,))):
            continue
        impure = {name for name in imports(tree) if within(name, IMPURE)}
        assert {name for name in impure if not within(name, allowed)} == set(), module
        assert clocks(tree) == set(), module


def clocks(tree: ast.Module) -> set[str]:
    """Calls of `datetime.now()` and its kin, and `open()`."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        name
        for func in calls
        for name in [func.attr if isinstance(func, ast.Attribute) else ast.unparse(func)]
        if (isinstance(func, ast.Attribute) and name in CLOCKS) or name == "open"
    }


@pytest.mark.parametrize("side", ["bot", "runners"])
def test_a_python_without_the_packages_is_told_what_to_do(side: str) -> None:
    command = [sys.executable, "-S", "-m", side]  # as one in which nothing was installed
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"{sys.executable}: No module named ")
    remedy = "; do `make setup` in the checkout, and call .venv/bin/python or activate .venv"
    assert said.endswith(remedy)
