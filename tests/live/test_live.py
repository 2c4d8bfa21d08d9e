"""`make live`, on the double: it plays to its end, and takes everything away whatever happens."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from fake_github import people
from fake_github.faults import Fault
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, FakeGithub, Pull, Run

from bot.cli.demo_folder import NEWER, OLDER
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind, sign
from live.__main__ import report
from live.fake import doubled, scratch_of
from live.play import Play
from live.scratch import LiveError

VARIABLES = {"BOT_INSTANCE": "lab/scratch", "BOT_INGEST_ON_MERGE": "false"}
RELEASE = "2026-02-01"
MANIFEST = f"runners/releases/{RELEASE}.toml"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(FakeGithub()) as one:
        one.fake.variables = dict(VARIABLES)
        one.fake.run_names = dict.fromkeys(("detect.yml", "commands.yml"), lambda _: "look")
        yield one
        assert one.broken == []


def play_of(server: Server, pause: object = lambda: None) -> Play:
    scratch = scratch_of(server, pause)
    return Play(scratch, "detect.yml", 2, dict(os.environ), lambda _: None)


def proposes(server: Server) -> None:
    """What a look does, by its job's token."""
    fake = server.fake
    if fake.issues:
        return
    fake.branches[f"census/{RELEASE}"] = fake.commit(
        {MANIFEST: "x"}, "Propose", fake.branches["main"]
    )
    head = f"census/{RELEASE}"
    pull = Pull(head, "main", draft=False, head_sha=fake.branches[head])
    texts = {
        kind: sign("Text", Marker(kind, RELEASE))
        for kind in (MarkerKind.MANIFEST, MarkerKind.RELEASE)
    }
    bot = fake.user(ACTIONS)
    people.open_issue(fake, bot, "Census", texts[MarkerKind.MANIFEST], pull=pull)
    people.open_issue(fake, bot, "Census", texts[MarkerKind.RELEASE])
    for run in fake.runs.values():
        people.end(fake, run, "success")


def is_clean(server: Server) -> bool:
    fake = server.fake
    return (
        {issue.state for issue in fake.issues.values()} <= {"closed"}
        and fake.runs == {}
        and not [branch for branch in fake.branches if branch != "main"]
        and MANIFEST not in fake.files("main")
    )


@pytest.mark.prove
@pytest.mark.parametrize("on_aws", [False, True])
def test_it_plays_to_its_end_and_takes_everything_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], on_aws: bool
) -> None:
    with doubled(tmp_path / "live", on_aws=on_aws) as (scratch, environment):
        play = Play(scratch, "detect.yml", 2, environment, click.echo, on_aws=on_aws)
        done = report(play, is_sure=True)
        said = capsys.readouterr().out
        assert done, said
        assert scratch.runs() == []
        assert {one["state"] for one in scratch.listed("/issues", state="all")} == {"closed"}
        assert scratch.blob(f"runners/releases/{NEWER}.toml") is None
        assert scratch.blob(f"runners/releases/{OLDER}.toml")
        assert not list(scratch.listed("/pulls", state="open"))
    assert "as the doubles: the result says “2 of 2 datasets registered”" in said
    assert "played to its end" in said


def test_what_a_flow_that_ends_early_has_made_is_taken_away(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """The merge is never seen to: no workflow answers here."""
    assert not report(play_of(server, lambda: proposes(server)), is_sure=True)
    said = capsys.readouterr().out
    assert "ended early: the label of a merge: not within 10 minutes" in said
    assert "left: " not in said
    assert [issue.pull.merged_as is not None for issue in server.fake.issues.values() if issue.pull]
    assert is_clean(server)


def test_what_cannot_be_taken_away_is_told_and_keeps_nothing_else(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults.append(Fault("DELETE", "/git/refs/heads/census", 422))
    report(play_of(server, lambda: proposes(server)), is_sure=True)
    assert f"left: the branch census/{RELEASE}: DELETE /git/refs" in capsys.readouterr().out
    del server.fake.branches[f"census/{RELEASE}"]
    assert is_clean(server)


def test_what_goes_on_is_cancelled_and_a_journal_stays_until_the_instance_is_rolled_back(
    server: Server,
) -> None:
    """The artifact holds no request, so that the rollback fails."""
    fake, play = server.fake, play_of(server)
    bot = fake.user(ACTIONS)
    look = people.start(fake, "detect.yml", "workflow_dispatch", bot)
    fake.run_names["detect.yml"] = lambda _: f"{RELEASE}-ingest-7 in lab/scratch"
    ingestion = people.start(fake, "detect.yml", "workflow_dispatch", bot)
    people.upload(fake, ingestion, f"run-{RELEASE}-ingest-7", {"journal.jsonl": ""})
    people.end(fake, ingestion, "success")
    play.run_id = f"{RELEASE}-ingest-7"
    play.take_away("lab/scratch")
    assert look.conclusion == "cancelled"
    assert list(fake.runs) == [ingestion.id]
    records, journal = play.left
    assert records.startswith("the instance's records: `runners rollback")
    assert journal.startswith(f"workflow run {ingestion.id}: kept: by its journal")


def test_what_was_dispatched_a_moment_ago_is_cancelled_too(server: Server) -> None:
    """GitHub lists it a little later."""
    fake = server.fake

    late: list[Run] = []

    def lists() -> None:
        if not late:
            late.append(people.start(fake, "detect.yml", "workflow_dispatch", fake.user(ACTIONS)))

    play_of(server, lists).take_away("lab/scratch")
    assert [run.conclusion for run in late] == ["cancelled"]
    assert fake.runs == {}


def test_whatever_ends_it_early_what_is_left_is_said(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """An answer that isn't as it should be, for one."""

    def fails() -> None:
        raise KeyError("head")

    assert not report(play_of(server, fails), is_sure=True)
    assert "ended early: KeyError('head')" in capsys.readouterr().out


def test_a_behaviour_that_is_otherwise_is_told(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """The merge starts a run, though it must not."""

    def goes_on() -> None:
        proposes(server)
        fake = server.fake
        merged = [one for one in fake.issues.values() if one.pull and one.pull.merged_as]
        if merged and not fake.issues[2].labels:
            fake.issues[2].labels.append(Label.MERGED)
            fake.run_names["detect.yml"] = lambda _: f"{RELEASE}-ingest-1 in lab/scratch"
            people.end(
                fake, people.start(fake, "detect.yml", "push", fake.user(ACTIONS)), "success"
            )

    assert not report(play_of(server, goes_on), is_sure=True)
    said = capsys.readouterr().out
    assert "OTHERWISE: with BOT_INGEST_ON_MERGE=false it starts no run" in said
    assert "as the doubles: a merge by a person's token starts `commands`" in said


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"BOT_INGEST_ON_MERGE": "true"}, "BOT_INGEST_ON_MERGE: must be false"),
        ({"LAUNCHER": "ec2"}, "RUNS, LAUNCHER: .* by AWS=1"),
        ({"BOT_INSTANCE": ""}, "BOT_INSTANCE: missing"),
    ],
)
def test_a_repository_that_would_cost_more_is_refused(
    server: Server, variables: dict[str, str], problem: str
) -> None:
    server.fake.variables |= variables
    with pytest.raises(LiveError, match=problem):
        report(play_of(server), is_sure=True)
    assert [one for one in server.asked if not one.startswith("GET ")] == []


def test_a_repository_that_was_played_in_is_refused(server: Server) -> None:
    proposes(server)
    with pytest.raises(LiveError, match="make a repository that is new"):
        report(play_of(server), is_sure=True)


def test_without_a_yes_nothing_is_done(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert not report(play_of(server), is_sure=False)
    assert [one for one in server.asked if not one.startswith("GET ")] == []
