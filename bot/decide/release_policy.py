"""Page and directory were read, or couldn't be -> announce, correct, alert, count failures.

Each response is its effects and a sentence for the plan's reason.
"""

from collections.abc import Iterator

from bot.comments import alert as notice_comment
from bot.comments import release as release_comment
from bot.comments.markdown import LIMIT
from bot.comments.pull_requests import LONGEST_DRAFT_NOTE, open_rules_of
from bot.decide.failed_looks import count_failed_looks
from bot.decide.known_releases import Response, changes_of_known_releases, unread
from bot.decide.new_releases import compare_with_known, proposal
from bot.model.announcement import hidden_announcement
from bot.model.effects import CloseThread, Effect, OpenThread, Plan, Refer
from bot.model.events import DetectionFailed, ReleasesRead
from bot.model.facts import Facts
from bot.model.labels import Label, Topic
from bot.model.markers import Marker, MarkerKind
from bot.model.releases import NewRelease
from runners.contract import manifest_path


def releases_read(event: ReleasesRead, facts: Facts) -> Plan:
    """What is new is announced, what changed is said, what is wrong is asked; else nothing."""
    seen = compare_with_known(event.page, event.directory, facts)
    news = [release for release in seen.news if release.release.version in event.schemas]
    done = [
        *(
            Response(f"New: {release.release.version}.", _announce(release, event, facts))
            for release in news
        ),
        *(
            Response(f"Asked for: {release.release.version}.", (_open_known(release, facts),))
            for release in seen.known
        ),
        *_early_notices(event, facts),
        *_close_notices(facts, [release.release.version for release in news]),
        *changes_of_known_releases(event, facts),
    ]
    stuck = [
        *(
            f"{version}: {name} can't be read: waiting."
            for version, name in seen.unreadable.items()
        ),
        *(
            f"{version} waits for its dataset schema: {problem}"
            for version, problem in event.unread.items()
        ),
        *unread(event, facts),
    ]
    waiting = [
        f"{version} is on the page, but not hosted yet: waiting." for version in seen.unhosted
    ]
    waiting += [
        f"A thread about {version} was asked for, but {problem}: waiting."
        for version, problem in seen.unopened.items()
    ]
    sentences = [response.sentence for response in done if response.sentence] or [
        "Nothing new."
    ] * (not stuck)
    reason = " ".join([*sentences, *waiting, *stuck, *_page_refused(event)])
    effects = [effect for response in done for effect in response.effects]
    if event.is_counted:
        effects += count_failed_looks(stuck, facts)
    apart = tuple(len(response.effects) for response in done)
    return Plan(tuple(effects), reason, is_incomplete=bool(stuck), apart=apart)


def detection_failed(event: DetectionFailed, facts: Facts) -> Plan:
    """Nothing but for counting, and asking a person when it goes on."""
    return Plan(count_failed_looks([event.reason], facts), event.reason)


def _page_refused(event: ReleasesRead) -> list[str]:
    if event.refusal is None:
        return []
    return [f"The release page was refused, and its Markdown source read instead: {event.refusal}"]


# --- what is new ----------------------------------------------------------------------------------


def _announce(news: NewRelease, event: ReleasesRead, facts: Facts) -> tuple[Effect, Effect]:
    """The proposal first: a thread is what tells the next look that all of this was done."""
    version = news.release.version
    schema = event.schemas[version]
    body = release_comment.body(
        news,
        schema,
        instance=facts.instance,
        oddities=event.page.warnings,
        manifest_path=manifest_path(version),
        ingest_on_merge=facts.ingest_on_merge,
        undecided=open_rules_of(schema.new.version, facts),
        room=LIMIT
        - len(hidden_announcement(news.record()))
        - (LONGEST_DRAFT_NOTE if schema.draft else 0),
    )
    return (
        proposal(news, schema, facts),
        OpenThread(
            Marker(MarkerKind.RELEASE, version),
            release_comment.title(news),
            body,
            Label.PROPOSED,
            news.record(),
            schema.draft,
        ),
    )


def _open_known(news: NewRelease, facts: Facts) -> OpenThread:
    """A thread about a release whose manifest was merged before there was one."""
    version = news.release.version
    body = release_comment.body_of_known(
        news, instance=facts.instance, asked_by=facts.asked_for[version]
    )
    title = release_comment.title(news)
    marker = Marker(MarkerKind.RELEASE, version)
    return OpenThread(marker, title, body, Label.MERGED, news.record())


def _early_notices(event: ReleasesRead, facts: Facts) -> Iterator[Response]:
    """LTS releases that the directory has and the page hasn't, newer than all that is known.

    Where nothing is known, the newest alone is news here, too.
    """
    listed = {release.version for release in event.page.releases}
    newest = max(listed | facts.known(), default=None)
    hosted = [entry for entry in event.directory.lts() if not entry.retracted]
    early = hosted[-1:] if newest is None else [e for e in hosted if e.version > newest]
    for entry in early:
        if entry.version not in facts.notices:
            opened = OpenThread(
                Marker(MarkerKind.NOTICE, entry.version),
                notice_comment.title(entry),
                notice_comment.body(entry),
                Topic.NOTICE,
            )
            yield Response(f"Early notice: {entry.version}.", (opened,))


def _close_notices(facts: Facts, new: list[str]) -> Iterator[Response]:
    """Notices of releases that have a thread of their own by now are closed and refer to it."""
    for version, thread in sorted(facts.notices.items()):
        marker = Marker(MarkerKind.LISTED, version)
        if marker not in facts.markers and (version in facts.threads or version in new):
            target = Marker(MarkerKind.RELEASE, version)
            referred = Refer(thread, marker, target, notice_comment.listed(version))
            # What was said tells that it was done: it comes last.
            yield Response("", (CloseThread(thread), referred))
