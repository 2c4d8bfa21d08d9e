"""The App is made by a person's click at GitHub; its key is kept in one file, and nothing else."""

import html
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from bot_set_ups import PLAIN
from click.testing import CliRunner, Result
from fake_github.faults import Fault
from fake_github.server import Server, serving
from fake_github.state import FakeGithub

from bot.__main__ import cli
from bot.adapters.github.app_manifest import MadeApp, make_app
from bot.adapters.github.set_up import look_at_app
from bot.doctor.secrets import app as judge_app
from bot.errors import BotError
from bot.model.set_up import Installation
from bot.onboarding.app import manifest
from runners.contract import Health

ROOT = Path(__file__).resolve().parents[2]
FORM = re.compile(r'<form action="([^"]+)".*name="manifest" value="([^"]+)"')
WORDS = ("init", "--app", "--repository", "octo/cellxgene", "--key-file", "key.pem")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(FakeGithub()) as one:
        yield one
        assert one.broken == []


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as one:
        yield one


def browser() -> httpx.Client:
    return httpx.Client(trust_env=False)


def clicked(address: str) -> str:
    """Where GitHub sends the browser of a person who has clicked on the page."""
    with browser() as client:
        found = FORM.search(client.get(address).text)
        assert found
        place, text = map(html.unescape, found.groups())
        answer = client.post(place, data={"manifest": text})
        assert answer.status_code == 302
        return answer.headers["Location"]


def made(
    server: Server,
    pool: ThreadPoolExecutor,
    browse: Callable[[str], Any],
    seconds: float = 60,
) -> MadeApp:
    """The App, where the browser does this with the page."""
    browsing: list[Future[Any]] = []
    try:
        return make_app(
            lambda back: manifest("octo/cellxgene", back, launcher=None, web=server.fake.address),
            organisation=None,
            api=server.fake.address,
            seconds=seconds,
            say=lambda address: browsing.append(pool.submit(browse, address)),
        )
    finally:
        browsing[0].result()


def test_an_app_is_made_with_just_what_doctor_asks_for(
    server: Server, pool: ThreadPoolExecutor
) -> None:
    app = made(server, pool, lambda address: httpx.get(clicked(address)))
    assert server.fake.app
    wanted = ("actions", "checks", "contents", "issues", "pull_requests")
    assert server.fake.app.permissions == dict.fromkeys(wanted, "write")
    assert app.key not in repr(app)
    api = server.fake.address
    assert look_at_app("octo/cellxgene", app.client_id, app.key, api) is None
    server.fake.app.is_installed = True
    found = look_at_app("octo/cellxgene", app.client_id, app.key, api)
    assert isinstance(found, Installation)
    (line,) = judge_app(found, app.client_id, "hosted", PLAIN)
    assert line.health is Health.OK
    (line,) = judge_app(found, app.client_id, "ec2", PLAIN)
    assert "it lacks administration (write)" in line.sentence


def test_machines_of_ec2_want_one_permission_more() -> None:
    told = manifest(
        "octo/cellxgene", "http://127.0.0.1:1/made", launcher="ec2", web="https://ghe.test"
    )
    assert told["default_permissions"]["administration"] == "write"
    assert told["public"] is False
    assert told["url"] == told["hook_attributes"]["url"] == "https://ghe.test/octo/cellxgene"
    assert len(manifest("o/" + "n" * 100, "", launcher=None, web="")["name"]) <= 34


def test_an_answer_to_what_was_not_asked_is_refused_and_the_right_one_taken_once(
    server: Server, pool: ThreadPoolExecutor
) -> None:
    seen = []

    def browse(address: str) -> None:
        place = httpx.URL(clicked(address))
        for state in ("", "other", "ö"):
            wrong = place.copy_set_param("state", state)
            seen.append(httpx.get(wrong).status_code)
        seen.append(httpx.get(place.copy_set_param("code", "")).status_code)
        seen.append(httpx.get(f"{address}favicon.ico").status_code)
        seen.append(httpx.get(address, headers={"Host": "evil.example:1"}).status_code)
        with server.fake.lock:  # GitHub takes its time with the App, and the page is still there
            seen.extend(httpx.get(place).status_code for _ in range(2))

    assert made(server, pool, browse).client_id
    assert seen == [400, 400, 400, 400, 404, 403, 200, 410]
    assert len(server.asked) == 1


def test_nobody_comes_back(server: Server, pool: ThreadPoolExecutor) -> None:
    with pytest.raises(BotError, match=r"Nobody came back from GitHub within 0\.005 minutes"):
        made(server, pool, str, seconds=0.3)
    assert server.asked == []


@pytest.mark.parametrize("fault", ["late", "unavailable"])
def test_a_code_that_gives_nothing_is_told(
    server: Server, pool: ThreadPoolExecutor, fault: str
) -> None:
    def browse(address: str) -> None:
        place = clicked(address)
        if fault == "late":
            (code,) = server.fake.manifests
            told, when = server.fake.manifests[code]
            server.fake.manifests[code] = (told, when - timedelta(hours=1))
        else:
            server.faults.append(Fault("POST", "/conversions$", 502))
        httpx.get(place)

    number = 404 if fault == "late" else 502
    with pytest.raises(BotError, match=rf"no App for its code \({number};.*delete it") as refusal:
        made(server, pool, browse)
    assert f"({server.fake.address}/settings/apps)" in str(refusal.value)


# --- the command ----------------------------------------------------------------------------------


def begun(server: Server, folder: Path, *words: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "BOT_GITHUB_API": server.fake.address,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *WORDS, "--yes", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def ended(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """What came of a command that asks nobody to click."""
    monkeypatch.chdir(tmp_path)
    environment = {"BOT_GITHUB_API": server.fake.address}
    return lambda *words: CliRunner().invoke(cli, [*WORDS, *words], env=environment)


def address_of(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    found = re.search(r"http://127\.0\.0\.1:\d+/", running.stdout.readline())
    assert found, running.communicate()
    return found[0]


def test_the_key_is_in_its_file_alone_and_the_commands_lead_on(
    server: Server, tmp_path: Path
) -> None:
    running = begun(server, tmp_path, "--organisation", "--environment", "speaks")
    with browser() as client:
        address = address_of(running)
        page = client.get(address).text
        assert f"{server.fake.address}/organizations/octo/settings/apps/new" in page
        assert f"&quot;{server.fake.address}/octo/cellxgene&quot;" in page
        client.get(clicked(address))
    said, problem = running.communicate(timeout=30)
    assert (running.returncode, problem) == (0, "")
    key = tmp_path / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert list(tmp_path.iterdir()) == [key]
    assert "PRIVATE KEY-----" not in said
    assert server.fake.app
    client_id = server.fake.app.client_id
    assert f"gh variable set APP_CLIENT_ID --repo octo/cellxgene --body {client_id}\n" in said
    put = "gh secret set APP_PRIVATE_KEY --repo octo/cellxgene --env speaks < key.pem\n"
    assert put in said
    assert "gh variable set BOT_ENVIRONMENT --repo octo/cellxgene --body speaks\n" in said
    assert said.index("environments/speaks") < said.index(put) < said.index("rm key.pem")


def test_who_ends_it_leaves_nothing(server: Server, tmp_path: Path) -> None:
    running = begun(server, tmp_path)
    address_of(running)
    running.send_signal(signal.SIGINT)
    _, problem = running.communicate(timeout=30)
    assert running.returncode == 2
    apps = f"{server.fake.address}/settings/apps"
    assert problem == f"Ended. If GitHub has made an App by now, delete it: {apps}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_never_written_over(
    ended: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text("hers")
    done = ended("--yes")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "key.pem: File exists; name another, or take away what is there, and run it again.\n"
    )
    assert (tmp_path / "key.pem").read_text() == "hers"


def test_a_file_in_no_folder_is_told_before_there_is_an_app(ended: Callable[..., Result]) -> None:
    done = ended("--yes", "--key-file", "none/key.pem")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "none/key.pem: No such file or directory; name one that is there, or a place where it can "
        "be made, and run it again.\n"
    )


def test_without_yes_it_says_what_the_app_may_and_makes_nothing(
    ended: Callable[..., Result], tmp_path: Path
) -> None:
    done = ended("--organisation")
    said = done.stdout
    assert (done.exit_code, done.stderr) == (0, "")
    told = manifest("octo/cellxgene", "", launcher=None, web="")
    assert said.startswith(
        f"An App of its organisation for octo/cellxgene, named {told['name']}, which may:\n"
    )
    for name, level in told["default_permissions"].items():
        assert f"  {name}: {level}\n" in said
    assert "--yes" in said
    assert "127.0.0.1" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("--code", "octo/bot@" + "a" * 40), "--code"),
        (("--instance", "lab/db"), "--instance"),
        (("--owner", "@a"), "--owner"),
        (("--pull-request",), "--pull-request"),
        (("--update",), "--update"),
        (("--no-look",), "--look"),
        (("here",), "FOLDER"),
    ],
)
def test_what_an_app_has_no_use_for_is_refused(
    ended: Callable[..., Result], words: tuple[str, ...], name: str
) -> None:
    done = ended("--yes", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"{name}: doesn't go with --app; leave it out.\n"
