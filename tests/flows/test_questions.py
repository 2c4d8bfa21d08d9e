"""The commands that change nothing: `/verify`, `/status`, `/help`."""

from pathlib import Path

from bot.model.commands import Role, Verb
from flows.scenario import Scenario, good

EXPECTED = Path(__file__).parent / "expected"


def test_verify_starts_a_run_that_writes_nothing(scenario: Scenario) -> None:
    scenario.says("writer", "/verify")
    assert scenario.heard() == (
        "[labels thread 1] running\n"
        "[reacts to comment 2] eyes rocket\n"
        "[starts 2026-02-01-verify-2] verify in demo for writer, thread 1, "
        "runners/releases/2026-02-01.toml; all\n"
        "[says in 1, comment 3] 🚀 **Accepted:** verifying release 2026-02-01 in `demo`, "
        "as @writer asked.\n"
        "\n"
        "- Run: `2026-02-01-verify-2`\n"
        "- Datasets: all 12 of the release\n"
        "- Manifest: `runners/releases/2026-02-01.toml`, dataset schema 7.0.0\n"
        "\n"
        "**Next:** nothing; I'll post the result here. Until then no other run starts in this "
        "instance; `/status` says how it stands."
    )
    scenario.ends("2026-02-01-verify-2", good("d1"))
    told = scenario.heard()
    assert told.startswith(
        "[labels thread 1] verified\n"
        "[says in 1, comment 5] ## ✅ Release 2026-02-01 passed its verification: "
        "1 of 1 check passed, 1 of 1 dataset registered\n"
        "\n"
        "**Next:** nothing. The release is complete, and this thread can be closed.\n"
    )
    assert "What changed in the instance" not in told


def test_verify_is_refused_to_a_stranger_and_takes_no_options(scenario: Scenario) -> None:
    scenario.says("stranger", "/verify")
    assert "`/verify` needs the role *write*; @stranger has the role *read*." in scenario.heard()
    scenario.says("maintainer", "/verify --limit 3")
    assert "/verify takes no options, but --limit was given. Did you mean `/verify`?" in (
        scenario.heard()
    )


def test_status_says_what_is_running_and_what_was(scenario: Scenario) -> None:
    scenario.says("stranger", "/status")
    assert scenario.heard() == (
        "[reacts to comment 2] hooray\n"
        "[says in 1, comment 3] **Release 2026-02-01:** the manifest is on the default branch; "
        "nothing is running in this instance.\n"
        "\n"
        "No run of this release has ended so far.\n"
        "\n"
        "**Next:** say `/ingest` to register the release."
    )
    scenario.says("maintainer", "/ingest")
    scenario.ends("2026-02-01-ingest-5", good("d1"))
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    scenario.says("stranger", "/status")
    assert scenario.heard() == (
        "[reacts to comment 10] hooray\n"
        "[says in 1, comment 11] **Release 2026-02-01:** the manifest is on the default branch; "
        "`2026-02-01-ingest-8` has been ingesting release 2026-02-01 in `demo` since "
        "2026-03-01 12:00 UTC, asked for by `maintainer`; an instance takes one run at a time.\n"
        "\n"
        "| Run | Asked for by | Ended | Verdict |\n"
        "| --- | --- | --- | --- |\n"
        "| `2026-02-01-ingest-5` | `maintainer` | 2026-03-01 12:03 UTC | passed |\n"
        "\n"
        "**Next:** wait for the result of what is running; `/cancel` in the thread of its release "
        "ends it early."
    )


def test_help_shows_the_grammar(scenario: Scenario) -> None:
    scenario.says("stranger", "/help")
    assert scenario.heard() == (EXPECTED / "help.txt").read_text()


def test_the_least_roles_can_be_set(scenario: Scenario) -> None:
    scenario.set(minimum_roles={Verb.STATUS: Role.WRITE})
    scenario.says("stranger", "/status")
    assert "`/status` needs the role *write*; @stranger has the role *read*." in scenario.heard()
