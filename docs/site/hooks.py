"""What `make docs` adds to the pages: the parts that are made from the code.

A line `<!-- from the code: NAME -->` stands where such a part goes; an unknown name ends the build.
The quotation below it is for who reads the page in a checkout, and gives way to the part.
MkDocs calls `on_page_markdown`: https://www.mkdocs.org/dev-guide/plugins/#on_page_markdown
"""

import re
from typing import Any

from command_pages import commands_page, thread_commands
from document_pages import documents_page
from mkdocs.exceptions import PluginError
from reference_tables import (
    checks,
    outcomes,
    reasons,
    setting_table,
    statuses,
    variables,
    workflow_variables,
)

from bot.__main__ import GROUPS, NAMES, cli
from runners.cli import commands as runners_commands
from runners.contract import Manifest, RunReport
from runners.contract.launch_toml import Configuration
from runners.contract.rules import Rules

PLACE = re.compile(r"^<!-- from the code: (.+) -->(?:\n> .*)*$", re.MULTILINE)
DIAGRAM = re.compile(r"^```mermaid\nstateDiagram-v2\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ARROW = re.compile(r"^ *(\S+) --> ([^\s:]+)(?:: (.+))?$", re.MULTILINE)
PARTS = {
    "thread commands": thread_commands,
    "commands of the bot": lambda: commands_page(
        cli, NAMES[0], {title: [str(one.name) for one in some] for title, some in GROUPS.items()}
    ),
    "commands of the runners": lambda: commands_page(
        runners_commands.main, runners_commands.NAMES[0], runners_commands.GROUPS
    ),
    "settings": setting_table,
    "variables of the workflows": workflow_variables,
    "variables of the runners": variables,
    "launch.toml": lambda: documents_page(Configuration),
    "manifest": lambda: documents_page(Manifest),
    "rules": lambda: documents_page(Rules),
    "report": lambda: documents_page(RunReport),
    "checks": checks,
    "statuses": statuses,
    "outcomes": outcomes,
    "reasons": reasons,
}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with its parts from the code, and diagrams as tables, which need no script."""
    return DIAGRAM.sub(_table_of, PLACE.sub(_part, markdown))


def _part(place: re.Match[str]) -> str:
    if place[1] not in PARTS:
        raise PluginError(f"docs/site/hooks.py: no part {place[1]!r}; use one of {sorted(PARTS)}.")
    return PARTS[place[1]]()


def _table_of(diagram: re.Match[str]) -> str:
    """A state diagram's arrows. The theme would fetch Mermaid from elsewhere."""
    rows = [
        " | ".join(state.replace("[*]", "-").replace("_", " ") for state in arrow)
        for arrow in ARROW.findall(diagram[1])
    ]
    return "\n".join(["| from | to | by |", "|---|---|---|", *(f"| {row} |" for row in rows)])
