"""Threads as issues and pull requests. The bot's own are those that its login has opened."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from github.GithubException import GithubException
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.NamedUser import NamedUser
from github.Repository import Repository

from bot.adapters.github.client import RetryPolicy, login_of, make_once, with_clear_refusals
from bot.comments.result import verdict_in
from bot.comments.status import says_it_never_began
from bot.model.audit_entry import Decision, audit_entry_in
from bot.model.labels import Label, Reaction, Topic
from bot.model.markers import DASHBOARD, NOT_BEGUN, Marker, MarkerKind, last_marker
from bot.model.ports import ThreadComment
from runners.contract import Verdict

UNBEGUN = re.compile(f"(.+)-(?:{'|'.join(NOT_BEGUN)})")
"""The key of the marker of a comment on a run that didn't begin."""
LABELS = frozenset(str(label) for label in Label)


@dataclass(frozen=True, slots=True)
class GithubThreads:
    """The threads of the repository, by number.

    `bot` is the bot's login. It ends in `[bot]`, which no person's can.
    """

    repo: Repository
    bot: str
    patience: RetryPolicy

    @with_clear_refusals
    def marked(self) -> Mapping[Marker, int]:
        threads: dict[Marker, int] = {}
        for issue in self._own_issues():
            marker = last_marker(issue.body or "")
            if marker is not None:
                threads.setdefault(marker, issue.number)
            elif issue.state == "open" and Topic.DASHBOARD in {one.name for one in issue.labels}:
                # A person has replaced its text, which is made anew from facts each time.
                threads.setdefault(DASHBOARD, issue.number)
        return threads

    @with_clear_refusals
    def texts(self) -> Mapping[int, str]:
        return {issue.number: _text(issue.body) for issue in self._own_issues()}

    @with_clear_refusals
    def closed(self) -> frozenset[int]:
        return frozenset(issue.number for issue in self._own_issues() if issue.state == "closed")

    @with_clear_refusals
    def open(self, title: str, body: str, label: Label | Topic) -> int:
        def make() -> int:
            return self.repo.create_issue(title, body, labels=[str(label)]).number

        def look() -> int | None:
            marker = last_marker(body)
            return self.marked().get(marker) if marker else None

        return make_once(make, look, self.patience)

    @with_clear_refusals
    def rewrite(self, thread: int, body: str) -> None:
        self.repo.get_issue(thread).edit(body=body)

    @with_clear_refusals
    def address(self, thread: int) -> str:
        return self.repo.get_issue(thread).html_url

    @with_clear_refusals
    def public_address(self, thread: int) -> str | None:
        return None if self.repo.private else self.address(thread)

    @with_clear_refusals
    def close(self, thread: int) -> None:
        issue = self.repo.get_issue(thread)
        if issue.state != "closed":
            issue.edit(state="closed")

    @with_clear_refusals
    def comments(self, thread: int) -> tuple[ThreadComment, ...]:
        return tuple(map(self._comment_of, self.repo.get_issue(thread).get_comments()))

    @with_clear_refusals
    def comment(self, thread: int, body: str) -> int:
        def make() -> int:
            return self.repo.get_issue(thread).create_comment(body).id

        return make_once(
            make, lambda: self._marked_comment(thread, last_marker(body)), self.patience
        )

    @with_clear_refusals
    def edit(self, thread: int, comment_id: int, body: str) -> None:
        self._comment(thread, comment_id).edit(body)

    @with_clear_refusals
    def react(self, thread: int, comment_id: int, reaction: Reaction) -> None:
        def make() -> bool:
            return bool(self._comment(thread, comment_id).create_reaction(str(reaction)))

        make_once(make, lambda: None, self.patience)  # GitHub itself keeps one of a kind

    @with_clear_refusals
    def label(self, thread: int, label: Label) -> None:
        issue = self.repo.get_issue(thread)
        current = {label.name for label in issue.get_labels()}
        if str(label) not in current:
            make_once(partial(self._add, issue, label), lambda: None, self.patience)
        for other in sorted(current & LABELS - {str(label)}):
            _remove(issue, other)

    def _add(self, issue: Issue, label: Label) -> bool:
        issue.add_to_labels(str(label))
        return True

    @with_clear_refusals
    def labelled(self, label: Label) -> frozenset[int]:
        """The bot's threads that have this label."""
        return frozenset(
            issue.number
            for issue in self._own_issues()
            if str(label) in {one.name for one in issue.labels}
        )

    def accepted_runs(self, release: str | None) -> Mapping[str, str]:
        """The runs that the bot has accepted in the release's threads, or with None in those about
        none, where it can be named; by its own audit entries, each with what was asked.
        """
        entries = filter(None, map(audit_entry_in, self._own_bodies(release)))
        accepted = [entry for entry in entries if entry.decision is Decision.ACCEPTED]
        # What started the run by hand or ended it says less of what it was asked for.
        accepted.sort(key=lambda entry: (bool(entry.proof), not entry.is_cancel))
        return {entry.run_id: entry.asked for entry in accepted}

    def results(self, release: str) -> Mapping[str, Verdict | None]:
        """What the release's runs came to, by the bot's own comments on their results; None of
        those that never began.
        """
        said: dict[str, Verdict | None] = {}
        unbegun, begun = set[str](), set[str]()
        for body in self._own_bodies(release):
            match last_marker(body):
                case Marker(MarkerKind.RESULT, key) if verdict := verdict_in(body):
                    said[key] = verdict
                case Marker(MarkerKind.RESULT, key):
                    (unbegun if says_it_never_began(body) else begun).add(key)
                case Marker(MarkerKind.BEGUN, key) if found := UNBEGUN.fullmatch(key):
                    unbegun.add(found[1])
        return {**dict.fromkeys(unbegun - begun), **said}

    def _own_bodies(self, release: str | None) -> Iterator[str]:
        """What the bot has said in the release's threads; with None, in those about none."""
        kinds = (MarkerKind.RELEASE, MarkerKind.MANIFEST)
        for marker, number in self.marked().items():
            if release == (marker.key if marker.kind in kinds else None):
                yield from (one.body for one in self.comments(number) if one.by_bot)

    def _own_issues(self) -> list[Issue]:
        """The issues and pull requests of the bot's, oldest first."""
        # PyGithub takes a login, and its types don't say so.
        creator = cast("NamedUser", self.bot)
        issues = self.repo.get_issues(state="all", creator=creator, sort="created", direction="asc")
        return [issue for issue in issues if login_of(issue.user) == self.bot]

    def _comment(self, thread: int, comment_id: int) -> IssueComment:
        return self.repo.get_issue(thread).get_comment(comment_id)

    def _comment_of(self, comment: IssueComment) -> ThreadComment:
        author = login_of(comment.user)
        return ThreadComment(
            comment.id, author, _text(comment.body), author == self.bot, comment.created_at
        )

    def _marked_comment(self, thread: int, marker: Marker | None) -> int | None:
        own_comments = (comment for comment in self.comments(thread) if comment.by_bot)
        return next(
            (comment.comment_id for comment in own_comments if marker == last_marker(comment.body)),
            None,
        )


def _text(body: str | None) -> str:
    """The text with the line ends that the bot writes: GitHub keeps those of who edits it."""
    return (body or "").replace("\r\n", "\n")


def _remove(issue: Issue, label: str) -> None:
    try:
        issue.remove_from_labels(label)
    except GithubException as error:
        if error.status != 404:  # else another job has removed it, or we have: the answer was lost
            raise
