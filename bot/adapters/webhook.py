"""Says something at a webhook's address, as Slack and those that are compatible take it.

The address is a secret: it stands in no message. See
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import random

import httpx

from bot.adapters.web import ATTEMPTS, LONGEST_WAIT, PASSING, SECONDS, asked_wait, certificates

# After these it may have been taken, and would be said twice.
UNCERTAIN = frozenset({408, 504})
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def _client() -> httpx.Client:
    agent = {"User-Agent": "cellxgene-ingestion-bot"}
    return httpx.Client(verify=certificates(), timeout=SECONDS, headers=agent)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A place outside GitHub. `client` and `sleep` are replaced in tests."""

    address: str = field(repr=False)
    client: httpx.Client = field(default_factory=_client)
    sleep: Callable[[float], None] = time.sleep

    def announce(self, text: str) -> bool:
        """Whether the text was taken, as far as is known; a failure is a line on stderr.

        Where it surely wasn't taken, it is posted again.
        """
        problem = ""
        for attempt in range(1, ATTEMPTS + 1):
            problem, wait = self._post(text)
            if wait is None or wait > LONGEST_WAIT or attempt == ATTEMPTS:
                break
            self.sleep(wait + 2 ** (attempt - 1) * (0.5 + random()))
        if problem:
            sys.stderr.write(f"Not announced outside GitHub: the webhook {problem}.\n")
        return not problem

    def _post(self, text: str) -> tuple[str, float | None]:
        """What went wrong, if anything; how long to wait before another try, None without one."""
        try:
            answer = self.client.post(self.address, json={"text": text})
        except NOT_SENT:
            return "can't be reached", 0
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return f"gave no answer ({type(error).__name__})", None
        if answer.is_success:
            return "", None
        is_passing = answer.status_code in PASSING - UNCERTAIN
        return f"answered {answer.status_code}", asked_wait(answer) if is_passing else None
