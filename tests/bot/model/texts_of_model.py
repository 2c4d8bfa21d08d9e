"""What texts of people's are taken for: commands, settings, limits of runs, endings, progress."""

import json

from bot.model.commands import Command, parse
from bot.model.endings import ending_of
from bot.model.limits import codebuild_output, run_limits
from bot.model.progress import progress_of
from bot.setting_values import READERS, read_text

COMMANDS = (
    "",
    "hello",
    " /help",
    "//help",
    "/1",
    "/HELP",
    "/help\n/ingest",
    "/help\r\nplease",
    "/help me",
    "/hlep",
    "/zzzzz",
    "/verify",
    "/verify 2026-02-01",
    "/verify 2026-02-01 now",
    "/verify 2026-2-1",
    "/diff",
    "/diff 1.0.0",
    "/diff v1.0.0 2.0.0",
    "/diff 1.0.0 2.0.0 3.0.0",
    "/diff 1.0 2.0.0",
    "/diff 12345.0.0 2.0.0",
    "/ingest",
    "/ingest now",
    "/ingest --limit 1",
    "/ingest --limit=9999999",
    "/ingest --limit 10000000",
    "/ingest --limit 0",
    "/ingest --limit -1",
    "/ingest --limit",
    "/ingest --limit 1 2",
    "/ingest --limit 1 --limit 2",
    "/ingest --only",
    "/ingest --only a,b,,c d --only a e",
    "/ingest --only -a",
    "/ingest --only a /b",
    "/ingest --only=a b",
    "/ingest --dry-run",
    "/ingest --dry-run=yes",
    "/ingest --dry-run yes",
    "/ingest \u2014dry-run",
    "/ingest --dryrun",
    "/ingest --lmit 3",
    "/ingest --zzzzzzz",
    "/ingest --organism homo_sapiens,mus_musculus NCBITaxon:9606",
    "/ingest --organism Homo sapiens",
    '/ingest --organism "Homo  sapiens" mus_musculus',
    "/ingest --organism",
    '/ingest --organism ""',
    '/ingest --collection "A B" \u201cC D\u201d',
    '/ingest --collection A"B',
    '/ingest --collection "A',
    "/ingest --collection 10.1/x https://doi.org/10.1/y DOI:10.1/z",
    "/ingest --collection 01234567-89ab-cdef-0123-456789abcdef",
    f"/ingest --collection {'x' * 500}",
    f"/ingest --collection {'x' * 501}",
    '/ingest --collection "A" --collection A --limit 2 --dry-run --only z',
)
SETTINGS = {
    "instance": ("a/b", "b", "a b", "a/b/c", ""),
    "github": ("a/b", "a", "a/b/c", "ä/b"),
    "github_token": ("x", " "),
    "github_pace": ("0", "60", "60.1", "-0.1", "1.5", "x"),
    "announce": ("https://a.test/b", " http://a.test ", "ftp://a.test", "https://", "https://a b"),
    "runs": ("s3://a/b", "a/b", ""),
    "workflow": ("a.yml", "o/n/.github/workflows/a.yaml@refs/heads/x", "a.txt"),
    "schema_document": ("{version}.md", "https://a/{version}", "a.md"),
    "witnesses": ("gene_info=a.yml", "gene_info=s3://x,ontology_guide=b", "nobody=a", "x"),
    "ingest_on_merge": ("true", "YES", "1", "false", "No", "0", "perhaps", ""),
    "launcher": ("EC2", "hosted", "local", "codebuild", "sagemaker", "mars"),
    "codebuild": ('{"project": "ab"}', '{"project": "a b"}', "{}", "x", "[]", '{"project": 1}'),
    "roles": ("a=read, b = ADMIN", "a=king", "a"),
    "minimum_roles": ("ingest=write", "igest=write", "ingest=king"),
    "previous": ("a=b,c=d", "a="),
    "storage": ("s3://a,s3://b/", "a", ""),
    "patch_repository": ("a/b", "a"),
    "home": ("a", ""),
}
EC2 = '[launch]\nlifetime_hours = 24\nbudget = 60.5\n[launch.ec2]\ntypes = ["a", "b"]\n'
LIMITS = {
    "hosted": ("hosted", None),
    "local": ("local", EC2),
    "CodeBuild": ("codebuild", None),
    "another": ("mars", EC2),
    "no file": ("ec2", None),
    "no TOML": ("ec2", "= x"),
    "no prices": ("ec2", EC2),
    "one price": ("ec2", f"{EC2}[launch.prices]\na = 1\n"),
    "two prices": ("ec2", f"{EC2}[launch.prices]\na = 1\nb = 2.5\n"),
    "prices that are none": ("ec2", f'{EC2}[launch.prices]\na = true\nb = "2"\n'),
    "no launch": ("ec2", "launch = 1"),
    "hours that are none": ("ec2", '[launch]\nlifetime_hours = "24"\nbudget = true\n'),
    "types that are none": ("ec2", "[launch]\nec2 = 1\n"),
    "types that are a number": ("ec2", "[launch.ec2]\ntypes = 1\n"),
    "SageMaker": ("sagemaker", '[launch.sagemaker]\ntype = "a"\n[launch.prices]\na = 3\n'),
}
JOBS = ("plan", "smoke", "launch", "work")
LINES = (
    '{"at": "2026-03-01T12:00:00", "step": "read", "dataset_id": "a", "chosen": ["a", "b"]}',
    '{"at": "2026-03-01T13:00:00+01:00", "step": "written", "dataset_id": "a"}',
    '{"at": "soon", "step": "written", "dataset_id": "b", "chosen": "x"}',
    '{"step": "end", "dataset_id": "a"}',
    "[1]",
    "{",
    '{"at": "2026-03-01T14:00:00+00:00", "step": "end"}',
)


def ended(**results: str) -> str:
    needs = {job: {"result": result} for job, result in results.items()}
    return str(ending_of(json.dumps(needs), "log"))


def told(setting: str, text: str) -> str:
    try:
        return repr(read_text(setting, text))
    except ValueError as error:
        return f"ValueError: {error}"


def parsed(text: str) -> str:
    found = parse(text)
    return f"{found}\n{found!r}" if isinstance(found, Command) else str(found)


def codebuild(price: object) -> str:
    return str(run_limits("codebuild", None, {"project": "ab", "price": price}))


TEXTS = {
    **{f"command {number}: {text!r}"[:60]: parsed(text) for number, text in enumerate(COMMANDS)},
    **{
        f"setting {name}": "\n".join(f"{text!r}: {told(name, text)}" for text in texts)
        for name, texts in SETTINGS.items()
    },
    "settings": "\n".join(READERS),
    **{f"limits: {name}": str(run_limits(*given)) for name, given in LIMITS.items()},
    "limits: CodeBuild's prices": "\n".join(map(codebuild, (None, 1, 0.5, True, "x"))),
    "CodeBuild's output": str(codebuild_output({"project": "x" * 150, "more": 1}))[-20:],
    "endings": "\n".join(
        [
            *(ended(**{job: result}) for job in JOBS for result in ("failure", "cancelled")),
            ended(plan="success", work="failure"),
            ended(smoke="cancelled", work="failure"),
            ended(work="success"),
            ended(),
            str(ending_of("{", "log")),
            str(ending_of("[]", "log")),
            str(ending_of('{"work": {}}', "log")),
        ]
    ),
    "progress": "\n".join(
        str(progress_of("".join(f"{line}\n" for line in LINES[:count])))
        for count in range(len(LINES) + 1)
    ),
    "progress of half a line": str(progress_of(LINES[0])),
}
