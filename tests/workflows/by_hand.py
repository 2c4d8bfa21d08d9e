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
from fake_github.state import ACTIONS, FakeGithub

from bot.cli.demo import _runners
from bot.cli.demo_folder import DemoFolder
from bot.errors import BotError
from bot.onboarding.files import WORKFLOW
from workflows.act import BOT, ActRepository
from workflows.demo import INSTANCE, _keep, _machine, _variables
from workflows.leftovers import start_over

YOU = "you"
REPOSITORY = f"{YOU}/census"
CALLER = Path(WORKFLOW).name
HELP = "Say: merge NUMBER, look, say NUMBER TEXT, or end."
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
    told: set[str] = field(default_factory=set)

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
        """Says what is new in issues and pull requests, by the first line of each text."""
        for number, one in self.fake.issues.items():
            kind = "pull request" if one.pull else "issue"
            self._once(f"#{number}, {kind}: {one.title}")
            for comment in one.comments:
                who = "the bot" if comment.user.login == ACTIONS else comment.user.login
                self._once(f"#{number}, {who}: {comment.body.splitlines()[0]}")

    def _once(self, line: str) -> None:
        if line not in self.told:
            self.told.add(line)
            click.echo(f"  {line}")


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
    with serving(FakeGithub(REPOSITORY)) as server:
        fake = server.fake
        fake.user(YOU, "admin")
        fake.variables = {n: v for n, v in _variables(folder).items() if n != "RUNS"}
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
