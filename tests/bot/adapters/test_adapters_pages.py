"""Pages from files and over http: whole, or one clear sentence."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from bot.adapters.pages import HttpPages
from bot.errors import BotError
from bot.ports import Page

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
        (httpx.ReadTimeout("slow"), "gave no answer within 30 s, 4 times; try again later."),
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
        (httpx.Response(302, headers={"location": "ftp://x.test/"}), "can't be"),
    ],
)
def test_what_wont_pass_is_not_tried_again(answer: httpx.Response, says: str) -> None:
    reader, slept = answering(*[answer] * 4)
    with pytest.raises(BotError) as refusal:
        reader.get(URL)
    assert says in str(refusal.value)
    if answer.status_code != 302:
        assert slept == []


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


@pytest.mark.parametrize("address", ["ftp://x.test/a", "file:///etc/passwd"])
def test_other_schemes_are_refused(address: str) -> None:
    with pytest.raises(BotError, match="only http, https and files are read"):
        answering()[0].get(address)


def test_text_must_be_utf8() -> None:
    with pytest.raises(BotError, match="isn't UTF-8 text"):
        Page("x", b"\xff\xfe\x00").text()


class Cut(BaseHTTPRequestHandler):
    """Promises more than it sends."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cut() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Cut) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_an_answer_that_breaks_off_is_no_page(cut: str) -> None:
    with pytest.raises(BotError, match="can't be reached"):
        HttpPages(sleep=lambda _: None).get(cut)
