"""What the environment says, what holds without it, and what is refused of it."""

from pathlib import Path

import pytest

from runners.contract import ContractError
from runners.settings import REPOSITORY, VARIABLES, Settings, from_environment

SAID = {
    "REFERENCE": ("reference", "/ref", Path("/ref")),
    "CANARY": ("canary", "/seen", Path("/seen")),
    "AWS_ENDPOINT_URL": ("s3_endpoint", "http://s3", "http://s3"),
    "FILE_SECONDS": ("file_seconds", "1.5", 1.5),
    "READER_MEGABYTES": ("reader_megabytes", "100", 100.0),
    "PATIENCE_SECONDS": ("patience_seconds", "3", 3.0),
    "DISCOVER_API": ("discover", "http://api", "http://api"),
    "RELEASE_DIRECTORY": ("release_directory", "/release.json", "/release.json"),
    "GITHUB_API_URL": ("github_api", "http://github", "http://github"),
    "RUNNERS_TOKEN": ("runners_token", "secret-1", "secret-1"),
    "LAMIN_API_KEY": ("lamin_api_key", "secret-2", "secret-2"),
    "COMMIT": ("commit", "abc", "abc"),
    "MACHINE": ("machine", "{}", "{}"),
    "MACHINE_SINCE": ("machine_since", "then", "then"),
}
OF_GITHUB = {
    "GITHUB_REPOSITORY": "a/b",
    "GITHUB_RUN_ID": "7",
    "GITHUB_SHA": "f00",
    "GITHUB_WORKFLOW_REF": "a/b/w.yml@main",
}
NOTHING = Settings(
    reference=REPOSITORY / ".reference", canary=REPOSITORY / ".canary", s3_endpoint=None
)


@pytest.mark.parametrize("variable", SAID)
def test_a_variable_sets_its_own_setting_and_no_other(variable: str) -> None:
    name, text, value = SAID[variable]
    found = from_environment({variable: text})
    usual = {each: getattr(NOTHING, each) for each in vars(NOTHING)}
    assert vars(found) == {**usual, name: value}


def test_without_variables_or_with_empty_ones_the_usual_holds() -> None:
    assert from_environment({}) == NOTHING
    assert from_environment(dict.fromkeys(VARIABLES, "")) == NOTHING
    assert {*SAID, *OF_GITHUB} == set(VARIABLES)
    assert (NOTHING.patience_seconds, NOTHING.file_seconds, NOTHING.reader_megabytes) == (
        600,
        600,
        3072,
    )


@pytest.mark.parametrize("lacking", [None, *OF_GITHUB])
def test_a_workflow_is_its_repository_and_commit_where_both_are_said(lacking: str | None) -> None:
    environment = {name: text for name, text in OF_GITHUB.items() if name != lacking}
    found = from_environment(environment)
    is_known = lacking not in ("GITHUB_REPOSITORY", "GITHUB_SHA")
    assert found.workflow == ("a/b@f00" if is_known else None)
    assert found.job == environment


@pytest.mark.parametrize("text", ["0", "-1", "soon", "inf", "nan"])
@pytest.mark.parametrize(
    ("variable", "unit"),
    [
        ("FILE_SECONDS", "seconds"),
        ("PATIENCE_SECONDS", "seconds"),
        ("READER_MEGABYTES", "megabytes"),
    ],
)
def test_what_is_no_number_above_0_is_refused_by_its_name(
    variable: str, unit: str, text: str
) -> None:
    with pytest.raises(ContractError) as refused:
        from_environment({variable: text})
    assert (
        str(refused.value) == f"{variable}: {text!r} is no number of {unit}; set it to one above 0."
    )


def test_no_secret_is_shown() -> None:
    found = from_environment({"RUNNERS_TOKEN": "secret-1", "LAMIN_API_KEY": "secret-2"})
    assert "secret" not in repr(found)
