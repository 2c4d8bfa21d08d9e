"""A GitHub that fails: before it does what it was asked, or after."""

import re
from dataclasses import dataclass, field
from typing import Any

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."
PRIMARY = "API rate limit exceeded for installation."


@dataclass
class Fault:
    """Answers `status` to the next `times` requests that match, with or without the deed."""

    method: str
    path: str
    status: int
    after_deed: bool = False
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Server Error"

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and bool(re.search(self.path, path))

    def body(self) -> dict[str, Any]:
        return {"message": self.message, "documentation_url": "https://docs.github.com/rest"}


def lost_answer(method: str, path: str, times: int = 1) -> Fault:
    """The deed is done, and the answer is 502."""
    return Fault(method, path, 502, after_deed=True, times=times)


def unavailable(method: str, path: str, times: int = 1) -> Fault:
    """Nothing is done, and the answer is 502."""
    return Fault(method, path, 502, times=times)


def secondary_limit(method: str, path: str, *, retry_after: str | None = None) -> Fault:
    """Too many requests of a kind: 403, with or without the time to wait."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Fault(method, path, 403, headers=headers, message=SECONDARY)


def primary_limit(method: str, path: str, *, reset: int) -> Fault:
    """The hour's requests are used up: 403 until `reset`."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    return Fault(method, path, 403, headers=headers, message=PRIMARY)


def too_many(method: str, path: str, *, retry_after: str | None = None) -> Fault:
    """429, with or without the time to wait."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Fault(method, path, 429, headers=headers, message=SECONDARY)
