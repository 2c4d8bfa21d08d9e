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
        f'<li><a href="/{fake.full_name}/issues/{one.number}">#{one.number}</a> '
        f"{'pull request' if one.pull else 'issue'}, {one.state}</li>"
        for one in fake.issues.values()
    )
    return f"<!doctype html><title>{fake.full_name}</title><ul>{''.join(rows)}</ul>"


def _thread(one: Issue) -> PageThread:
    labels = [*one.labels, *([one.state] if one.state == "closed" else [])]
    is_bots = one.user.type == "Bot"
    first = PageComment(0, one.user.login, is_bots, one.created, None, (), one.body)
    return PageThread(one.number, one.title, labels, first, tuple(map(_comment, one.comments)))


def _comment(one: Comment) -> PageComment:
    edited = one.updated if one.updated != one.created else None
    signs = tuple(content for _, content in one.reactions)
    return PageComment(
        one.id, one.user.login, one.user.type == "Bot", one.created, edited, signs, one.body
    )
