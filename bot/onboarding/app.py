"""The GitHub App that speaks for the bot: what it is made from, and what a person does with it.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from bot.doctor.secrets import app_permissions
from bot.onboarding.files import environment_steps

LONGEST_NAME = 34
"""https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/registering-a-github-app"""


def manifest(repository: str, back: str, *, launcher: str | None, web: str) -> Mapping[str, Any]:
    """What the GitHub at `web` makes the App from, as JSON. It sends the browser `back` to that
    address.

    The permissions are those that `doctor` asks for. The App gets no events: workflows have them.
    An address for them is wanted all the same.
    """
    name = f"cellxgene-bot-{repository.replace('/', '-')}"
    home = f"{web}/{repository}"
    return {
        "name": name[:LONGEST_NAME].rstrip("-."),
        "url": home,
        "description": "Speaks for the CELLxGENE ingestion bot.",
        "hook_attributes": {"url": home, "active": False},
        "redirect_url": back,
        "public": False,
        "default_permissions": app_permissions(launcher),
        "default_events": [],
    }


def app_steps(
    repository: str, environment: str, client_id: str, address: str, key: Path
) -> Iterator[str]:
    """What is left to a person, in their order; the first one in a browser."""
    yield f"open {address}/installations/new  # install it in {repository} alone"
    yield from environment_steps(repository, environment)
    yield f"gh variable set BOT_ENVIRONMENT --repo {repository} --body {environment}"
    yield f"gh variable set APP_CLIENT_ID --repo {repository} --body {quote(client_id)}"
    secret = f"gh secret set APP_PRIVATE_KEY --repo {repository} --env {environment}"
    yield f"{secret} < {quote(str(key))}"
    yield f"rm {quote(str(key))}"
