"""A GitHub App made from a manifest: a page on this machine, GitHub's own, and back.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import hmac
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from bot.errors import BotError
from bot.settings import web_of

BACK = "/made"
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class MadeApp:
    """What GitHub says once of a new App; `address` is its page."""

    client_id: str
    address: str
    key: str = field(repr=False)


class _Page:
    """What this machine's page answers. One code is taken, and only with the state that it gave."""

    def __init__(self, place: str, make: Callable[[str], Mapping[str, Any]]) -> None:
        self.state = secrets.token_urlsafe(32)
        self.codes: Queue[str] = Queue()
        self._place, self._make, self._lock = place, make, Lock()
        self._is_done = False

    def answer(self, target: str, host: str | None, own: str) -> tuple[int, str]:
        """Status and HTML. `host` as the browser has it: another name than ours is somebody's who
        lets it lead here, and would read the state.
        """
        if host != own:
            return 403, "This page has another address."
        place = urlsplit(target)
        if place.path == "/":
            return 200, self._form(f"http://{own}{BACK}")
        if place.path != BACK:
            return 404, "There is nothing here."
        return self._taken(parse_qs(place.query))

    def _form(self, back: str) -> str:
        text = escape(json.dumps(self._make(back)))
        return (
            f'<form action="{escape(self._place)}?state={self.state}" method="post">'
            f'<input type="hidden" name="manifest" value="{text}">'
            "<p>GitHub asks for a name, and makes the App.</p><button>Make the App</button></form>"
        )

    def _taken(self, query: Mapping[str, list[str]]) -> tuple[int, str]:
        state, code = (query.get(name, [""])[0] for name in ("state", "code"))
        if not hmac.compare_digest(state.encode(), self.state.encode()):
            return 400, "This isn't an answer to what was asked here; nothing was done."
        if not code:
            return 400, "GitHub gave no code; begin again."
        with self._lock:
            if self._is_done:
                return 410, "That is done already."
            self._is_done = True
        self.codes.put(code)
        return 200, "GitHub has made the App. Go on in the terminal; this page can be closed."


@contextmanager
def _serving(page: _Page) -> Iterator[str]:
    """The page on loopback, at the address."""

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS

        def do_GET(self) -> None:
            own = f"127.0.0.1:{server.server_port}"
            status, body = page.answer(self.path, self.headers.get("Host"), own)
            data = f"<!doctype html><meta charset=utf-8><title>App</title>{body}".encode()
            self.send_response(status)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Says nothing: an address has the code."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def make_app(
    make: Callable[[str], Mapping[str, Any]],
    *,
    organisation: str | None,
    api: str,
    seconds: float,
    say: Callable[[str], None],
) -> MadeApp:
    """The App that a person has GitHub make. `make` is the manifest by the address to come back
    to; `say` is called with that of the page where the person begins.

    Raises:
        BotError: nobody came back in time, or GitHub doesn't give the App's key.
    """
    owner = f"organizations/{quote(organisation, safe='')}/" if organisation else ""
    apps = f"{web_of(api)}/{owner}settings/apps"
    page = _Page(f"{apps}/new", make)
    with _serving(page) as address:
        try:
            say(address)
            code = page.codes.get(timeout=seconds)
        except Empty:
            raise BotError(
                f"Nobody came back from GitHub within {seconds / 60:g} minutes; begin again."
            ) from None
        except KeyboardInterrupt:
            raise BotError(f"Ended. If GitHub has made an App by now, delete it: {apps}") from None
        return _converted(code, api, apps)


def _converted(code: str, api: str, apps: str) -> MadeApp:
    """`apps` is the owner's page of them.

    https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest
    """
    address = f"{api}/app-manifests/{quote(code, safe='')}/conversions"
    rest = f"if GitHub has made an App, delete it ({apps}), and begin again."
    try:
        answer = httpx.post(
            address, headers={"Accept": "application/vnd.github+json"}, timeout=SECONDS
        )
    except httpx.HTTPError as error:
        raise BotError(f"GitHub can't be reached ({type(error).__name__}): {rest}") from error
    if answer.status_code != 201:
        raise BotError(
            f"GitHub gives no App for its code ({answer.status_code}; a code holds once, and for "
            f"an hour): {rest}"
        )
    told = answer.json()
    return MadeApp(told["client_id"], told["html_url"], told["pem"])
