"""A set-up for `python -m bot doctor` in which all is well, and which a test may break.

GitHub and pages are doubles; the LaminDB instance is a real one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import forked
import instances
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_github.server import Server, serving
from fake_github.state import App, Environment, FakeGithub
from flows import world as pages
from instances import INSTANCE, REFERENCE, REPOSITORY, Place
from loopback import LoopbackServer

from bot.__main__ import cli
from runners.rules.wheels import newest_rules

WORKFLOWS = ("check.yml", "commands.yml", "detect.yml", "ingest.yml", "reap.yml", "verify.yml")
READING = ("actions", "administration", "checks", "contents", "environments", "issues",
           "pull_requests", "secrets", "variables")  # fmt: skip
WRITING = dict.fromkeys(("actions", "checks", "contents", "issues", "pull_requests"), "write")
MANIFEST = """\
release = "2026-02-01"
census_schema_version = "2.4.0"
dataset_schema_version = "7.0.0"
dataset_count = 12

[storage]
soma = "s3://census/cell-census/2026-02-01/soma/"
h5ads = "s3://census/cell-census/2026-02-01/h5ads/"
"""


@dataclass
class SetUp:
    """A repository on GitHub, pages, and a folder to call the bot in."""

    root: Path
    server: Server
    variables: dict[str, str]
    words: list[str] = field(default_factory=lambda: ["--no-instance"])
    prefix: list[str] = field(default_factory=list)
    place: Place | None = None
    code: Path = REPOSITORY

    @property
    def fake(self) -> FakeGithub:
        return self.server.fake

    def token(self, **changes: str) -> str:
        return self.fake.token({**dict.fromkeys(READING, "read"), **changes}, "maintainer")

    def examined(self, code: int) -> dict[str, dict[str, str]]:
        """Part -> its line."""
        done = self._called(["doctor", "--json", *self.words])
        assert done.stderr == ""
        assert done.returncode == code, done.stdout
        assert self.server.broken == []
        assert {call.split(" ")[0] for call in self.server.asked} <= {"GET"}
        read = [json.loads(line) for line in done.stdout.splitlines()]
        return {line["part"]: line for line in read}

    def _called(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        """In this process, where neither LaminDB nor AWS nor another user or code is wanted."""
        as_new = ["-m", "bot", *words]
        if self.prefix:
            return subprocess.run(
                [*self.prefix, sys.executable, *as_new],
                cwd=self.root,
                env=self.environment,
                text=True,
                capture_output=True,
                check=False,
            )
        if self.place or self.code != REPOSITORY or self.words != ["--no-instance"]:
            return forked.run(as_new, cwd=self.root, env=self.environment)
        with chdir(self.root), patch.dict(os.environ, self.environment, clear=True):
            done = CliRunner().invoke(cli, words)
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    @property
    def environment(self) -> Mapping[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        of_place = self.place.environment if self.place else {}
        own = {**self.variables, "PYTHONPATH": str(self.code), "REFERENCE": str(REFERENCE)}
        return {**kept, **of_place, "no_proxy": "127.0.0.1", **own}


def push(fake: FakeGithub, files: dict[str, str | None]) -> None:
    """To the default branch."""
    branch = fake.default_branch
    fake.branches[branch] = fake.commit(files, "Push", fake.branches[branch])


def calls(it: SetUp, name: str, text: str) -> None:
    """The repository has this one file of the bot's."""
    push(it.fake, {f".github/workflows/{one}": None for one in WORKFLOWS})
    push(it.fake, {f".github/workflows/{name}": text, ".github/workflows/ci.yml": "on: push\n"})
    it.fake.run_names = {name: lambda inputs: "run", "ci.yml": lambda inputs: "run"}


def of_machines(it: SetUp) -> None:
    """All that LAUNCHER=ec2 needs."""
    role = "arn:aws:iam::123456789012:role/bot"
    needs = {"LAUNCHER": "ec2", "RUNS": "s3://ours/runs", "AWS_REGION": "us-west-2"}
    it.fake.variables |= {**needs, "READ_ROLE": role, "LAUNCH_ROLE": role}
    push(it.fake, {"launch.toml": "budget = 1\n"})


def key_pair() -> tuple[str, str]:
    """A private and a public key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


PRIVATE, PUBLIC = key_pair()


class QuietPages(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def site_of_pages(tmp_path: Path) -> Iterator[str]:
    """The address at which page, directory and documents are."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "page.html").write_text(pages.page(pages.entry("2026-02-01")))
    (folder / "release.json").write_text(pages.directory(["2026-02-01"]))
    for version in ("7.0.0", newest_rules().dataset_schema_version):  # the page's, and without it
        (folder / f"{version}.md").write_text(pages.document(version))
    handler = partial(QuietPages, directory=str(folder))
    with LoopbackServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def healthy(tmp_path: Path, site_of_pages: str) -> Iterator[SetUp]:
    """A repository with an App and environments, whose newest release is merged."""
    with serving(FakeGithub()) as server:
        fake = server.fake
        fake.run_names = dict.fromkeys(WORKFLOWS, lambda inputs: "run")
        fake.user("maintainer", "admin")
        push(fake, {f".github/workflows/{name}": "on: push\n" for name in WORKFLOWS})
        push(fake, {"runners/releases/2026-02-01.toml": MANIFEST})
        fake.variables |= {
            "APP_CLIENT_ID": "Iv1.0123456789",
            "BOT_ENVIRONMENT": "bot",
            "BOT_INSTANCE": INSTANCE,
        }
        fake.environments |= {
            "bot": Environment(["main"], secrets={"APP_PRIVATE_KEY"}),
            "instance": Environment(["main"], secrets={"LAMIN_API_KEY"}),
        }
        fake.app = App("Iv1.0123456789", PUBLIC, {**WRITING, "metadata": "read"})
        root = tmp_path / "folder"
        root.mkdir()
        made = SetUp(root, server, {})
        made.variables |= {
            "BOT_GITHUB": fake.full_name,
            "BOT_GITHUB_TOKEN": made.token(),
            "BOT_INSTANCE": INSTANCE,
            "BOT_APP_PRIVATE_KEY": PRIVATE,
            "BOT_RELEASE_PAGE": f"{site_of_pages}/page.html",
            "BOT_RELEASE_DIRECTORY": f"{site_of_pages}/release.json",
            "BOT_SCHEMA_DOCUMENT": f"{site_of_pages}/{{version}}.md",
            "GITHUB_API_URL": fake.address,
        }
        yield made


@pytest.fixture
def own(empty: Place, tmp_path: Path) -> Place:
    """An instance of the test's own, which holds nothing."""
    return instances.copy(empty, tmp_path / "own")
