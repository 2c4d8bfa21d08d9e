"""Apps that a person has made from a manifest: the page where he says so, and what comes of it.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from fake_github import shapes
from fake_github.call import Answer, Call, Handler, RefusedError
from fake_github.state import App, FakeGithub

PAGE = re.compile(r"(?:/organizations/[^/]+)?/settings/apps/new")
HOUR = timedelta(hours=1)


def asked_for_app(fake: FakeGithub, target: str, body: bytes) -> str | None:
    """Where the browser goes whose person wants the App; None if the page is another."""
    place = urlsplit(target)
    if PAGE.fullmatch(place.path) is None:
        return None
    manifest = json.loads(parse_qs(body.decode())["manifest"][0])
    # Both are named as required; an App without an address for events needs it all the same.
    assert manifest["url"]
    assert manifest["hook_attributes"]["url"]
    code = f"code{fake.new_id()}"
    fake.manifests[code] = (manifest, fake.now())
    state = parse_qs(place.query).get("state", [""])[0]
    return f"{manifest['redirect_url']}?{urlencode({'code': code, 'state': state})}"


def _convert(call: Call) -> Answer:
    """Once, and within the hour.

    https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest
    """
    fake = call.fake
    manifest, made = fake.manifests.pop(call.path["code"], ({}, fake.now()))
    if not manifest or made + HOUR <= fake.now():
        raise RefusedError(404, "Not Found")
    key = generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    told = shapes.made_app(fake, manifest, private.decode())
    permissions = manifest["default_permissions"]
    fake.app = App(told["client_id"], public.decode(), permissions, is_installed=False)
    return Answer(201, told)


HANDLERS: dict[str, Handler] = {"apps/create-from-manifest": _convert}
