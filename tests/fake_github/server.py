"""The double on loopback: every request is checked, allowed, done and answered by GitHub's book.

    with serving(FakeGithub()) as server:
        server.fake.address

What breaks the document is kept in `broken`, and answered with 500: a test must find it empty.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jwt
from loopback import LoopbackServer

from fake_github import actions, app_manifest, code, issues, set_up
from fake_github.app_manifest import asked_for_app
from fake_github.call import Answer, Call, RefusedError, refusal
from fake_github.faults import Fault
from fake_github.pages import page_of
from fake_github.permissions import ANYBODY, JWT, needed
from fake_github.schemas import Operation, answer_problems, operation, request_problems
from fake_github.state import FakeGithub, Token, User

HANDLERS = {
    **issues.HANDLERS,
    **code.HANDLERS,
    **actions.HANDLERS,
    **set_up.HANDLERS,
    **app_manifest.HANDLERS,
}
HOURLY = 5000
NOBODY = Token("", User("", 0, "none"), {}, datetime.max.replace(tzinfo=UTC), False)


@dataclass
class Server:
    """`asked` lists every request that came, as `POST /repos/...`."""

    fake: FakeGithub
    faults: list[Fault] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What GitHub would answer, the deed done."""
        place = urlsplit(target)
        with self.fake.lock:
            self.asked.append(f"{method} {place.path}")
            fault = next(
                (fault for fault in self.faults if fault.matches(method, place.path)), None
            )
            if fault is None:
                return self._done(method, target, headers, body)
            fault.times -= 1
            if fault.after_deed:
                self._done(method, target, headers, body)
            return Answer(fault.status, fault.body(), fault.headers)

    def _done(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        place = urlsplit(target)
        found = operation(method, place.path)
        if found is None:
            self.broken.append(f"{method} {place.path}: no operation that the double knows")
            return Answer(404, refusal("Not Found"))
        one, path = found[0], {name: unquote(value) for name, value in found[1].items()}
        query = dict(parse_qsl(place.query, keep_blank_values=True))
        told = json.loads(body) if body else None
        if problems := request_problems(one, path, query, told):
            return self._breaks(one, problems)
        given = self._carried_out(one, {**path, "": place.path}, query, told, headers)
        if problems := answer_problems(one, given.status, given.body):
            return self._breaks(one, problems)
        return given

    def _carried_out(
        self,
        one: Operation,
        path: Mapping[str, str],
        query: Mapping[str, str],
        body: Any,
        headers: Mapping[str, str],
    ) -> Answer:
        try:
            token = NOBODY if needed(one.id)[0] == ANYBODY else self._token(headers)
            call = Call(self.fake, token, path, query, body)
            self._allow(one, call)
            return HANDLERS[one.id](call)
        except RefusedError as refused:
            return refused.answer

    def _token(self, headers: Mapping[str, str]) -> Token:
        text = headers.get("Authorization", "").split(" ")[-1]
        if text.count(".") == 2:
            return self._of_app(text)
        token = self.fake.tokens.get(text)
        if token is None or token.expires <= self.fake.now():
            raise RefusedError(401, "Bad credentials")
        return token

    def _of_app(self, text: str) -> Token:
        """The App that has signed this, which names itself by its client id and lives ten minutes.

        https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        """
        app = self.fake.app
        try:
            told = jwt.decode(text, app.key if app else "", algorithms=["RS256"])
        except (jwt.PyJWTError, ValueError) as error:
            raise RefusedError(401, "A JSON web token could not be decoded") from error
        if app is None or told["iss"] != app.client_id or told["exp"] - told["iat"] > 660:
            raise RefusedError(401, "A JSON web token could not be decoded")
        user = self.fake.user("our-app[bot]")
        return Token(text, user, {JWT: "read"}, datetime.max.replace(tzinfo=UTC), False)

    def _allow(self, one: Operation, call: Call) -> None:
        permission, level = needed(one.id, of_pull=_is_of_pull(call))
        if permission != ANYBODY and not call.token.may(permission, level):
            message = "Resource not accessible by integration"
            told = {"X-Accepted-GitHub-Permissions": f"{permission}={level}"}
            raise RefusedError(403, message, headers=told)

    def _breaks(self, one: Operation, problems: list[str]) -> Answer:
        self.broken += [f"{one.id}: {problem}" for problem in problems]
        return Answer(500, refusal("; ".join(problems)))


def stored_artifact(path: str) -> int:
    """The number of the artifact that is stored at the path, else 0."""
    name = path.removeprefix("/stored-artifacts/")
    return int(name) if name != path and name.isdecimal() else 0


def _is_of_pull(call: Call) -> bool:
    if "issue_number" in call.path:
        one = call.fake.issues.get(int(call.path["issue_number"]))
        return one is not None and one.pull is not None
    if "comment_id" in call.path:
        return call.fake.issues[issues.comment_of(call).issue].pull is not None
    return False


@contextmanager
def serving(fake: FakeGithub, port: int = 0) -> Iterator[Server]:
    """The double, answering on loopback until the block ends."""
    server = Server(fake)

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            if (html := page_of(fake, self.path)) is not None and self.command == "GET":
                self._send(200, html.encode(), {"Content-Type": "text/html; charset=utf-8"})
                return
            if self.command == "POST" and (back := asked_for_app(fake, self.path, body)):
                self._send(302, b"", {"Location": back})
                return
            if (number := stored_artifact(self.path)) in fake.artifacts:
                # The storage's own signed address refuses a token of GitHub's.
                ok = "Authorization" not in self.headers
                self._send(200 if ok else 403, fake.artifacts[number].data if ok else b"", {})
                return
            given = server.answer(self.command, self.path, dict(self.headers), body)
            data = b"" if given.body is None else json.dumps(given.body).encode()
            told = {"Content-Type": "application/json; charset=utf-8", **_limits(server)}
            self._send(given.status, data, {**told, **given.headers})

        def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Says nothing: `asked` has it all."""

    with LoopbackServer(("127.0.0.1", port), Door) as door:
        fake.address = f"http://127.0.0.1:{door.server_port}"
        thread = Thread(target=door.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            door.shutdown()
            thread.join()


def _limits(server: Server) -> dict[str, str]:
    left = max(0, HOURLY - len(server.asked))
    reset = int(server.fake.now().timestamp()) + 3600
    return {
        "X-RateLimit-Limit": str(HOURLY),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(reset),
    }
