"""The commands about runs that go on, and those that nobody waits for, each by itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bot_reports import report, request
from click.testing import CliRunner
from fake_github import faults, people
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, FakeGithub, Issue

from bot.adapters.github.ports import Github
from bot.cli.context import LazyContext, on_github
from bot.cli.runs import COMMANDS, _is_unsaid, _is_untold, going_on, lost, rejoin
from bot.cli.workflow import end
from bot.comments.status import LOST, ended
from bot.model.audit_entry import AuditEntry, Decision, hidden_audit_entry
from bot.model.endings import Ending
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind, last_marker, sign
from bot.model.ports import Run
from runners.contract import (
    REMOTE_JOB,
    ROLLED_BACK,
    JobState,
    Machine,
    RemoteJob,
    RunReport,
    TrailLine,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

JOB = RemoteJob(
    run="2026-02-01-ingest-2",
    name="job-1",
    state=JobState.ENDED,
    launched_at=NOON,
    expires_at=NOON + timedelta(hours=1),
    seen_at=NOON,
    machine=Machine(launcher="sagemaker"),
    reason="it died",
    log="https://job.test",
)
WORK = Ending("work", "failure", "https://log.test")
QUIET = JOB.model_copy(update={"reason": None, "log": None})


# --- the commands ---------------------------------------------------------------------------------

RUN_ID = "2026-02-01-ingest-2"
RELEASE = Marker(MarkerKind.RELEASE, "2026-02-01")
RESULT, STATUS = Marker(MarkerKind.RESULT, RUN_ID), Marker(MarkerKind.STATUS, RUN_ID)
SETTLED = ended(request())
ALIVE = JOB.model_copy(
    update={"state": JobState.WORKING, "expires_at": datetime(2100, 1, 1, tzinfo=UTC)}
)
RIGHTS = dict.fromkeys(("issues", "pull_requests", "contents", "actions", "checks"), "write")
JOURNAL = '{"at": "2026-03-01T12:00:00+00:00", "step": "start", "chosen": ["a", "b"]}\n'


@dataclass
class Site:
    """A repository on GitHub, and a folder where its runs are kept."""

    server: Server
    home: Path

    @property
    def fake(self) -> FakeGithub:
        return self.server.fake

    @property
    def bot(self) -> Github:
        return on_github(LazyContext(None))[0]

    def keeps(self, run_id: str = RUN_ID, **files: str) -> None:
        folder = self.home / "runs" / run_id
        folder.mkdir(parents=True, exist_ok=True)
        asked = request(run_id=run_id, release=run_id[:10]).to_json()
        for name, text in {"request.json": asked, **files}.items():
            (folder / name.replace("_", ".")).write_text(text)

    def opens(self, *labels: str, marker: Marker = RELEASE) -> Issue:
        """A thread of the bot's."""
        text = sign("x", marker)
        return people.open_issue(self.fake, self.fake.user(ACTIONS), "T", text, labels)

    def says(self, text: str, marker: Marker, login: str = ACTIONS, thread: int = 1) -> None:
        people.add_comment(self.fake, self.fake.user(login), thread, sign(text, marker))

    def does(self, *words: str, code: int = 0) -> tuple[str, str]:
        """What a command prints, and its outputs."""
        output = self.home / "output"
        output.unlink(missing_ok=True)
        name, *options = words
        command = next(one for one in COMMANDS if one.name == name)
        more = ["--output", str(output)] if name != "watch" else []
        done = CliRunner().invoke(command, [*options, *more], obj=LazyContext(None))
        assert done.exit_code == code, done.output
        return done.output, output.read_text() if output.exists() else ""

    def watches(self) -> int:
        return sum(run.workflow == "reap.yml" for run in self.fake.runs.values())

    def headings(self, thread: int = 1) -> list[str]:
        return [one.body.split("\n")[0] for one in self.fake.issues[thread].comments]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with serving(FakeGithub(now=lambda: NOON)) as server:
        fake = server.fake
        fake.run_names = dict.fromkeys(("ingest.yml", "verify.yml", "reap.yml"), lambda _: "x")
        monkeypatch.setenv("BOT_GITHUB", fake.full_name)
        monkeypatch.setenv("BOT_GITHUB_TOKEN", fake.token(RIGHTS))
        monkeypatch.setenv("GITHUB_API_URL", fake.address)
        monkeypatch.setenv("BOT_GITHUB_PACE", "0")
        monkeypatch.setenv("BOT_BOT", ACTIONS)
        monkeypatch.setenv("BOT_RUNS", str(tmp_path / "runs"))
        (tmp_path / "runs").mkdir()
        yield Site(server, tmp_path)
        assert server.broken == []


@pytest.mark.parametrize(
    ("ending", "job", "found"),
    [
        (WORK, None, WORK),
        (WORK, JOB, Ending("", "ended", "https://job.test", "it died")),
        (
            WORK,
            QUIET,
            Ending(
                "",
                "ended",
                "https://log.test",
                "it ended as if its work were done, and left no report",
            ),
        ),
        (replace(WORK, job="launch"), JOB, replace(WORK, job="launch", why="it died")),
        (replace(WORK, job="launch"), QUIET, replace(WORK, job="launch")),
    ],
)
def test_a_run_without_a_report_is_lost_as_its_job_says(
    site: Site, ending: Ending, job: RemoteJob | None, found: Ending
) -> None:
    event = lost(request(), ending, job, site.bot)
    assert (event.ending, event.job, event.progress.began) == (found, job, None)
    site.keeps(journal_jsonl=JOURNAL)
    told = lost(request(), ending, job, site.bot)
    assert told.progress.began == NOON


def test_what_a_lost_runs_machines_have_cost_is_told(site: Site) -> None:
    launched = TrailLine(at=NOON, run=RUN_ID, act="launched", machine="i-1", why="", price=0.5)
    ended = launched.model_copy(update={"at": NOON + timedelta(hours=3), "act": "ended"})
    trail = "\n".join(line.model_dump_json() for line in (launched, ended))
    site.opens(Label.RUNNING)
    site.keeps(journal_jsonl=JOURNAL, machines_jsonl=trail)
    site.does("progress")
    assert "Its machine has cost an estimated $1.50." in site.fake.issues[1].comments[-1].body


REPORT = report()
ENDED = Run(request(), NOON, REPORT, job=JOB)
GONE = Run(request(), NOON, is_lost=True)


@pytest.mark.parametrize("name", ["report.json", REMOTE_JOB])
def test_a_run_of_which_a_file_cant_be_read_stays_in_sight(site: Site, name: str) -> None:
    site.keeps()
    (site.home / "runs" / RUN_ID / name).write_bytes(b"\xff")
    (run,) = site.bot.runs.all()
    assert (run.report, run.job, run.is_lost) == (None, None, True)


@pytest.mark.parametrize(
    ("run", "said", "is_unsaid"),
    [
        (ENDED, [], True),
        (replace(ENDED, job=None), [], False),
        (replace(ENDED, report=None), [], False),
        (replace(ENDED, request=request(release="2025-02-01")), [], False),
        (ENDED, [("passed", RESULT, ACTIONS)], False),
        (ENDED, [("passed", RESULT, "mallory")], True),
        (ENDED, [("passed", Marker(MarkerKind.RESULT, "another"), ACTIONS)], True),
        (ENDED, [("passed", Marker(MarkerKind.BEGUN, RUN_ID), ACTIONS)], True),
        (ENDED, [(LOST, RESULT, ACTIONS)], True),
        (ENDED, [(LOST, RESULT, ACTIONS), (SETTLED, STATUS, ACTIONS)], True),
        (ENDED, [("passed", RESULT, ACTIONS), (SETTLED, STATUS, ACTIONS)], False),
        (ENDED, [(SETTLED, STATUS, ACTIONS)], False),  # somebody has deleted the result
        (ENDED, [(SETTLED, STATUS, "mallory")], True),
        (ENDED, [("it goes on", STATUS, ACTIONS)], True),
    ],
)
def test_whose_result_isnt_said(
    site: Site, run: Run, said: list[tuple[str, Marker, str]], is_unsaid: bool
) -> None:
    site.opens()
    for one in said:
        site.says(*one)
    assert _is_unsaid(run, site.bot) is is_unsaid


@pytest.mark.parametrize(
    ("label", "said", "is_untold"),
    [
        (Label.RUNNING, [], True),
        (Label.FAILED, [], False),
        (Label.RUNNING, [(RESULT, ACTIONS)], False),
        (Label.RUNNING, [(RESULT, "mallory")], True),
        (Label.RUNNING, [(Marker(MarkerKind.BEGUN, f"{RUN_ID}-refused"), ACTIONS)], False),
        (Label.RUNNING, [(Marker(MarkerKind.BEGUN, f"{RUN_ID}-failed"), ACTIONS)], False),
        (Label.RUNNING, [(Marker(MarkerKind.BEGUN, RUN_ID), ACTIONS)], True),
    ],
)
def test_whose_end_isnt_told(
    site: Site, label: Label, said: list[tuple[Marker, str]], is_untold: bool
) -> None:
    site.opens(label)
    for marker, login in said:
        site.says("x", marker, login)
    assert _is_untold(GONE, site.bot) is is_untold
    assert not _is_untold(replace(GONE, request=request(release="2025-02-01")), site.bot)


def test_how_far_a_run_is_shows_where_it_can_be_read(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = going_on(request(), JOB, site.bot)
    assert (event.request, event.job, event.log) == (request(), JOB, None)
    assert event.progress is not None
    assert event.progress.began is None
    site.keeps(journal_jsonl=JOURNAL)
    read = going_on(request(), None, site.bot).progress
    assert read is not None
    assert read.began == NOON
    monkeypatch.delenv("BOT_RUNS")
    assert going_on(request(), None, site.bot).progress is None


def test_of_runs_that_go_on_the_status_is_written(site: Site) -> None:
    assert site.does("progress") == ("", "")
    site.opens(Label.RUNNING)
    site.keeps(job_json=ALIVE.to_json(), journal_jsonl=JOURNAL)
    printed, outputs = site.does("progress")
    assert outputs == "going-on=true\n"
    assert printed
    assert len(site.headings()) == 1
    site.does("progress")
    assert len(site.headings()) == 1


@pytest.mark.parametrize(
    ("job", "heading"),
    [
        (ALIVE, f"## Run {RUN_ID} works in job-1"),
        (ALIVE.model_copy(update={"expires_at": NOON}), f"## Run {RUN_ID}: no report (ended)"),
        (JOB, f"## Run {RUN_ID}: no report (ended)"),
    ],
)
def test_a_run_goes_on_only_as_long_as_its_job_may(
    site: Site, job: RemoteJob, heading: str
) -> None:
    site.opens(Label.RUNNING)
    site.keeps(job_json=job.to_json())
    asked, summary = site.home / "request.json", site.home / "summary.md"
    asked.write_text(request().to_json())
    needs = json.dumps({"work": {"result": "failure"}})
    words = [str(asked), "--jobs", needs, "--log", "https://log.test", "--summary", str(summary)]
    done = CliRunner().invoke(end, words, obj=LazyContext(None))
    assert done.exit_code == 0, done.output
    assert summary.read_text().startswith(heading)


def test_what_somebody_took_back_goes_on_no_more(site: Site) -> None:
    site.opens()
    site.keeps(**{"job_json": ALIVE.to_json(), ROLLED_BACK.replace(".", "_"): ""})
    assert site.does("progress") == ("", "")


def test_of_a_run_without_a_word_its_end_is_told_once(site: Site) -> None:
    site.opens(Label.RUNNING)
    site.keeps(job_json=JOB.to_json(), journal_jsonl=JOURNAL)
    _, outputs = site.does("progress")
    assert outputs == ""
    (said,) = site.headings()
    assert said.startswith(LOST)
    assert last_marker(site.fake.issues[1].comments[0].body) == RESULT
    assert "it died" in site.fake.issues[1].comments[0].body
    assert site.does("progress") == ("", "")


def test_a_result_that_is_unsaid_is_wanted(site: Site) -> None:
    site.opens()
    site.keeps(job_json=JOB.to_json(), report_json=REPORT.to_json())
    assert site.does("progress") == ("", "going-on=true\n")
    site.says("passed", RESULT)
    assert site.does("progress") == ("", "")


def test_one_that_cannot_be_told_keeps_no_other_from_being_told(site: Site) -> None:
    site.opens(Label.RUNNING)
    site.opens(Label.RUNNING, marker=Marker(MarkerKind.RELEASE, "2025-02-01"))
    site.keeps("2025-02-01-ingest-1", job_json=ALIVE.to_json())
    site.keeps(job_json=ALIVE.to_json())
    place = "/issues/2/comments$"
    site.server.faults.append(faults.Fault("POST", place, 403, times=9))
    printed, outputs = site.does("progress", code=2)
    assert outputs == "going-on=true\n"
    assert len(site.headings()) == 1
    assert printed


# --- jobs that nobody waits for -------------------------------------------------------------------


def cancelled(run_id: str = RUN_ID, decision: Decision = Decision.ACCEPTED) -> str:
    return hidden_audit_entry(AuditEntry("octocat", "write", "/cancel", decision, "", run_id))


def test_jobs_are_named_with_those_that_are_to_end(site: Site) -> None:
    assert site.does("jobs") == ("", "")
    site.opens()
    site.keeps("2026-02-01-ingest-1", job_json=JOB.to_json())
    site.keeps("2026-02-01-ingest-4")
    assert site.does("jobs") == ("", "")
    site.keeps(job_json=ALIVE.to_json())
    site.keeps("2026-02-01-ingest-3", job_json=ALIVE.to_json())
    both = f"{RUN_ID}\n2026-02-01-ingest-3\n"
    assert site.does("jobs") == (both, "open=true\nstop=\n")
    reply = Marker(MarkerKind.REPLY, "1")
    site.says(cancelled(), reply, "mallory")
    site.says(cancelled(decision=Decision.REFUSED), reply)
    assert site.does("jobs") == (both, "open=true\nstop=\n")
    site.opens(marker=Marker(MarkerKind.MANIFEST, "2026-02-01"))
    site.says(cancelled(), reply, thread=2)
    one = both.replace(RUN_ID, f"{RUN_ID} is to end")
    assert site.does("jobs") == (one, f"open=true\nstop={RUN_ID}\n")
    site.says(cancelled("2026-02-01-ingest-3"), reply)
    all_of_them = f"open=true\nstop={RUN_ID},2026-02-01-ingest-3\n"
    assert site.does("jobs")[1] == all_of_them


def test_the_result_that_nobody_has_said_is_fetched(site: Site) -> None:
    file, folder = site.home / "request.json", site.home / "report"
    words = ("ended", str(file), str(folder))
    site.opens()
    assert site.does(*words) == ("", "")
    assert not file.exists()
    site.keeps(job_json=JOB.to_json(), report_json=REPORT.to_json())
    assert site.does(*words) == ("", f"run-id={RUN_ID}\npage=report.html\n")
    assert file.read_text() == request().to_json()
    assert RunReport.from_file(folder / "report.json") == REPORT


def test_a_look_is_asked_for_where_runs_can_be_read(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.does("watch")
    assert site.watches() == 1
    monkeypatch.delenv("BOT_RUNS")
    site.does("watch")
    assert site.watches() == 1


def test_a_command_has_jobs_looked_at_that_nobody_waits_for(site: Site) -> None:
    site.keeps("2026-02-01-ingest-1", job_json=JOB.to_json())
    site.keeps("2026-02-01-ingest-3")
    rejoin(site.bot)
    assert site.watches() == 0
    site.keeps(job_json=ALIVE.to_json())
    rejoin(site.bot)
    assert site.watches() == 1
    site.server.faults.append(faults.Fault("POST", "/dispatches$", 403, times=9))
    rejoin(site.bot)
    assert site.watches() == 1
