"""What is made of GitHub's errors: waiting, trying again, and a sentence for a person."""

import time

import pytest
from github.GithubException import (
    GithubException,
    RateLimitExceededException,
    UnknownObjectException,
)
from requests.exceptions import ConnectionError as Unreachable

from bot.adapters.github.client import (
    RetryPolicy,
    is_forbidden,
    login_of,
    make_once,
    sentence_of,
)
from bot.errors import BotError
from bot.model.events import GHOST

NO = "no"


def refused(status: int, message: str = NO, **headers: str) -> GithubException:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return GithubException(status, {"message": message}, told)


def limit(**headers: str) -> RateLimitExceededException:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return RateLimitExceededException(403, {"message": NO}, told)


def waits(*errors: Exception, attempts: int = 4, secondary: float = 60) -> list[float]:
    """How long was waited while each try had one of these errors, and the last was taken."""
    slept: list[float] = []
    left = list(errors)

    def make() -> str:
        if left:
            raise left.pop(0)
        return "made"

    patience = RetryPolicy(attempts, 1.5, secondary, longest=900, sleep=slept.append)
    assert make_once(make, lambda: None, patience) == "made"
    return slept


@pytest.mark.parametrize(
    ("errors", "waited"),
    [
        ((), []),
        ((Unreachable(),), [1.5]),
        ((refused(500), refused(599), refused(502)), [1.5, 3, 6]),
        ((refused(429),), [60]),
        ((refused(429, Retry_After="7"),), [7]),
        ((limit(Retry_After="0"),), [0]),
        ((limit(retry_after="soon"),), [60]),
        ((limit(),), [60]),
        ((limit(Retry_After="900"),), [900]),
        ((limit(X_RateLimit_Remaining="1", X_RateLimit_Reset="9999999999"),), [60]),
        ((limit(X_RateLimit_Remaining="0"),), [1]),
        ((limit(X_RateLimit_Remaining="0", X_RateLimit_Reset="5"),), [1]),
    ],
)
def test_an_error_that_passes_is_waited_for(
    errors: tuple[Exception, ...], waited: list[float]
) -> None:
    assert waits(*errors) == waited


def test_a_limit_is_never_waited_for_shorter_than_another_error() -> None:
    assert waits(limit(), limit(), secondary=2) == [2, 3]


def test_the_hours_limit_is_waited_for_until_its_end() -> None:
    reset = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(time.time()) + 100)}
    (waited,) = waits(limit(**reset))
    assert 95 < waited <= 101


@pytest.mark.parametrize(
    "error",
    [
        refused(400),
        refused(403),
        refused(404),
        refused(422),
        refused(499),
        limit(Retry_After="901"),
        limit(X_RateLimit_Remaining="0", X_RateLimit_Reset="9999999999"),
    ],
)
def test_an_error_that_stays_is_told_at_once(error: GithubException) -> None:
    with pytest.raises(type(error)):
        waits(error)


def test_what_was_made_for_all_that_is_not_made_again() -> None:
    tries: list[str] = []

    def make() -> str:
        tries.append("make")
        raise refused(502)

    def look() -> str | None:
        tries.append("look")
        return "found" if tries.count("look") == 2 else None

    patience = RetryPolicy(3, backoff=0, sleep=lambda _: tries.append("sleep"))
    assert make_once(make, look, patience) == "found"
    assert tries == ["make", "sleep", "look"] * 2
    tries.clear()
    with pytest.raises(GithubException):
        make_once(make, lambda: None, patience)
    assert tries == ["make", "sleep", "make", "sleep", "make"]


def test_another_error_is_not_swallowed() -> None:
    with pytest.raises(BotError):
        waits(BotError("x"))


@pytest.mark.parametrize(
    ("error", "sentence", "is_refusal"),
    [
        (Unreachable(), "GitHub can't be reached (ConnectionError); try again later.", False),
        (
            refused(401),
            "GitHub refuses the token (no): it has ended or isn't one; make another.",
            False,
        ),
        (limit(), "GitHub's rate limit is used up (no); try again later.", False),
        (refused(429), "GitHub's rate limit is used up (no); try again later.", False),
        (
            refused(403),
            "GitHub forbids this to the token (no); it needs the permission more.",
            True,
        ),
        (
            refused(403, X_Accepted_GitHub_Permissions="issues=write"),
            "GitHub forbids this to the token (no); it needs the permission issues=write.",
            True,
        ),
        (
            GithubException(403, "text", None),
            "GitHub forbids this to the token (); it needs the permission more.",
            True,
        ),
        (
            UnknownObjectException(404, {"message": "Not Found"}, {}),
            "GitHub answered 404 (Not Found); mend it or try again.",
            False,
        ),
        (
            GithubException(500, {}, {}),
            "GitHub answered 500 (without a word); mend it or try again.",
            False,
        ),
        (
            GithubException(500, None, {}),
            "GitHub answered 500 (without a word); mend it or try again.",
            False,
        ),
    ],
)
def test_an_error_is_one_sentence(error: Exception, sentence: str, is_refusal: bool) -> None:
    assert sentence_of(error) == sentence
    assert is_forbidden(error) is is_refusal


def test_a_deleted_account_is_a_ghost() -> None:
    assert login_of(None) == GHOST
