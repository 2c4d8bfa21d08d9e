"""Stands for GitHub's program `gh`: refuses what that would refuse of a command's form, asks the
double what it can be asked, and does nothing else. https://cli.github.com/manual/
"""

import os
import subprocess
import sys
import urllib.request

TAKES = {
    ("api",): (1, {"--jq"}),
    ("auth", "refresh"): (0, {"--scopes", "--hostname"}),
    ("auth", "token"): (0, {"--hostname"}),
    ("variable", "set"): (1, {"--repo", "--body", "--env", "--org"}),
}
"""A command -> how many arguments it wants, and its options, each of which has a value."""


def main(words: list[str]) -> None:
    command = next((key for key in TAKES if tuple(words[: len(key)]) == key), None)
    if command is None:
        sys.exit(f"gh: no command {' '.join(words)}")
    count, options = TAKES[command]
    given, rest, arguments = {}, words[len(command) :], []
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            arguments.append(word)
        elif word not in options or not rest:
            sys.exit(f"gh {' '.join(command)}: no option {word}, or no value for it")
        else:
            given[word] = rest.pop(0)
    if len(arguments) != count:
        sys.exit(f"gh {' '.join(command)}: wants {count} arguments, not {len(arguments)}")
    if command == ("auth", "token"):
        sys.stdout.write(os.environ["GH_TOKEN"])
    elif command == ("api",):
        _ask(arguments[0], given.get("--jq", "."))


def _ask(path: str, query: str) -> None:
    headers = {"Authorization": f"Bearer {os.environ['GH_TOKEN']}"}
    asked = urllib.request.Request(f"{os.environ['GH_API']}/{path}", headers=headers)
    with urllib.request.urlopen(asked) as answer:
        subprocess.run(["jq", "--raw-output", query], input=answer.read(), check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
