"""The check of a pull request: what is checked, when it is red, and that the comment says so."""

from pathlib import Path

import pytest
from fake_github import people

from flows.github_scenario import GithubScenario
from flows.scenario import bad, good
from flows.test_jobs import done, job
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import CheckReport, DatasetOutcome

empty_scenario = _empty_scenario
MANIFEST, RULES = "runners/releases/2026-02-01.toml", "runners/rules/7.0.0.json"
RED, GREEN = "The check is red, because", "The check is green all the same"


def check_of(*outcomes: DatasetOutcome) -> str:
    return CheckReport(
        release="2026-02-01",
        dataset_schema_version="7.0.0",
        dataset_count=len(outcomes),
        outcomes=outcomes,
    ).to_json()


def written(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


@pytest.mark.parametrize(
    ("files", "code", "says"),
    [
        ({"2026-02-01.json": check_of(good("d1"))}, 0, "✅ No dataset will fail"),
        ({"2026-02-01.json": check_of(good("d1"), bad("d2"))}, 0, GREEN),
        ({"2026-02-01.json": check_of(bad("d1"), bad("d2"))}, 1, RED),
        ({}, 1, RED),
        ({"2026-02-01.json": check_of(), "rules/7.0.0.txt": ""}, 0, "the rules hold together."),
        ({"2026-02-01.json": check_of(good("d1")), "rules/7.0.0.txt": "open"}, 1, RED),
    ],
)
def test_it_is_red_where_nothing_could_be_registered_or_something_not_be_checked(
    scenario: GithubScenario, files: dict[str, str], code: int, says: str
) -> None:
    pull = people.propose(scenario.fake, "writer", "edit", {MANIFEST: "x"})
    found = scenario.home / "found"
    for name, text in {"2026-02-01.txt": "what it said\n", **files}.items():
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_text(text)
    judged = job(scenario, "judge", str(found))
    assert judged.exit_code == code, judged.output
    assert bool(judged.output.strip()) is bool(code)
    done(job(scenario, "checked", str(pull.number), str(found)))
    (said,) = pull.comments
    assert says in said.body
    assert said.body.startswith("## ❌") is bool(code)


@pytest.mark.parametrize("edited", [{}, {MANIFEST: "# theirs"}])
def test_changed_rules_check_the_manifests_that_go_by_them(
    scenario: GithubScenario, edited: dict[str, str]
) -> None:
    """The code is the bot's; manifests and rules are those of the pull request's repository.

    The bot's own repository has no folder for manifests before the first one is merged.
    """
    there = scenario.fake.files("main")
    theirs = {RULES: "{}", **edited}
    pull = people.propose(scenario.fake, "writer", "edit", theirs)
    changed, code = scenario.home / "changed", scenario.home / "code"
    code.mkdir()
    words = ("fetch-manifests", str(pull.number), str(changed), "--code", str(code))
    done(job(scenario, *words))
    schema_7 = {p for p, text in there.items() if p.endswith(".toml") and '"7.0.0"' in text}
    assert MANIFEST in schema_7
    manifests = {Path(path).name: {**there, **edited}[path] for path in schema_7}
    assert written(changed) == {"rules/7.0.0.json": "{}", **manifests}
    documents = {path: there[path] for path in there if path.endswith((".toml", "0.0.json"))}
    assert written(code) == {**documents, **theirs}


@pytest.mark.parametrize("command", [("judge",), ("checked", "1")])
@pytest.mark.parametrize("name", ["missing", "empty", "other"])
def test_a_folder_without_a_check_is_refused(
    scenario: GithubScenario, command: tuple[str, ...], name: str
) -> None:
    for made in ("empty", "other"):
        (scenario.home / made).mkdir()
    (scenario.home / "other" / "notes.md").touch()
    folder = scenario.home / name
    told = job(scenario, *command, str(folder))
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr == (
        f"{folder}: holds no check; name the folder that checks were written to.\n"
    )


def test_where_nothing_was_to_be_checked_it_is_green(scenario: GithubScenario) -> None:
    """As of a pull request that takes a manifest away: the workflow makes the folders first."""
    for made in ("compared", "rules"):
        (scenario.home / "found" / made).mkdir(parents=True)
    done(job(scenario, "judge", str(scenario.home / "found")))


def test_code_that_is_not_there_is_not_made(scenario: GithubScenario) -> None:
    code, folder = scenario.home / "code", scenario.home / "changed"
    told = job(scenario, "fetch-manifests", "1", str(folder), "--code", str(code))
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr == f"--code: {code} is no folder; name the code's.\n"
    assert not folder.exists()
