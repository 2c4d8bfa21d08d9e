"""The import rules of the house, read from every module's syntax tree.

- `bot` imports of `runners` the contract alone; `runners` never imports `bot`.
- Only `runners/registry` imports lamindb or bionty.
- Only the two `settings` modules read the environment.
- Pure modules import nothing that reads a clock, the environment, a file or a socket.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PURE = (
    "bot.plan",
    "bot.answers",
    "bot.commands",
    "bot.corrections",
    "bot.detection",
    "bot.failures",
    "bot.proposal",
    "bot.payloads",
    "bot.progress",
    "bot.record",
    "bot.running",
    "bot.sightings",
    "bot.watch",
    "bot.events",
    "bot.effects",
    "bot.facts",
    "bot.comments",
    "bot.census",
    "bot.schema",
    "runners.contract",
    "runners.rules",
    "runners.acceptance",
    "runners.checks",
    "runners.facts",
    "runners.launch.ec2_request",
    "runners.launch.fleet",
    "runners.launch.reconcile",
    "runners.launch.sagemaker_request",
)
# The contract reads the manifest that it is asked for, and the rules are files of their package.
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
    assert {name for name in reading if name.split(".")[-1] != "settings"} == set()


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


@pytest.mark.parametrize("package", PURE)
def test_pure_modules_read_no_clock_file_or_socket(package: str) -> None:
    allowed = READS_ITS_OWN.get(package, set())
    for module, tree in modules("bot", "runners").items():
        if not within(module, (package,)):
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
