"""An empty repository on GitHub's double, for a person to prepare: `make demo GITHUB=empty`.

What one would do on GitHub's pages is said in lines here; the rest is done by the bot's own
commands in another shell, by the variables in the file that this writes.
"""

import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import rich_click as click
from fake_github import people
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, Environment, FakeGithub

from bot.cli.demo import _runners
from bot.cli.demo_folder import DemoFolder
from bot.errors import BotError
from bot.onboarding.files import WORKFLOW
from workflows.acceptance import accepted
from workflows.act import BOT, ActRepository
from workflows.demo import INSTANCE, _keep, _machine, _variables
from workflows.leftovers import start_over

YOU = "you"
REPOSITORY = f"{YOU}/census"
CALLER = Path(WORKFLOW).name
HELP = "Say: merge NUMBER, look, say NUMBER TEXT, accept NUMBER because TEXT, or end."
KEY = "LAMIN_API_KEY"
MAY = dict.fromkeys(
    ("contents", "pull_requests", "workflows", "issues", "actions", "checks"), "write"
) | dict.fromkeys(("administration", "environments", "secrets", "variables"), "read")
"""What the person's token may do."""


@dataclass
class Play:
    """The repository, and what was said of it so far. Workflows run once there is their file."""

    folder: DemoFolder
    server: Server
    repo: ActRepository | None = None
    told: dict[str, str] = field(default_factory=dict)

    @property
    def fake(self) -> FakeGithub:
        return self.server.fake

    def do(self, line: str) -> bool:
        """Does what the line says; whether it may go on."""
        try:
            return self._do(line)
        except BotError as error:
            click.echo(str(error))
            return True

    def _do(self, line: str) -> bool:
        match line.split(maxsplit=2):
            case ["end"]:
                return False
            case ["merge", number] if number.isdecimal():
                self._merge(int(number))
            case ["look"]:
                self._needs_workflow()
                people.dispatch(self.fake, self.fake.user(YOU), CALLER, {})
            case ["say", number, text] if number.isdecimal():
                self._needs_workflow()
                self._there(int(number))
                people.comment(self.fake, YOU, int(number), text)
            case ["accept", number, text] if number.isdecimal() and text.split()[1:]:
                self._accept(int(number), text)
            case _:
                raise BotError(HELP)
        self._deliver()
        return True

    def _there(self, number: int) -> None:
        if number not in self.fake.issues:
            raise BotError(f"There is no #{number}; there is {', '.join(self._numbers())}.")

    def _numbers(self) -> list[str]:
        return [f"#{number}" for number in self.fake.issues] or ["none so far"]

    def _needs_workflow(self) -> None:
        if self.repo is None:
            raise BotError(f"{REPOSITORY} has no {WORKFLOW}; have it proposed, and merge that.")

    def _merge(self, number: int) -> None:
        self._there(number)
        one = self.fake.issues[number]
        if one.pull is None or one.state != "open":
            raise BotError(f"#{number} is no open pull request.")
        people.merge(self.fake, YOU, number)

    def _accept(self, number: int, text: str) -> None:
        """Proposes the manifest with what failed in the release's issue of this number."""
        word, because = text.strip().split(maxsplit=1)
        if word != "because":
            raise BotError(HELP)
        self._there(number)
        files = self.fake.files(self.fake.default_branch)
        changed = accepted(self.fake.issues[number].comments, files, because)
        title = f"Accept what failed in #{number}"
        people.propose(self.fake, YOU, f"accept-{len(self.fake.issues)}", changed, title=title)

    def _deliver(self) -> None:
        text = self.fake.files(self.fake.default_branch).get(WORKFLOW)
        if self.repo is None and text is not None:
            self.repo = self._started(text)
        if self.repo is not None:
            for one in self.repo.deliver():
                click.echo(f"  {one}  (its log: {self.repo.logs[-1]})")
        self._tell()

    def _started(self, text: str) -> ActRepository:
        if f"{BOT}/.github/workflows/bot.yml@" not in text:
            raise BotError(
                f"{WORKFLOW} calls another bot than {BOT}, as which this checkout stands."
            )
        variables, machine = self.fake.variables, _machine(self.folder)
        return ActRepository(
            self.folder.home / "jobs", self.server, variables, machine, {CALLER: text}
        )

    def _tell(self) -> None:
        """Says what is new or was changed in issues and pull requests, by a line of each."""
        for number, one in self.fake.issues.items():
            kinds = ["pull request" if one.pull else "issue", *one.labels]
            kinds += ["merged"] if one.pull and one.pull.merged_as else []
            line = f"#{number}, {', '.join(kinds)}: {one.title}"
            self._tell_of(f"#{number}", line, line)
            for comment in one.comments:
                key = f"comment {comment.id}"
                who = "the bot" if comment.user.login == ACTIONS else comment.user.login
                edited = ", edited" if key in self.told else ""
                line = f"#{number}, {who}{edited}: {comment.body.splitlines()[0]}"
                self._tell_of(key, line, comment.body)

    def _tell_of(self, key: str, line: str, text: str) -> None:
        if self.told.get(key) != text:
            self.told[key] = text
            click.echo(f"  {line}")


def prepared(folder: DemoFolder) -> FakeGithub:
    """The repository as one has it who has done what `bot init` leaves to a person; without a file
    of the bot's.
    """
    fake = FakeGithub(REPOSITORY)
    fake.user(YOU, "admin")
    fake.variables = {n: v for n, v in _variables(folder).items() if n != "RUNS"}
    fake.environments = {"instance": Environment([fake.default_branch], secrets={KEY})}
    return fake


def shell_variables(fake: FakeGithub, folder: DemoFolder) -> str:
    """What the other shell needs to reach this repository, its pages and the instance."""
    machine, variables = _machine(folder), _variables(folder)
    values = {
        "BOT_GITHUB": REPOSITORY,
        "BOT_GITHUB_API": fake.address,
        "BOT_GITHUB_TOKEN": fake.token(MAY, YOU),
        "BOT_INSTANCE": variables["BOT_INSTANCE"],
        **{name: value for name, value in machine.items() if name.startswith("BOT_")},
        "LAMIN_SETTINGS_DIR": machine["LAMIN_SETTINGS_DIR"],
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def play(home: Path, lines: Iterable[str]) -> None:
    """Does what the lines say, until they end; the pages are left in `home`/pages."""
    folder = DemoFolder(home.resolve())
    _runners(folder, "sample", str(folder.world))
    _runners(folder, "instance", INSTANCE.partition("/")[2], str(folder.home / "instance"))
    with serving(prepared(folder)) as server:
        fake = server.fake
        file = folder.home / "shell"
        file.write_text(shell_variables(fake, folder), encoding="utf-8")
        game = Play(folder, server)
        click.secho(f"\nGitHub is at {fake.address}/{REPOSITORY}/issues", bold=True)
        click.echo(f"In another shell, say `. {file}`, and go on as the tutorial does. {HELP}")
        try:
            for line in lines:
                if not game.do(line):
                    break
        finally:
            if game.repo is not None:
                game.repo.stop()
            _keep(fake, folder.home / "pages")
    click.echo(f"What it held is kept as pages: read {folder.home / 'pages' / 'index.html'}")


@click.command()
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), required=True)
def main(home: Path) -> None:
    """Wait with an empty repository on GitHub's double. Starts over each time."""
    try:
        start_over(home)
        play(home, iter(sys.stdin.readline, ""))
    except BotError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(prog_name="python -m workflows.by_hand")
