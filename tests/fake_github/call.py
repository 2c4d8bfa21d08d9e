"""A request that was found sound, what is answered to it, and how it can be refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fake_github.state import FakeGithub, Issue, Token

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Call:
    fake: FakeGithub
    token: Token
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    def issue(self) -> Issue:
        """The issue or pull request that the path names. Raises RefusedError if there is none."""
        name = "pull_number" if "pull_number" in self.path else "issue_number"
        return found(self.fake.issues, int(self.path[name]))


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


class RefusedError(Exception):
    """A request that isn't carried out; `details` are GitHub's `errors`."""

    def __init__(
        self,
        status: int,
        message: str,
        details: Sequence[Any] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.answer = Answer(status, refusal(message, details), headers or {})


def refusal(message: str, details: Sequence[Any] = ()) -> dict[str, Any]:
    told = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return told | ({"errors": list(details)} if details else {})


def found(things: Mapping[Any, Thing], key: Any) -> Thing:
    """The thing of this key. Raises RefusedError if there is none."""
    if key not in things:
        raise RefusedError(404, "Not Found")
    return things[key]


def invalid(resource: str, name: str, message: str) -> RefusedError:
    """What GitHub says to a field that it doesn't take."""
    detail = {"resource": resource, "code": "custom", "field": name, "message": message}
    return RefusedError(422, "Validation Failed", [detail])


def page(
    call: Call, things: Sequence[Any], *, usual: int = 30, most: int = 100
) -> tuple[Sequence[Any], dict[str, str]]:
    """The asked page of the things, and the header that tells of the others.

    No page has more than `most`, whatever is asked for; it has the `usual` number if nothing is.
    """
    size = min(int(call.query.get("per_page", usual)), most)
    number = int(call.query.get("page", 1))
    last = max(1, -(-len(things) // size))
    places = {"next": number + 1, "last": last} if number < last else {}
    places |= {"prev": number - 1, "first": 1} if number > 1 else {}
    told = ", ".join(f'<{_address(call, n)}>; rel="{rel}"' for rel, n in places.items())
    return things[size * (number - 1) : size * number], {"Link": told} if told else {}


def _address(call: Call, number: int) -> str:
    query = "&".join(f"{k}={v}" for k, v in {**call.query, "page": str(number)}.items())
    return f"{call.fake.address}{call.path['']}?{query}"
