"""A webhook as Slack's: what is posted, tried again or given up, and never printed.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import json
from pathlib import Path

import httpx
import pytest

from bot.adapters.local.ports import local
from bot.adapters.webhook import Webhook
from bot.errors import BotError
from bot.settings import Settings, load_settings

SECRET = "https://hooks.test/services/T0/B0/s3cr3t"


def announces(*answers: httpx.Response | Exception) -> tuple[list[bytes], list[float]]:
    """What was posted while these were answered, and the pauses in between."""
    left, posted = list(answers), list[bytes]()
    slept: list[float] = []

    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("POST", SECRET)
        posted.append(request.read())
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(transport=httpx.MockTransport(handler))
    is_taken = Webhook(SECRET, client, slept.append).announce("A person must look.")
    assert left == []
    assert is_taken == (isinstance(answers[-1], httpx.Response) and answers[-1].is_success)
    return posted, slept


def test_one_json_object_with_the_text_is_posted(capsys: pytest.CaptureFixture[str]) -> None:
    (posted,), slept = announces(httpx.Response(200, text="ok"))
    assert json.loads(posted) == {"text": "A person must look."}
    assert slept == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(429, headers={"Retry-After": "7"}),
        httpx.Response(503),
        httpx.ConnectError(f"no {SECRET}"),
    ],
)
def test_what_surely_wasnt_taken_is_posted_again(
    answer: httpx.Response | Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    posted, slept = announces(answer, httpx.Response(200, text="ok"))
    assert len(posted) == 2
    asked = 7 if isinstance(answer, httpx.Response) and answer.status_code == 429 else 0
    assert asked + 0.5 <= slept[0] <= asked + 1.5
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.Response(404, text="no_service"), "answered 404"),
        (httpx.Response(408), "answered 408"),
        (httpx.Response(504), "answered 504"),
        (httpx.ReadTimeout(f"late {SECRET}"), "gave no answer (ReadTimeout)"),
        (httpx.Response(429, headers={"Retry-After": "3600"}), "answered 429"),
        (UnicodeError("label too long"), "gave no answer (UnicodeError)"),
    ],
)
def test_what_may_have_been_taken_or_never_will_be_is_given_up(
    answer: httpx.Response | Exception, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    posted, slept = announces(answer)
    assert (len(posted), slept) == (1, [])
    said = capsys.readouterr()
    assert said == ("", f"Not announced outside GitHub: the webhook {why}.\n")


def test_after_four_tries_it_gives_up(capsys: pytest.CaptureFixture[str]) -> None:
    posted, slept = announces(*[httpx.ConnectError(SECRET) for _ in range(4)])
    assert (len(posted), len(slept)) == (4, 3)
    assert "s3cr3t" not in "".join(capsys.readouterr())


def test_the_address_comes_from_the_environment_alone_and_is_never_shown(tmp_path: Path) -> None:
    settings = load_settings(environ={"BOT_ANNOUNCE": f" {SECRET}\n"})
    assert settings.announce == SECRET
    outside = local(settings).outside
    assert outside is not None
    assert outside.address == SECRET
    assert "s3cr3t" not in f"{settings!r} {outside!r}"
    with pytest.raises(BotError) as refusal:
        load_settings(environ={"BOT_ANNOUNCE": "s3cr3t"})
    assert "announce: it is no address of a webhook" in str(refusal.value)
    assert "s3cr3t" not in str(refusal.value)
    (tmp_path / "bot.toml").write_text(f'announce = "{SECRET}"')
    with pytest.raises(BotError, match="field announce: no file holds one; give BOT_ANNOUNCE"):
        load_settings(tmp_path / "bot.toml", {})
    assert local(Settings()).outside is None
