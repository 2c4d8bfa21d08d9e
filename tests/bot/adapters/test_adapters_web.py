"""Pages from files and over http: whole, or one clear sentence."""

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread

import httpx
import pytest
from loopback import LoopbackServer

from bot.adapters import web
from bot.adapters.web import HttpPages
from bot.errors import BotError
from bot.model.ports import Page

URL = "https://pages.test/a"


def pages(handler: Callable[[httpx.Request], httpx.Response]) -> tuple[HttpPages, list[float]]:
    slept: list[float] = []
    transport = httpx.MockTransport(handler)
    client = httpx.Client(transport=transport, follow_redirects=True, max_redirects=2)
    return HttpPages(client, slept.append, largest=100), slept


def answering(*answers: httpx.Response | Exception) -> tuple[HttpPages, list[float]]:
    left = list(answers)

    def handler(_: httpx.Request) -> httpx.Response:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return pages(handler)


def test_a_page_comes_byte_for_byte() -> None:
    reader, slept = answering(httpx.Response(200, content=b"\xc3\xa9\r\n"))
    page = reader.get(URL)
    assert page == Page(URL, b"\xc3\xa9\r\n")
    assert page.text() == "é\r\n"
    assert slept == []


def test_the_blob_sha_is_gits() -> None:
    # echo hello | git hash-object --stdin
    assert Page("x", b"hello\n").blob_sha() == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_what_may_pass_is_tried_again_with_growing_pauses() -> None:
    reader, slept = answering(
        httpx.Response(503), httpx.ConnectError("refused"), httpx.Response(200, content=b"ok")
    )
    assert reader.get(URL).data == b"ok"
    assert len(slept) == 2
    assert 0.5 <= slept[0] < 1.5 <= slept[1] * 1.5


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(502), "answered 502, 4 times; try again later."),
        (httpx.ConnectError("refused"), "can't be reached (refused), 4 times; try again later."),
        (httpx.ReadTimeout("slow"), "gave no answer in time, 4 times; try again later."),
    ],
)
def test_after_four_attempts_it_gives_up(answer: httpx.Response | Exception, says: str) -> None:
    reader, slept = answering(*[answer] * 4)
    with pytest.raises(BotError) as refusal:
        reader.get(URL)
    assert str(refusal.value) == f"{URL}: {says}"
    assert len(slept) == 3


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(404), "answered 404 Not Found; correct the address."),
        (httpx.Response(204), "answered 204 No Content; correct the address."),
        (httpx.Response(200, content=b"x" * 101), "is larger than 100 bytes"),
        (httpx.Response(302, headers={"location": "ftp://x.test/"}), "can't be fetched"),
        (httpx.Response(200, headers={"content-length": "101"}), "is larger than 100 bytes"),
    ],
)
def test_what_wont_pass_is_not_tried_again(answer: httpx.Response, says: str) -> None:
    reader, slept = answering(*[answer] * 4)
    with pytest.raises(BotError) as refusal:
        reader.get(URL)
    assert says in str(refusal.value)
    assert slept == []


@pytest.mark.parametrize("host", [f"{'a' * 64}.test", "a..test", ".test", "xn--", "[::1"])
def test_an_address_whose_host_is_none_is_told(host: str) -> None:
    with pytest.raises(BotError, match=r"can't be fetched \(.*\); correct it\.$"):
        HttpPages(httpx.Client()).get(f"http://{host}/a")


def test_redirects_end() -> None:
    reader, _ = pages(lambda _: httpx.Response(302, headers={"location": URL}))
    with pytest.raises(BotError, match="can't be fetched"):
        reader.get(URL)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(b"hi")
    reader, _ = answering()
    assert reader.get(str(path)).data == b"hi"
    path.write_bytes(b"x" * 101)
    with pytest.raises(BotError, match="is larger than 100 bytes"):
        reader.get(str(path))
    with pytest.raises(BotError, match=r"can't be read \(Is a directory\)"):
        reader.get(str(tmp_path))
    with pytest.raises(BotError, match=r"^~is nobody/a\.html: can't be read"):
        reader.get("~is nobody/a.html")


@pytest.mark.parametrize("address", ["ftp://x.test/a", "file:///etc/passwd"])
def test_other_schemes_are_refused(address: str) -> None:
    with pytest.raises(BotError, match="only http, https and files are read"):
        answering()[0].get(address)


def test_text_must_be_utf8() -> None:
    with pytest.raises(BotError, match="isn't UTF-8 text"):
        Page("x", b"\xff\xfe\x00").text()


# --- what a server may do -------------------------------------------------------------------------


class Server(BaseHTTPRequestHandler):
    """Plays the answers that its server was given, one a request; the last one again and again."""

    def do_GET(self) -> None:
        answers = self.server.answers  # type: ignore[attr-defined]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        with suppress(BrokenPipeError, ConnectionResetError):
            answer(self)

    def log_message(self, *_: object) -> None:
        pass


Answer = Callable[[Server], None]


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer; a `_` in a header's name stands for `-`."""

    def answer(server: Server) -> None:
        server.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            server.send_header(name.replace("_", "-"), value)
        server.end_headers()
        server.wfile.write(body)

    return answer


def drips(server: Server) -> None:
    """Sends a little at a time, always before the client loses patience."""
    server.send_response(200)
    server.end_headers()
    for _ in range(40):
        server.wfile.write(b"x" * 10)
        server.wfile.flush()
        time.sleep(0.02)


def pours(server: Server) -> None:
    """50 MB without saying so before."""
    server.send_response(200)
    server.end_headers()
    for _ in range(50):
        server.wfile.write(b"x" * 1_000_000)


Served = Callable[..., str]


@pytest.fixture
def served() -> Iterator[Served]:
    """Call it with answers for the address of a server on this machine that gives them."""
    with ExitStack() as stack:

        def serve(*answers: Answer) -> str:
            server = stack.enter_context(LoopbackServer(("127.0.0.1", 0), Server))
            server.answers = list(answers)  # type: ignore[attr-defined]
            Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}/"

        yield serve


def test_a_bad_gateway_passes(served: Served) -> None:
    slept: list[float] = []
    address = served(says(502), says(200, b"<html>"))
    assert HttpPages(sleep=slept.append).get(address).data == b"<html>"
    assert len(slept) == 1


def test_an_answer_that_breaks_off_is_no_page(served: Served) -> None:
    address = served(says(200, b"<html>", content_length="1000"))
    with pytest.raises(BotError, match="can't be reached"):
        HttpPages(sleep=lambda _: None).get(address)


@pytest.mark.parametrize(("chance", "pauses"), [(0.0, [7.5, 8.0]), (0.5, [8.0, 9.0])])
def test_a_server_that_wants_time_gets_it_and_more_from_time_to_time(
    served: Served, monkeypatch: pytest.MonkeyPatch, chance: float, pauses: list[float]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(web, "random", lambda: chance)
    address = served(*[says(429, retry_after="7")] * 2, says(200, b"ok"))
    assert HttpPages(sleep=slept.append).get(address).data == b"ok"
    assert slept == pauses


def test_a_server_may_name_a_date(served: Served) -> None:
    slept: list[float] = []
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    address = served(says(503, retry_after=soon), says(200, b"ok"))
    assert HttpPages(sleep=slept.append).get(address).data == b"ok"
    assert 20 < slept[0] < 32


def test_a_server_that_wants_too_much_time_is_left(served: Served) -> None:
    address = served(says(429, retry_after="3600"))
    with pytest.raises(BotError) as refusal:
        HttpPages(sleep=lambda _: pytest.fail("waited")).get(address)
    assert str(refusal.value) == (
        f"{address}: answered 429 and asks to wait 3,600 s; try again then."
    )


@pytest.mark.parametrize(
    "asked",
    [
        "soon",
        "-5",
        "²",
        "Mon, 99 Feb 2026 00:00:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +9999999999999999",
    ],
)
def test_a_wish_that_cant_be_read_is_none(asked: str) -> None:
    slept: list[float] = []
    reader, _ = answering(
        httpx.Response(429, headers={b"retry-after": asked.encode()}),
        httpx.Response(200, content=b"ok"),
    )
    reader = HttpPages(reader.client, slept.append)
    assert reader.get(URL).data == b"ok"
    assert slept[0] < 1.5


def test_a_body_that_never_ends_is_given_up(served: Served) -> None:
    reader = HttpPages(sleep=lambda _: None, seconds=0.1)
    address = served(drips)
    with pytest.raises(BotError) as refusal:
        reader.get(address)
    assert str(refusal.value) == (
        f"{address}: wasn't complete within 0.1 s, 4 times; try again later."
    )


def test_50_mb_are_not_read(served: Served) -> None:
    with pytest.raises(BotError, match="is larger than 20,000,000 bytes"):
        HttpPages(sleep=lambda _: pytest.fail("tried again")).get(served(pours))


def test_a_bomb_is_not_unpacked(served: Served) -> None:
    bomb = gzip.compress(b"x" * 50_000_000, 1)
    assert len(bomb) < 1_000_000
    address = served(says(200, bomb, content_encoding="gzip"))
    with pytest.raises(BotError, match="is larger than 20,000,000 bytes"):
        HttpPages().get(address)


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "application/zip", "video/mp4"])
def test_what_is_no_text_is_refused(served: Served, kind: str) -> None:
    address = served(says(200, b"<html>", content_type=kind))
    with pytest.raises(BotError) as refusal:
        HttpPages(sleep=lambda _: pytest.fail("tried again")).get(address)
    assert str(refusal.value) == f"{address}: is '{kind}', which is no text; correct the address."


@pytest.mark.parametrize(
    "kind",
    [
        "text/html; charset=utf-8",
        "text/plain",
        "application/json",
        "application/xhtml+xml",
        "binary/octet-stream",
    ],
)
def test_texts_have_many_names(served: Served, kind: str) -> None:
    assert HttpPages().get(served(says(200, b"ok", content_type=kind))).data == b"ok"


def test_a_loop_of_redirects_ends(served: Served) -> None:
    address = served(says(302, location="/"))
    with pytest.raises(BotError, match="can't be fetched"):
        HttpPages(sleep=lambda _: pytest.fail("tried again")).get(address)
