"""What is done of each command of the documents: it is run in a prepared world, another test plays
it, or it can't be run here, and why.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

NEEDS_CZI = "needs CZI's validator, whose packages are a registry's"
NEEDS_AWS = "needs an account at AWS"
NEEDS_REGISTRY = "needs a registry of packages"
IS_THE_TESTS = "is what runs this test, or has run it"

NOT_RUN = {
    ".venv/bin/python -m runners.sample.curated /tmp/czi/out --compare": NEEDS_CZI,
    "/tmp/czi/venv/bin/cellxgene-schema": NEEDS_CZI,
    "apt-get install buildah": NEEDS_REGISTRY,
    "aws cloudformation deploy": NEEDS_AWS,
    "aws iam create-service-linked-role": NEEDS_AWS,
    "aws s3 sync": NEEDS_AWS,
    "aws secretsmanager create-secret": NEEDS_AWS,
    "docker load": "needs Docker and the image of a release",
    "docker push": "needs Docker and a registry of images",
    "docker tag": "needs Docker and the image of a release",
    "done": NEEDS_CZI,
    "for f in /tmp/czi": NEEDS_CZI,
    "gh attestation verify": "a name alone; needs a release of this software on GitHub",
    "git diff": "shows what the one who reads it has changed",
    "lamin init": "needs a bucket at AWS, and a database that GitHub's runners reach",
    "lamin login": "needs an account at LaminHub",
    "make bench": "measures for many minutes, and fails nothing",
    "make constraints": NEEDS_REGISTRY,
    "make lint": IS_THE_TESTS,
    "make live": "needs a repository on GitHub",
    "make newest": NEEDS_REGISTRY,
    "make prove": IS_THE_TESTS,
    "make setup": IS_THE_TESTS,
    "make test": IS_THE_TESTS,
    "pip install --group dask": NEEDS_REGISTRY,
    "uv venv": NEEDS_CZI,
}
"""How a command begins -> why it isn't run."""

PLAYED = {
    ". .demo-github/shell": "tests/docs/test_docs_tutorial.py",
    ".venv/bin/python -m bot --settings .demo/bot.toml": "tests/docs/test_docs_tutorial.py",
    ".venv/bin/python -m bot init --app": "tests/flows/test_onboarding_app.py",
    '.venv/bin/python -m bot init --code OWNER/cellxgene-ingestion-bot@"$(git': (
        "tests/docs/test_docs_tutorial.py"
    ),
    ".venv/bin/python -m runners check .demo/": "tests/docs/test_docs_tutorial.py",
    "PYTHONPATH=.:tests:tests/runners .venv/bin/python -m workflows.meaning": (
        "tests/workflows/test_meaning.py"
    ),
    "dask scheduler": "tests/runners/validation/test_cluster.py",
    "dask worker": "tests/runners/validation/test_cluster.py",
    "make demo": "tests/docs/test_docs_tutorial.py",
    "make demo FRESH=1": "tests/test_demo.py",
    "make demo GITHUB=1": "tests/workflows/test_leftovers.py",
    "make demo RELEASE_PAGE": "tests/bot/test_demo_folder.py",
    "make dist": "tests/runners/test_wheel.py",
    "make docs": "tests/docs/test_docs_site.py",
    "make live FAKE=1": "tests/live/test_live.py",
    "make mutants": "tests/mutants/test_mutants.py",
    "runners/launch/with-key.sh": "tests/runners/launch/test_launch_bootstrap.py",
}
"""How a command begins -> the test that plays it."""

NAME = re.compile(r"(bot|runners) .*|python -m (bot|runners)")
"""What names a command, and isn't how it is typed."""

COMMIT = "0123456789abcdef" * 2 + "01234567"


@dataclass(frozen=True)
class Play:
    """How a page's commands are run: the world's name, what stands in place of the page's
    placeholders, and which commands (as the page has them) end otherwise than with 0.
    """

    world: str
    filled: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)


OURS = {"OWNER/NAME": "anonymous/demo"}
NEWER = "2020-07-15"
PLAYS = {
    "README.md": Play("sample", {"FILE...": "mine.h5ad"}),
    "CONTRIBUTING.md": Play("sample", {"/tmp/czi": "czi"}),
    "aws-ec2.md": Play(
        "aws",
        {"BUCKET": "lab-runs", "budget 60": "budget 60 --to made.toml", "DIR": "."}
        | {"runs/ID": "runs/2025-11-08-ingest-4", "--run ID": "--run 2025-11-08-ingest-4"},
        {"python -m runners doctor aws": 1},  # of a stand-in that has no roles
    ),
    "bot.md": Play("plain", {"COMMAND": "doctor"}),
    "by-hand.md": Play(
        "older",
        {**OURS, "MANIFEST": f"runners/releases/{NEWER}.toml"},
        # of one file that is cut short on purpose
        {
            "python -m runners check MANIFEST": 1,
            "python -m runners verify --manifest MANIFEST --instance OWNER/NAME": 1,
        },
    ),
    "check-files.md": Play(
        "sample", {"FILE...": "mine.h5ad"}, {"python -m runners check mine.h5ad pilot.h5ad": 1}
    ),
    "codebuild.md": Play("plain", codes={"python -m bot doctor --aws": 1}),  # no instance there
    "dask.md": Play("plain"),
    "github.md": Play(
        "github",
        {
            "TEAM ../NAME": "TEAM --yes ../NAME",
            "YOURS/NAME": "OWNER/NAME",
            "COMMIT": COMMIT,
            "NEWER": COMMIT[::-1],
        },
        {
            "python -m bot doctor": 1,
            "python -m runners doctor instance --instance OWNER/NAME": 1,  # there is none
        },
    ),
    "judgements.md": Play("plain", {"DOCUMENT": "schema.md"}),
    "own-bucket.md": Play(
        "sample",
        {"MANIFEST": f"runners/releases/{NEWER}.toml"},
        {"python -m runners check MANIFEST": 1},
    ),
    "own-instance.md": Play(
        "newer",
        {**OURS, "RELEASE": NEWER},
        # as above: that file is missing, and no ingest mends it
        {
            "python -m runners survey --instance OWNER/NAME --yes --verify": 1,
            "python -m runners survey --instance OWNER/NAME --backfill": 1,
            "python -m runners survey --instance OWNER/NAME --backfill --yes": 1,
        },
    ),
    "postgresql.md": Play("postgresql"),
    "recovering.md": Play("newer", {"report ID": "report newer", "2025-11-08": NEWER}),
    "runners.md": Play("plain", {"COMMAND": "ingest"}),
    "sagemaker.md": Play("aws", codes={"python -m runners doctor aws": 1}),
    "tutorial.md": Play(
        "github",
        {"YOU/NAME": "OWNER/NAME", "YOU/INSTANCE": "OWNER/INSTANCE", "COMMIT": COMMIT},
        {".venv/bin/python -m bot doctor": 1},
    ),
}
"""Of each page that has commands of other kinds than `make reference` and those above."""


def listed(text: str, table: Mapping[str, str]) -> str | None:
    """The longest key of the table with which the text begins, as whole words or a part of one."""
    return max((key for key in table if text.startswith(key)), key=len, default=None)


def is_run(text: str) -> bool:
    """Whether the text is a command that is run here: no name, and in neither table."""
    is_listed = listed(text, {**NOT_RUN, **PLAYED}) is not None
    return not is_listed and NAME.fullmatch(text) is None
