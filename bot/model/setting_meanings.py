"""What each setting says, in a maintainer's words: the table of the documentation.

Pure. `bot/settings.py` says how each is read; a test keeps both lists the same.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Meaning(NamedTuple):
    """What a setting says, and what holds without it."""

    says: str
    default: str


MEANINGS: Mapping[str, Meaning] = {
    "instance": Meaning("the LaminDB instance", "`laminlabs/cellxgene`"),
    "github": Meaning("the repository, OWNER/NAME", "none: the bot lives in a folder"),
    "github_token": Meaning("a token for it (from the environment alone)", "none"),
    "github_api": Meaning("the address of GitHub's API", "GitHub's"),
    "github_pace": Meaning("seconds between two writes", "1"),
    "bot": Meaning("the login that goes with the token", "`cellxgene-ingestion-bot`"),
    "announce": Meaning(
        "a webhook's address (from the environment alone), where a person is told what waits for "
        "them",
        "none: nothing is announced",
    ),
    "app_client_id": Meaning(
        "the App's client id, by which `doctor` asks what the App was given", "none: it is unknown"
    ),
    "app_private_key": Meaning(
        "the App's key (from the environment alone), for the same", "none: it is unknown"
    ),
    "runs": Meaning(
        "where the machine writes: `s3://...` or a folder", "artifacts of the workflow runs"
    ),
    "workflow": Meaning(
        "the workflow file of a repository that calls `bot.yml`, as its name or "
        "`github.workflow_ref`",
        "none: this repository's own files",
    ),
    "ingest_on_merge": Meaning("whether a merge starts the ingestion", "true"),
    "launcher": Meaning(
        "where runs work, for what one may take at most: `hosted`, `codebuild`, `ec2`, `sagemaker`",
        "none: it isn't said",
    ),
    "launch_toml": Meaning(
        "the text of `launch.toml`: what a run may take at most", "the file in the working folder"
    ),
    "codebuild": Meaning("for that launcher: the output of its stack, as JSON or a table", "none"),
    "dashboard": Meaning("whether the bot keeps its dashboard", "on GitHub it does"),
    "minimum_roles": Meaning(
        "the least role for a command, where it isn't the usual one", "the table of `/help`"
    ),
    "patch_repository": Meaning("where LaminDB's patch is proposed", "none: it isn't"),
    "patch_token": Meaning(
        "a token that may propose it there (from the environment alone)", "none: it isn't"
    ),
    "lamindb": Meaning(
        "LaminDB's module `_cellxgene.py`: a file or an address", "the installed one"
    ),
    "release_page": Meaning("where releases are announced", "CZI's"),
    "release_page_source": Meaning("its Markdown source, read where the page is refused", "CZI's"),
    "release_directory": Meaning("where releases are listed for programs", "CZI's"),
    "schema_document": Meaning(
        "where a dataset schema document is, with `{version}` in it", "CZI's"
    ),
    "witnesses": Meaning("sources that are heard beside the document", "CZI's"),
    "storage": Meaning(
        "where releases may lie beside the buckets that the release directory names: s3:// "
        "addresses or folders",
        "CZI's two buckets",
    ),
    "previous": Meaning("the release before another, where dates don't tell", "none"),
    "home": Meaning("of the bot that lives in a folder: that folder", "`.bot`"),
    "repository": Meaning("of the bot that lives in a folder: the checkout", "a folder in `home`"),
    "roles": Meaning(
        "of the bot that lives in a folder: who may do what", "everybody has the role *read*"
    ),
}
