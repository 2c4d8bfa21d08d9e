"""The same loop as a person drives it: `python -m bot` in a folder, files for pages."""

import json
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import cli
from bot.cli.context import installed_lamindb_module
from bot.schema.document import parse_document
from bot.schema.patch import patched
from bot.settings import environment
from flows import world
from flows.scenario import good, report
from runners.contract import Action, RunRequest

SETTINGS = """\
instance = "demo"
home = "home"
release_page = "page.html"
release_directory = "release.json"
schema_document = "{version}.md"
lamindb = "lamindb.py"
ingest_on_merge = false

[roles]
maintainer = "maintain"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder; its settings are found by their name."""
    monkeypatch.chdir(tmp_path)
    older = world.entry("2025-06-01", schema="6.0.0")
    (tmp_path / "page.html").write_text(world.page(world.entry("2026-02-01"), older))
    (tmp_path / "release.json").write_text(world.directory(["2025-06-01", "2026-02-01"]))
    (tmp_path / "6.0.0.md").write_text(world.document("6.0.0"))
    (tmp_path / "7.0.0.md").write_text(world.document("7.0.0", cl="2025-07-30"))
    # No module of LaminDB's: to patch it takes time, and is shown once.
    (tmp_path / "lamindb.py").write_text("x = 1\n")
    (tmp_path / "bot.toml").write_text(SETTINGS)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def ok(*words: str) -> str:
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def refused(*words: str) -> str:
    """The one sentence on stderr."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr.strip()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def test_the_loop_from_a_release_page_to_a_result(folder: Path) -> None:
    before = contents(folder)
    assert ok("detect", "--dry-run") == (
        "Dry run: nothing is changed.\n"
        "New: 2026-02-01.\n"
        "1. propose the manifest of 2026-02-01 with the schema diff\n"
        "2. open the thread “Census 2026-02-01 (LTS): 12 datasets, "
        "dataset schema 6.0.0 → 7.0.0”\n"
    )
    assert contents(folder) == before

    assert ok("detect").startswith("New: 2026-02-01.\n1. propose")
    once = contents(folder)
    assert ok("detect") == "Nothing new.\n"
    assert contents(folder) == once

    assert ok("merge", "2026-02-01", "--as", "maintainer").startswith(
        "The manifest of 2026-02-01 was merged; a person starts its ingestion.\n"
    )
    assert ok("say", "1", "/ingest", "--as", "maintainer").startswith(
        "maintainer may say /ingest: the run starts.\n"
        "1. react with eyes to comment 2 in thread 1\n"
        "2. start run 2026-02-01-ingest-2: ingest release 2026-02-01 in demo\n"
    )
    run_folder = folder / "home" / "runs" / "2026-02-01-ingest-2"
    request = RunRequest.from_json((run_folder / "request.json").read_text(), source="request")
    assert (folder / "home" / "repository" / request.manifest).is_file()

    assert "isn't there; the run goes on since" in refused("report", request.run_id)
    (run_folder / "report.json").write_text(report(request, good("d1")).to_json())
    assert ok("report", request.run_id).startswith(
        "2026-02-01-ingest-2 ended with the verdict passed.\n"
    )
    thread = folder / "home" / "threads" / "1" / "thread.html"
    link = f"../../runs/{request.run_id}/report.html"
    assert f'<a href="{link}">the whole report</a>' in thread.read_text()
    assert (thread.parent / link).resolve() == (run_folder / "report.html").resolve()
    assert "Atlas d1" in (run_folder / "report.html").read_text()
    assert (run_folder / "offenders.csv").read_text().startswith("check,status,")
    assert ok("show") == (
        "1  Census 2026-02-01 (LTS): 12 datasets, dataset schema 6.0.0 → 7.0.0  [verified]\n"
    )
    shown = ok("show", "1")
    assert "Release 2026-02-01 passed its verification" in " ".join(shown.split())
    assert "<details>" not in shown
    assert "<!--" not in shown
    assert "▸ All 1 dataset (folded)" in shown
    assert "Atlas d1" not in shown
    assert "Atlas d1" in ok("show", "1", "--all")
    assert shown.endswith("In a browser: home/threads/1/thread.html\n")


def test_a_run_that_was_cancelled_before_it_began_ends_in_its_thread(folder: Path) -> None:
    ok("detect")
    ok("merge", "2026-02-01", "--as", "maintainer")
    ok("say", "1", "/verify", "--as", "maintainer")
    ok("say", "1", "/cancel", "--as", "maintainer")
    told = ok("report", "2026-02-01-verify-2")
    assert told.startswith("2026-02-01-verify-2 ended without a report (wait: stopped).\n")
    shown = " ".join(ok("show", "1").split())
    assert "2026-02-01-verify-2 was stopped before anybody began it, as @maintainer asked" in shown
    assert "nothing was written; say /verify when it is to be done." in shown
    assert ok("show").endswith("[manifest merged]\n")
    once = contents(folder)
    ok("report", "2026-02-01-verify-2")
    assert contents(folder) == once


def test_one_that_has_begun_is_waited_for(folder: Path) -> None:
    ok("detect")
    ok("merge", "2026-02-01", "--as", "maintainer")
    ok("say", "1", "/ingest", "--as", "maintainer")
    journal = folder / "home" / "runs" / "2026-02-01-ingest-2" / "journal.jsonl"
    journal.write_text('{"step": "start"}\n')
    ok("say", "1", "/cancel", "--as", "maintainer")
    assert "isn't there" in refused("report", "2026-02-01-ingest-2")


def test_ten_looks_and_two_at_once_are_one(folder: Path) -> None:
    """As processes of their own, which know nothing of each other but the folder."""
    command = [sys.executable, "-m", "bot", "detect"]
    own = environment(PYTHONPATH=str(Path(__file__).parents[2]))
    both = [subprocess.Popen(command, env=own, stdout=PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].splitlines()[0] for process in both)
    assert said == ["New: 2026-02-01.", "Nothing new."]
    once = contents(folder)
    for _ in range(10):
        assert ok("detect") == "Nothing new.\n"
    assert contents(folder) == once
    assert [path.name for path in (folder / "home" / "threads").iterdir()] == ["1"]
    assert [path.name for path in (folder / "home" / "proposals").iterdir()] == ["2026-02-01"]


def test_a_thread_that_a_person_closes_stays_closed(folder: Path) -> None:
    ok("detect")
    assert ok("close", "1", "--as", "maintainer") == ""
    assert ok("show").endswith("[manifest proposed, closed]\n")
    once = contents(folder)
    ok("close", "1", "--as", "somebody else")
    (folder / "page.html").write_text(world.page(world.entry("2026-02-01", datasets="11")))
    assert ok("detect") == "Nothing new.\n"
    assert {**contents(folder), str(folder / "page.html"): b""} == {
        **once,
        str(folder / "page.html"): b"",
    }
    assert "There is no thread 7" in refused("close", "7", "--as", "maintainer")


def test_the_third_failure_in_a_row_opens_a_thread(folder: Path) -> None:
    page = (folder / "page.html").read_text()
    (folder / "page.html").write_text(page[:-9])
    for _ in range(3):
        refused("detect")
    assert (
        ok("show")
        == "1  The bot can't read all of page, directory and schema documents  [needs a person]\n"
    )
    (folder / "page.html").write_text(page)
    assert ok("detect").splitlines()[3:] == [
        "3. remember that 0 looks in a row have failed",
        "4. close thread 1",
        "5. say in thread 1: ✅ Everything can be read again. The last look was complete; "
        "what it found, if anything, stands in the releases' own threads.",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--page", "cut.html"], 2),
        (["--page-source", "nowhere.md"], 2),
        (["--directory", "nowhere.json"], 2),
        (["--schema-document", "nowhere/{version}.md"], 2),
        (["--page", "whole.html", "--schema-document", "nowhere/{version}.md"], 1),
        (["--page", "whole.html"], 0),
    ],
)
def test_looks_elsewhere_count_for_nothing_however_they_end(
    folder: Path, words: list[str], code: int
) -> None:
    whole = (folder / "page.html").read_text()
    (folder / "cut.html").write_text(whole[:-9])
    for name, text in (("page.html", whole[:-9]), ("whole.html", whole)):
        (folder / name).write_text(text)
    for _ in range(2):
        refused("detect")
    count = folder / "home" / "detection.json"
    counted = count.read_bytes()
    for _ in range(3):
        assert run("detect", *words).exit_code == code
    assert count.read_bytes() == counted
    assert "can't read all" not in ok("show")


def test_the_source_of_the_page_is_read_in_its_stead(folder: Path) -> None:
    (folder / "page.html").write_text("<html><body>moved")
    (folder / "page.md").write_text(world.source(["2026-02-01", "2025-06-01"]))
    assert ok("detect", "--page", "page.html", "--page-source", "page.md").startswith(
        "New: 2026-02-01. The release page was refused, and its Markdown source read instead: "
        "page.html: The release page is truncated"
    )


def test_releases_as_json_are_keyed_by_what_was_given(folder: Path) -> None:
    (folder / "none.html").write_text(world.page())
    told = json.loads(ok("releases", "--json", "page.html", "none.html"))
    assert list(told) == ["page.html", "none.html"]
    assert told["none.html"] == {"releases": [], "warnings": []}
    assert [one["version"] for one in told["page.html"]["releases"]] == ["2026-02-01", "2025-06-01"]


def test_one_bad_page_among_good_ones_is_refused(folder: Path) -> None:
    (folder / "cut.html").write_text(world.page()[:-9])
    assert refused("releases", "--json", "page.html", "cut.html").startswith(
        "cut.html: The release page is truncated"
    )
    assert refused("releases", "nowhere.html") == (
        "nowhere.html: can't be read (No such file or directory); name a file or an address."
    )


def test_releases_are_shown_in_a_table(folder: Path) -> None:
    shown = ok("releases", "page.html")
    assert "2026-02-01" in shown
    assert "Dataset schema" in shown


def test_diff_takes_files_and_bare_versions(folder: Path) -> None:
    told = json.loads(ok("diff", "--json", "6.0.0", "7.0.0.md"))
    assert (told["old"], told["new"]) == ("6.0.0", "7.0.0")
    assert [pin["new"] for pin in told["ontology_pins_changed"]] == ["2025-07-30"]
    assert "2025-07-30" in ok("diff", "6.0.0", "7.0.0")
    assert refused("diff", "6.0.0", "page.html").startswith("page.html: The document has no line")
    assert refused("diff", "5.9.9", "7.0.0").startswith("5.9.9.md: can't be read")


def test_a_patch_of_lamindbs_code_is_printed(folder: Path) -> None:
    assert refused("patch", "6.0.0", "7.0.0").startswith("lamindb.py: ")
    settings = folder / "bot.toml"
    settings.write_text(settings.read_text().replace('lamindb = "lamindb.py"\n', ""))
    told = ok("patch", "6.0.0", "7.0.0.md")
    assert "\n--- a/lamindb/examples/cellxgene/_cellxgene.py\n" in told
    assert refused("patch", "--lamindb", "none.py", "6.0.0", "7.0.0").startswith("none.py: can't")
    assert refused("patch", "6.0.0", "page.html").startswith("page.html: The document has no line")


def test_without_a_patch_what_is_left_goes_to_stderr(folder: Path) -> None:
    """donor_age, which 7.0.0 adds, has no place in LaminDB's module."""
    module = installed_lamindb_module()
    assert module is not None
    (folder / "7.0.0.md").write_text(world.document("7.0.0", fields=["donor_age"]))
    texts = ((folder / f"{version}.md").read_text() for version in ("6.0.0", "7.0.0"))
    old, new = map(parse_document, texts)
    (folder / "patched.py").write_text(patched(Path(module).read_text(), old, new)[0])
    result = run("patch", "--lamindb", "patched.py", "6.0.0", "7.0.0")
    assert (result.exit_code, result.stdout) == (0, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("obs: donor_age (Curator MUST annotate): curators must fill it in")


def test_a_diff_asks_other_sources_if_told_to(folder: Path) -> None:
    settings = folder / "bot.toml"
    settings.write_text('witnesses = {ontology_guide = "guide.json"}\n' + settings.read_text())
    assert json.loads(ok("diff", "--json", "6.0.0", "7.0.0"))["witnesses"] == []
    (asked,) = json.loads(ok("diff", "--json", "--witnesses", "6.0.0", "7.0.0"))["witnesses"]
    assert asked["problem"].startswith("can't be read (No such file")
    pins = {"CL": {"version": "x"}}
    (folder / "guide.json").write_text(json.dumps({"7.0.0": {"ontologies": pins}}))
    told = ok("diff", "--witnesses", "6.0.0", "7.0.0")
    assert "### What other sources say otherwise\n" in told


def test_rules_are_printed_with_the_answers_that_were_given(folder: Path) -> None:
    pin = "| Gene Ontology | GO | [2025-01-01](https://x.test) | |\n"
    text = world.document("8.0.0").replace("| Cell Ontology |", f"{pin}| Cell Ontology |")
    (folder / "8.0.0.md").write_text(text)
    made = json.loads(ok("rules", "8.0.0"))
    guide = "cellxgene-ontology-guide"
    (asked,) = [check for check in made["judgements"] if check["id"] == guide]
    assert made["dataset_schema_version"] == "8.0.0"
    made["answers"][guide] = f"9.9.9 sha256:{'a' * 64}"
    asked["lines"] = [1, 2]
    (folder / "reviewed.json").write_text(json.dumps(made))
    again = json.loads(ok("rules", "--answers", "reviewed.json", "8.0.0"))
    assert again["answers"] == made["answers"]
    assert [1, 2] not in [check["lines"] for check in again["judgements"]]
    # Another question is asked again.
    asked["text"] = "a person must say something else"
    (folder / "reviewed.json").write_text(json.dumps(made))
    again = json.loads(ok("rules", "--answers", "reviewed.json", "8.0.0"))
    assert again["answers"][guide] == ""
    accepted = json.loads(ok("rules", "--accept", "--answers", "reviewed.json", "8.0.0"))
    proposed = [c["answer"] for c in asked["choices"] if c.get("proposed")]
    assert [accepted["answers"][guide]] == proposed
    told = ok("rules", "--explain", "--answers", "reviewed.json", "8.0.0")
    assert f"{guide}\n  {proposed[0]}\n  open: proposed, and nobody has answered" in told
    (folder / "reviewed.json").write_text("[]")
    refusal = refused("rules", "--answers", "reviewed.json", "8.0.0")
    assert refusal.startswith("reviewed.json: can't be read as rules")
    assert refused("rules", "--answers", "none.json", "8.0.0").startswith("none.json: can't be")


def test_detection_can_be_pointed_elsewhere(folder: Path) -> None:
    (folder / "real.html").write_text(world.page(world.entry("2027-01-01", schema="8.0.0")))
    (folder / "new.md").write_text(world.document("8.0.0"))
    (folder / "release.json").write_text(world.directory(["2027-01-01"]))
    words = ("detect", "--dry-run", "--page", "real.html")
    unread = run(*words)
    assert unread.exit_code == 1
    assert "2027-01-01 waits for its dataset schema: 8.0.0.md: can't be read" in unread.stdout
    assert ok(*words, "--new-spec", "new.md").splitlines()[1] == "New: 2027-01-01."


def test_a_refused_page_changes_nothing(folder: Path) -> None:
    (folder / "page.html").write_text(world.page(world.entry("2026-02-01"))[:-9])
    before = contents(folder)
    refusal = "page.html: The release page is truncated"
    assert refused("detect", "--dry-run").startswith(refusal)
    assert refused("detect", "--page", "page.html").startswith(refusal)
    assert contents(folder) == before
    assert refused("detect").startswith(refusal)
    counted = {str(folder / "home"), str(folder / "home" / "detection.json")}
    assert contents(folder).keys() - before.keys() == counted


def test_an_event_from_a_file_is_planned_and_carried_out(folder: Path) -> None:
    ok("detect")
    ok("merge", "2026-02-01", "--as", "maintainer")
    ok("say", "1", "hello", "--as", "maintainer")
    event = {"event": "comment_created", "thread": 1, "comment_id": 2}
    event |= {"actor": "maintainer", "body": "/ingest"}
    (folder / "event.json").write_text(json.dumps(event))
    assert ok("plan", "event.json", "--dry-run").startswith("Dry run: nothing is changed.\n")
    assert not (folder / "home" / "runs").exists()
    assert ok("plan", "event.json").startswith("maintainer may say /ingest: the run starts.\n")
    assert ok("plan", "event.json") == (
        "Comment 2 was answered before.\n"
        "1. keep the table of what was asked and decided in thread 1\n"
    )
    # What an actor may do is never taken from the event.
    (folder / "event.json").write_text(json.dumps({**event, "role": "admin"}))
    assert refused("plan", "event.json") == (
        "event.json: field role: unknown; use thread, comment_id, actor, body, edited, is_bot."
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("say", "7", "/help", "--as", "x"), "There is no thread 7 in home/threads; there is 1."),
        (("say", "1", "/help", "--as", "cellxgene-ingestion-bot"), "is the bot's own name"),
        (("merge", "2030-01-01", "--as", "x"), "home/proposals: there is no proposal 2030-01-01"),
        (("report", "nothing"), "home/runs: there is no run nothing; there is none so far."),
        (("show", "7"), "There is no thread 7 in home/threads; there is 1."),
        (("plan", "nowhere.json"), "nowhere.json: can't be read (No such file or directory)"),
        (("--settings", "nowhere.toml", "show"), "nowhere.toml: can't be read"),
    ],
)
def test_what_isnt_there_is_said_in_one_sentence(
    folder: Path, words: tuple[str, ...], says: str
) -> None:
    ok("detect")
    before = contents(folder)
    assert says in refused(*words)
    assert contents(folder) == before


def test_a_broken_manifest_or_thread_is_named(folder: Path) -> None:
    ok("detect")
    ok("merge", "2026-02-01", "--as", "maintainer")
    manifest = folder / "home/repository/runners/releases/2026-02-01.toml"
    text = manifest.read_text()
    manifest.write_text(text.replace("dataset_count = 12", 'dataset_count = "many"'))
    assert "is broken" in ok("say", "1", "/ingest", "--as", "maintainer")
    said = ok("show", "1")
    assert "the release's manifest on the default branch can't be used" in " ".join(said.split())
    manifest.write_text(text)
    (folder / "home/threads/1/thread.md").write_text("+++\nauthor = \n+++\n")
    assert "thread.md: can't be read as a thread's file" in refused("detect")


@pytest.mark.parametrize("name", ["", *cli.commands])
def test_every_command_has_help(name: str) -> None:
    assert "Usage: " in ok(*([name] if name else []), "--help")


def test_the_page_of_any_report_is_put_beside_it(folder: Path) -> None:
    file = folder / "elsewhere" / "report.json"
    file.parent.mkdir()
    asked = RunRequest(
        run_id="run-1",
        action=Action.VERIFY,
        release="2026-02-01",
        manifest="m.toml",
        instance="o/n",
    )
    file.write_text(report(asked, good("d1")).to_json())
    once = ok("page", str(file))
    assert once.splitlines() == [str(file.with_name(n)) for n in ("report.html", "offenders.csv")]
    before = contents(file.parent)
    assert ok("page", str(file)) == once
    assert contents(file.parent) == before
    assert "Release 2026-02-01 passed its verification" in file.with_name("report.html").read_text()
    assert refused("page", "none.json").startswith("none.json: can't be read")


def test_rules_are_explained_or_written(folder: Path) -> None:
    assert refused("rules", "6.0.0", "--explain", "--write") == (
        "--explain, --write: one prints what the other writes; leave out one."
    )
