"""Issues and pull requests as pages for a browser, by the bot's own page of a thread."""

import re

from bot.html.thread_page import PageComment, PageThread, render
from fake_github.state import Comment, FakeGithub, Issue


def page_of(fake: FakeGithub, path: str) -> str | None:
    """The page at the path; None if there is none."""
    if path in {"/", f"/{fake.full_name}", f"/{fake.full_name}/issues"}:
        return _list(fake)
    found = re.fullmatch(rf"/{fake.full_name}/(?:issues|pull)/(\d+)", path)
    one = fake.issues.get(int(found[1])) if found else None
    return render(_thread(one)) if one else None


def _list(fake: FakeGithub) -> str:
    rows = (
        f'<li><a href="/{fake.full_name}/issues/{issue.number}">#{issue.number}</a> '
        f"{'pull request' if issue.pull else 'issue'}, {issue.state}</li>"
        for issue in fake.issues.values()
    )
    return f"<!doctype html><title>{fake.full_name}</title><ul>{''.join(rows)}</ul>"


def _thread(issue: Issue) -> PageThread:
    labels = [*issue.labels, *([issue.state] if issue.state == "closed" else [])]
    is_bots = issue.user.type == "Bot"
    first = PageComment(0, issue.user.login, is_bots, issue.created, None, (), issue.body)
    return PageThread(
        issue.number, issue.title, labels, first, tuple(map(_comment, issue.comments))
    )


def _comment(comment: Comment) -> PageComment:
    edited = comment.updated if comment.updated != comment.created else None
    signs = tuple(content for _, content in comment.reactions)
    return PageComment(
        comment.id,
        comment.user.login,
        comment.user.type == "Bot",
        comment.created,
        edited,
        signs,
        comment.body,
    )
