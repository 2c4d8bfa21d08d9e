"""The evaluator of the workflow files' expressions, by the examples of GitHub's document.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from typing import Any

import pytest

from workflows.expressions import evaluate

CONTEXTS = {
    "github": {"ref": "refs/heads/Main", "run_attempt": "1", "event": {"issue": {"n": 3}}},
    "vars": {"EMPTY": "", "NUMBER": "2"},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'It''s open source!'", "It's open source!"),
        ("-9", -9),
        ("null", None),
        ("github.event.issue.n", 3),
        ("github.event.nothing.at.all", None),
        ("vars.UNSET || 'usual'", "usual"),
        ("vars.EMPTY || 'usual'", "usual"),
        ("'a' && 'b' || 'c'", "b"),
        ("'' && 'b' || 'c'", "c"),
        ("!'' && !!'x'", True),
        # Text is compared without its case, and other types as numbers.
        ("github.ref == 'refs/heads/main'", True),
        ("vars.NUMBER == 2", True),
        ("vars.UNSET == ''", True),
        ("vars.UNSET == 0", True),
        ("'x' == 0", False),
        ("true == 'true'", False),
        ("'a' != 'b' == true", True),
        ("contains('Hello world', 'LLO')", True),
        ("""contains(fromJSON('["hosted", "local"]'), vars.UNSET || 'Hosted')""", True),
        ("startsWith('/ingest', '/')", True),
        ("format('{0}-{1}', 'a', github.run_attempt)", "a-1"),
        ("""fromJSON('{"project": "p"}').project""", "p"),
        ("${{ github.run_attempt }}", "1"),
        ("(true || false) && false", False),
        ("true || false && false", True),
    ],
)
def test_it_evaluates_as_github_does(text: str, value: Any) -> None:
    assert evaluate(text, CONTEXTS, {}) == value


@pytest.mark.parametrize("text", ["a b", "needs.x", "nothing()", "'open", "1 <", "(true"])
def test_what_it_doesnt_know_is_refused(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        evaluate(text, CONTEXTS, {})
