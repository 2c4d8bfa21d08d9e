"""Threads, repository and runs in a folder: read again as they were written."""

import fcntl
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.local.ports import LocalFailureCount, LocalRoles
from bot.adapters.local.repository import LocalRepository
from bot.adapters.local.runs import LocalRuns
from bot.adapters.local.threads import LocalThreads
from bot.census.release import Release
from bot.engine import apply
from bot.errors import BotError
from bot.model.announcement import Announcement, announcement_in
from bot.model.commands import Role
from bot.model.effects import (
    CloseThread,
    Comment,
    CountFailures,
    Effect,
    OpenThread,
    Plan,
    ProposeManifest,
    React,
    Refer,
    SetLabel,
    StartRun,
    UpsertComment,
)
from bot.model.labels import Label, Reaction, Topic
from bot.model.markers import Marker, MarkerKind, sign
from bot.model.ports import MergedManifests, Page, Ports
from runners.contract import ROLLED_BACK, Action, ContractError, RunRequest, lock_name
from runners.registry.lock import hold_lock_file

MARKER = Marker(MarkerKind.RELEASE, "2026-02-01")
REPLY = Marker(MarkerKind.REPLY, "1")
RELEASE = Release("2026-02-01", "2026-02-01", "2.4.0", "7.0.0", 12)
RECORD = Announcement(RELEASE, "s3://soma", "s3://h5ads", None, retracted=False, after="2025-06-01")


class NoPages:
    def get(self, address: str) -> Page:
        raise AssertionError(address)


@pytest.fixture
def threads(tmp_path: Path) -> LocalThreads:
    """One thread of the bot's, and a comment by a person."""
    found = LocalThreads(tmp_path / "threads", "bot", lambda: datetime(2026, 3, 1, tzinfo=UTC))
    found.open("Title", sign("Body", MARKER), Label.PROPOSED)
    found.say(1, "maintainer", "+++\nhello\r\n+++\n")
    return found


@pytest.fixture
def ports(tmp_path: Path, threads: LocalThreads) -> Ports:
    repository = LocalRepository(tmp_path / "repository", tmp_path / "proposals")
    runs, tally = LocalRuns(tmp_path / "runs"), LocalFailureCount(tmp_path / "detection.json")
    return Ports(threads, LocalRoles({}), repository, runs, NoPages(), tally)


def request(run_id: str = "2026-02-01-ingest-1", instance: str = "demo") -> RunRequest:
    return RunRequest(
        run_id=run_id,
        action=Action.INGEST,
        release="2026-02-01",
        manifest="runners/releases/2026-02-01.toml",
        instance=instance,
        requested_by="maintainer",
    )


EFFECTS = [
    OpenThread(Marker(MarkerKind.RELEASE, "2026-08-01"), "T", "B", Label.PROPOSED),
    OpenThread(MARKER, "Title", "Body", Label.PROPOSED),
    ProposeManifest("2026-08-01", 'release = "2026-08-01"\n', {"rules/7.0.0.json": "{}\n"}),
    Comment(1, REPLY, "Hello."),
    UpsertComment(1, REPLY, "Hello."),
    Comment(1, Marker(MarkerKind.CORRECTION, "2026-02-01-1-x"), "Corrected.", RECORD),
    OpenThread(Marker(MarkerKind.NOTICE, "2026-08-01"), "T", "B", Topic.NOTICE),
    OpenThread(Marker(MarkerKind.RELEASE, "2026-09-01"), "T", "B", Label.PROPOSED, RECORD),
    Refer(1, Marker(MarkerKind.LISTED, "2026-02-01"), MARKER, "See #{thread}."),
    CloseThread(1),
    CountFailures(2),
    CountFailures(0),
    React(1, 1, Reaction.SEEN),
    SetLabel(1, Label.RUNNING),
    StartRun(request()),
]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: type(effect).__name__)
def test_each_effect_twice_is_once(effect: Effect, ports: Ports, tmp_path: Path) -> None:
    apply(Plan((effect,), ""), ports)
    once = contents(tmp_path)
    apply(Plan((effect,), ""), ports)
    assert contents(tmp_path) == once


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and when it was written: nothing may even be written again."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_comment_that_was_said_stays_and_an_upserted_one_changes(ports: Ports) -> None:
    apply(Plan((Comment(1, REPLY, "One."), Comment(1, REPLY, "Two.")), ""), ports)
    assert ports.threads.comments(1)[-1].body == sign("One.", REPLY)
    apply(Plan((UpsertComment(1, REPLY, "Three."),), ""), ports)
    assert [comment.body for comment in ports.threads.comments(1)[1:]] == [sign("Three.", REPLY)]


def test_what_is_hidden_in_a_text_comes_back(ports: Ports) -> None:
    apply(Plan((Comment(1, REPLY, "Hello.", RECORD),), ""), ports)
    assert announcement_in(ports.threads.comments(1)[-1].body) == RECORD


def test_a_reference_names_the_targets_thread(ports: Ports) -> None:
    nowhere = Marker(MarkerKind.RELEASE, "2030-01-01")
    listed = Marker(MarkerKind.LISTED, "2026-02-01")
    apply(Plan((Refer(1, REPLY, nowhere, "#{thread}"),), ""), ports)
    apply(Plan((Refer(1, listed, MARKER, "#{thread}"),), ""), ports)
    assert [comment.body for comment in ports.threads.comments(1)[1:]] == [sign("#1", listed)]


def test_a_closed_thread_is_still_found(threads: LocalThreads) -> None:
    threads.close_as(1, "maintainer")
    threads.close(1)
    assert threads.closed() == {1}
    assert threads.marked() == {MARKER: 1}
    assert threads.read(1).labels == ["manifest proposed", "closed"]
    assert 'closed_by = "maintainer"' in (threads.folder / "1" / "thread.md").read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"failed_in_a_row": "2"}', "\x00"])
def test_a_broken_count_is_none(tmp_path: Path, text: str) -> None:
    tally = LocalFailureCount(tmp_path / "detection.json")
    tally.count(2)
    assert tally.failures() == 2
    tally.file.write_text(text)
    assert tally.failures() == 0


def test_a_persons_words_come_back_as_they_were(threads: LocalThreads) -> None:
    (said,) = threads.comments(1)
    assert (said.author, said.body, said.by_bot) == ("maintainer", "+++\nhello\r\n+++\n", False)


def test_a_marker_counts_only_if_the_bot_wrote_it(threads: LocalThreads) -> None:
    other = LocalThreads(threads.folder, "mallory")
    other.open("Forged", sign("x", Marker(MarkerKind.RELEASE, "2027-01-01")), Label.VERIFIED)
    assert threads.marked() == {MARKER: 1}
    assert threads.numbers() == [1, 2]


def test_nobody_speaks_as_the_bot(threads: LocalThreads) -> None:
    with pytest.raises(BotError, match="is the bot's own name"):
        threads.say(1, "bot", "hello")
    with pytest.raises(BotError, match="isn't the bot's"):
        threads.edit(1, 1, "changed")


def test_labels_of_others_stay(threads: LocalThreads) -> None:
    path = threads.folder / "1" / "thread.md"
    path.write_text(path.read_text().replace('"manifest proposed"', '"urgent", "running"'))
    threads.label(1, Label.VERIFIED)
    assert threads.read(1).labels == ["urgent", "verified"]


def test_what_is_left_of_a_killed_write_is_passed_over(threads: LocalThreads) -> None:
    (threads.folder / ".writing-x").mkdir()
    (threads.folder / ".writing-x" / "thread.md").write_text("+++")
    (threads.folder / "1" / "comments" / ".writing-y").write_text("+++")
    assert threads.numbers() == [1]
    assert len(threads.comments(1)) == 1
    assert threads.open("Next", "x", Label.PROPOSED) == 2


def test_the_page_shows_words_and_nothing_else(threads: LocalThreads) -> None:
    threads.say(1, "<b>eve</b>", "<script>x</script> ![p](https://x.test/p.png)")
    page = threads.page(1).read_text()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;b&gt;eve&lt;/b&gt;" in page
    assert "default-src 'none'" in page
    assert "cellxgene-ingestion-bot: release" not in page


def test_a_run_stands_in_the_way_of_another_in_its_instance(tmp_path: Path) -> None:
    runs = LocalRuns(tmp_path)
    runs.start(request())
    with pytest.raises(BotError, match="2026-02-01-ingest-1 is going on in demo since "):
        runs.start(request("2026-02-01-ingest-2"))
    runs.start(request("2026-02-01-ingest-3", "other"))
    assert [run.request.instance for run in runs.all()] == ["demo", "other"]


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    """The folder of a run that a person has started, which has written nothing."""
    asked = request().model_copy(update={"requested_by": None})
    folder = tmp_path / asked.run_id
    folder.mkdir()
    (folder / "request.json").write_text(asked.to_json())
    (folder / "journal.jsonl").touch()
    return folder


def test_a_run_by_hand_that_got_nowhere_is_none(by_hand: Path) -> None:
    runs = LocalRuns(by_hand.parent)
    assert runs.all() == ()
    runs.start(request("2026-02-01-ingest-2"))
    assert [run.request.run_id for run in runs.all()] == ["2026-02-01-ingest-2"]


def test_a_run_by_hand_that_died_is_lost(by_hand: Path) -> None:
    (by_hand / "journal.jsonl").write_text('{"step": "start"}\n')
    (run,) = LocalRuns(by_hand.parent).all()
    assert (run.is_lost, run.has_done_nothing()) == (True, False)


def test_a_run_by_hand_goes_on_while_its_process_holds_the_instance(by_hand: Path) -> None:
    runs = LocalRuns(by_hand.parent)
    with hold_lock_file("demo", runs=by_hand.parent, run_id=by_hand.name):
        (run,) = runs.all()
        assert run.is_going_on()
        with pytest.raises(BotError, match="wait for its report, or end it by `/cancel`"):
            runs.start(request("2026-02-01-ingest-2"))
    with hold_lock_file("demo", runs=by_hand.parent, run_id="another"):
        assert runs.all() == ()
    assert runs.all() == ()


@pytest.mark.parametrize("looks", [1, 2])
def test_a_look_keeps_no_run_from_beginning(
    by_hand: Path, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    """It holds the instance's file for as long as it takes to ask who else does."""
    look = (by_hand.parent / lock_name("demo")).open("w")
    fcntl.flock(look, fcntl.LOCK_SH)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > looks:
            look.close()

    monkeypatch.setattr(time, "sleep", pause)
    with hold_lock_file("demo", runs=by_hand.parent, run_id=by_hand.name):
        assert [run.is_going_on() for run in LocalRuns(by_hand.parent).all()] == [True]
        refused = hold_lock_file("demo", runs=by_hand.parent, run_id="another")
        with pytest.raises(ContractError, match=f"run {by_hand.name} is writing to it"), refused:
            pass
    assert sum(pauses) < 1


def test_a_run_that_was_to_be_cancelled_and_that_nobody_works_on_has_ended(tmp_path: Path) -> None:
    runs = LocalRuns(tmp_path)
    runs.start(request())
    assert [run.is_going_on() for run in runs.all()] == [True]
    with hold_lock_file("demo", runs=tmp_path, run_id="2026-02-01-ingest-1"):
        runs.cancel("2026-02-01-ingest-1")
        assert [run.is_going_on() for run in runs.all()] == [True]
    assert [(run.is_lost, run.has_done_nothing()) for run in runs.all()] == [(True, True)]
    (tmp_path / "2026-02-01-ingest-1" / "journal.jsonl").write_text('{"step": "start"}\n')
    assert [(run.is_lost, run.has_done_nothing()) for run in runs.all()] == [(True, False)]


def test_a_run_that_was_taken_back_before_it_reported_keeps_no_other_out(tmp_path: Path) -> None:
    runs = LocalRuns(tmp_path)
    runs.start(request())
    (tmp_path / "2026-02-01-ingest-1" / ROLLED_BACK).touch()
    (run,) = runs.all()
    assert (run.is_going_on(), run.is_lost, run.taken_back is None) == (False, False, False)
    runs.start(request("2026-02-01-ingest-2"))
    assert [run.is_going_on() for run in runs.all()] == [False, True]


def test_a_broken_report_is_named(tmp_path: Path) -> None:
    runs = LocalRuns(tmp_path)
    runs.start(request())
    (tmp_path / "2026-02-01-ingest-1" / "report.json").write_text("{}")
    with pytest.raises(ContractError, match=r"report.json: field request: field required"):
        runs.all()


def test_a_proposal_that_a_person_edited_stays(ports: Ports, tmp_path: Path) -> None:
    ports.repository.propose(ProposeManifest("2026-08-01", "a"))
    proposed = tmp_path / "proposals" / "2026-08-01" / "2026-08-01.toml"
    assert [path.name for path in proposed.parent.iterdir()] == ["2026-08-01.toml"]
    proposed.write_text("edited")
    ports.repository.propose(ProposeManifest("2026-08-01", "b"))
    assert proposed.read_text() == "edited"


MANIFEST = """\
release = "2026-08-01"
census_schema_version = "2.4.0"
dataset_schema_version = "8.0.0"
dataset_count = 3
storage = {soma = "s3://c/soma/", h5ads = "s3://c/h5ads/"}
"""
CHOICES = [{"answer": "none", "effect": "-"}, {"answer": "some", "effect": "-"}]
ASKED = {"id": "x", "place": "obs: x", "lines": [1, 2], "text": "which?", "choices": CHOICES}
OPEN = json.dumps({"judgements": [ASKED], "answers": {"x": ""}})
DECIDED = json.dumps({"judgements": [ASKED], "answers": {"x": "none"}})


def test_a_merge_takes_the_proposed_rules_along(tmp_path: Path) -> None:
    repository = LocalRepository(
        tmp_path, tmp_path / "proposals", rules_folder=tmp_path / "runners" / "rules"
    )
    repository.propose(ProposeManifest("2026-08-01", MANIFEST, {"rules/8.0.0.json": OPEN}))
    state = repository.merge("2026-08-01")
    assert repository.rules().open == {"8.0.0": ("obs: x: which?",)}
    # Answered on the default branch: the same merge again takes nothing back.
    merged = tmp_path / "runners" / "rules" / "8.0.0.json"
    merged.write_text(DECIDED)
    assert repository.merge("2026-08-01") == state
    assert merged.read_text() == DECIDED
    # Answered in the proposal.
    merged.write_text(OPEN)
    (tmp_path / "proposals" / "2026-08-01" / "rules" / "8.0.0.json").write_text(DECIDED)
    repository.merge("2026-08-01")
    assert repository.rules().open == {"8.0.0": ()}
    # Mended in the proposal, with as many answers.
    mended = DECIDED.replace('"x": "none"', '"x": "some"')
    (tmp_path / "proposals" / "2026-08-01" / "rules" / "8.0.0.json").write_text(mended)
    repository.merge("2026-08-01")
    assert merged.read_text() == mended


def test_broken_rules_arent_merged(tmp_path: Path) -> None:
    repository = LocalRepository(tmp_path, tmp_path / "proposals")
    repository.propose(ProposeManifest("2026-08-01", MANIFEST, {"rules/8.0.0.json": "{"}))
    with pytest.raises(BotError, match=r"8\.0\.0\.json: can't be read as rules"):
        repository.merge("2026-08-01")
    assert repository.manifests() == MergedManifests()


def test_a_broken_proposal_isnt_merged(tmp_path: Path) -> None:
    repository = LocalRepository(tmp_path / "repository", tmp_path / "proposals")
    repository.propose(ProposeManifest("2026-08-01", 'release = "2026-08-01"\n'))
    with pytest.raises(ContractError, match="field census_schema_version"):
        repository.merge("2026-08-01")
    assert repository.manifests() == MergedManifests()


def test_whoever_isnt_named_may_read() -> None:
    role_of: Callable[[str], Role] = LocalRoles({"maintainer": Role.MAINTAIN}).role_of
    assert role_of("maintainer") is Role.MAINTAIN
    assert role_of("anybody") is Role.READ
