"""A thread -> one HTML page that needs nothing else: plain, readable, in light and in dark.

Pure. Must not let through any HTML that a person wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from bot.adapters.markup import to_html
from bot.comments.counting import moment
from bot.comments.escape import one_line

SIGNS = {"eyes": "👀", "rocket": "🚀", "hooray": "🎉", "confused": "😕"}
STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --dim: #59636e;
  --link: #0969da; --text: #1f2328; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #161b22; --dim: #9198a1;
  --link: #4493f8; --text: #e6edf3; --back: #0d1117; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; line-height: 1.3; } h3 { font-size: 1.05rem; margin-top: 1.6rem; }
a { color: var(--link); }
.label { display: inline-block; border: 1px solid var(--line); border-radius: 1rem;
  padding: 0 .6rem; font-size: .85rem; margin-right: .3rem; }
article { border: 1px solid var(--line); border-radius: .4rem; margin: 1.2rem 0; }
article > header { background: var(--soft); color: var(--dim); padding: .4rem 1rem;
  border-bottom: 1px solid var(--line); border-radius: .4rem .4rem 0 0; font-size: .9rem; }
article > header b { color: var(--text); }
article > div { padding: .2rem 1rem .6rem; overflow-x: auto; }
article > footer { padding: 0 1rem .6rem; }
table { border-collapse: collapse; margin: .6rem 0; font-size: .92rem; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
th { background: var(--soft); white-space: nowrap; }
td[style*="right"] { white-space: nowrap; }
code { overflow-wrap: anywhere; }
code { font: .88em ui-monospace, monospace; background: var(--soft); padding: .1em .3em;
  border-radius: .25rem; }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; border-radius: .4rem; }
pre code { padding: 0; background: none; }
summary { cursor: pointer; font-weight: 600; margin: .6rem 0; }
details { border-left: 3px solid var(--line); padding-left: .8rem; margin: .6rem 0; }
blockquote { color: var(--dim); border-left: 3px solid var(--line); margin-left: 0;
  padding-left: .8rem; }
"""


@dataclass(frozen=True, slots=True)
class PageComment:
    comment_id: int
    author: str
    by_bot: bool
    created: datetime
    edited: datetime | None
    reactions: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class PageThread:
    """A thread as it is read: its first text, then the comments in order."""

    number: int
    title: str
    labels: Sequence[str]
    first: PageComment
    comments: tuple[PageComment, ...]


def render(thread: PageThread) -> str:
    """The whole page."""
    title = escape(one_line(thread.title))
    labels = "".join(f'<span class="label">{escape(one_line(x))}</span>' for x in thread.labels)
    articles = "\n".join(_article(one) for one in (thread.first, *thread.comments))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{title} · thread {thread.number}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{title} <small>#{thread.number}</small></h1>\n<p>{labels}</p>\n"
        f"{articles}\n</body>\n</html>\n"
    )


def _article(one: PageComment) -> str:
    kind = ' <span class="label">bot</span>' if one.by_bot else ""
    edited = f", edited {moment(one.edited)}" if one.edited else ""
    place = f"comment {one.comment_id}" if one.comment_id else "opened this thread"
    anchor = f' id="comment-{one.comment_id}"' if one.comment_id else ""
    signs = "".join(
        f'<span class="label" title="{escape(name)}">{SIGNS.get(name, escape(name))}</span>'
        for name in one.reactions
    )
    footer = f"<footer>{signs}</footer>\n" if signs else ""
    return (
        f"<article{anchor}>\n<header><b>{escape(one_line(one.author))}</b>{kind} · {place} · "
        f"{moment(one.created)}{edited}</header>\n"
        f"<div>\n{to_html(one.body, by_bot=one.by_bot)}</div>\n{footer}</article>"
    )
