"""What is broken by `make mutants`, and which tests are asked about it."""

import ast
import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from mutants import files, trial
from mutants.__main__ import CHECKOUT, Mutant, accepted, in_turn, invented, main, sample
from mutants.areas import SOURCES, WIDER, groups_of_tests, modules
from mutants.faults import Faults
from mutants.trial import Answer, Copy

BREAKS = {
    "a = 1": {"2", "(0)"},
    "a = b < 1": {"<= 1", "2", "(0)"},
    "a = b and not c": {"b or not c", "(b)", "(not c)", "c"},
    "a = True": {"False"},
    "f(1, b=c)": {"pass", "f(b=c)", "f(1, )", "2", "(0)"},
    "f(b=c)": {"pass", "f()"},
    "f(a, strict=True)": {"pass", "f(strict=True)"},
    "f(encoding=b)": {"pass"},
    "raise a": {"pass"},
    "a = [b for b in c if d]": {"for b in c "},
    "a = b if c else d": {"b if (c) and False else d", "b if (c) or True else d"},
    "if a:\n    b()": {"if True:\n    b()", "if False:\n    b()", "pass"},
    "def f() -> int:\n    return a": {"return"},
    "def f() -> None:\n    return": set(),
    "for a in b:\n    continue": {"break"},
    "a: Literal[1]": set(),
    "assert a == 1": set(),
    '"""Words."""': set(),
    "import a": set(),
    "@cache(1)\nclass A: ...": set(),
}
"""Code -> what a part of it is made."""


FEWEST = 3
SHARE = 0.5
"""So low that chance, which chooses others of a changed module, doesn't decide; one more may go
unnoticed, where a slow machine answers few.
"""


@pytest.mark.parametrize(("code", "breaks"), BREAKS.items())
def test_each_rule_breaks_what_it_is_about(code: str, breaks: set[str]) -> None:
    faults = Faults(f"{code}\n")
    found = [fault for line in faults.lines() for fault in faults.at(line)]
    assert {fault.after.strip() for fault in found} == {after.strip() for after in breaks}
    for fault in found:
        assert ast.dump(ast.parse(fault.text)) != ast.dump(ast.parse(code))


READS = "import pytest\n@pytest.fixture\ndef it(): assert open('.github/x.yml').read() == 'right'\n"


@pytest.mark.parametrize(
    ("test", "is_killed"),
    [
        (f"{READS}def test_it(it): ...", True),
        ("assert open('.github/x.yml').read() == 'right'\ndef test_it(): ...", False),
    ],
)
def test_a_fault_of_a_file_is_noticed_by_a_test_that_fails(
    tmp_path: Path, test: str, is_killed: bool
) -> None:
    """One that can't be collected says nothing of the fault."""
    copy = tmp_path / "copy"
    (copy / ".github").mkdir(parents=True)
    (copy / ".github/x.yml").write_text("right")
    (copy / "tests/workflows").mkdir(parents=True)
    (copy / "tests/workflows/test_meaning.py").write_text(test)
    assert files.is_killed(copy, ".github/x.yml", "wrong") is is_killed
    assert (copy / ".github/x.yml").read_text() == "right"


@pytest.mark.prove
def test_every_module_is_of_one_area_and_has_tests() -> None:
    found = modules(CHECKOUT)
    assert set(found) == set(SOURCES) == set(WIDER)
    paths = [path for of_area in found.values() for path in of_area]
    files = [*(CHECKOUT / "bot").rglob("*.py"), *(CHECKOUT / "runners").rglob("*.py")]
    assert sorted(paths) == sorted(
        file.relative_to(CHECKOUT).as_posix() for file in files if file.stat().st_size
    )
    for path in ("bot/engine.py", "runners/registry/terms.py", "runners/contract/report.py"):
        near, every = (groups_of_tests(CHECKOUT, path, is_near=some) for some in (True, False))
        asked = [file for group in every for file in group]
        assert near == every[: len(near)]
        assert len(set(asked)) == len(asked) > 0


@pytest.mark.prove
def test_the_tests_of_a_module_come_first_and_what_takes_long_later() -> None:
    first, *_ = groups_of_tests(CHECKOUT, "runners/run/journal.py", is_near=False)
    assert "tests/runners/run/test_journal.py" in first
    every = groups_of_tests(CHECKOUT, "runners/registry/terms.py", is_near=False)
    (place,) = (
        n for n, group in enumerate(every) if "tests/runners/ingest/test_ingest.py" in group
    )
    assert place > 0


def test_whole_texts_are_asked_about_what_they_are_made_from() -> None:
    near = groups_of_tests(CHECKOUT, "bot/model/effects.py", is_near=True)
    assert "tests/bot/decide/test_plans_whole.py" in [file for group in near for file in group]


@pytest.mark.prove
def test_the_same_seed_gives_the_same_faults() -> None:
    once, again, other = ([*sample(seed, "census", 2)] for seed in (1, 1, 2))
    assert once == again != other
    assert len({str(mutant) for mutant in once}) == 2


@pytest.mark.prove
def test_a_sample_that_is_cut_short_is_of_all_areas() -> None:
    schema, census = ([*sample(1, area, count)] for area, count in (("schema", 3), ("census", 1)))
    assert in_turn([schema, census]) == [schema[0], census[0], schema[1], schema[2]]


def test_none_is_asked_about_when_the_time_is_up() -> None:
    ended = CliRunner().invoke(main, ["--area", "census", "--count", "1", "--minutes", "0"])
    assert ended.exit_code == 0, ended.output
    assert ended.output.splitlines()[0] == "census: 0 of 0 noticed"


def _listed(tmp_path: Path, *entries: tuple[str, str, str]) -> Path:
    listed = tmp_path / "faults.json"
    listed.write_text(
        json.dumps([dict(zip(("path", "old", "new"), e, strict=True)) for e in entries])
    )
    return listed


def test_faults_that_a_reader_thought_of_are_asked_about_area_by_area(tmp_path: Path) -> None:
    text = (CHECKOUT / "bot/engine.py").read_text()
    line = next(line for line in text.splitlines() if text.count(line) == 1 and "import" in line)
    listed = _listed(
        tmp_path,
        ("bot/engine.py", line, "import other"),
        ("bot/schema/spec.py", "class Requirement(", "class Requirements("),
        ("bot/engine.py", f"{line}\n", ""),
    )
    (first, third), (second,) = invented(listed)
    assert [one.area for one in (first, second, third)] == ["bot", "schema", "bot"]
    assert (first.fault.code, first.fault.before, first.fault.after) == (line, line, "import other")
    assert text.splitlines()[first.fault.line - 1] == line
    assert first.fault.text == text.replace(line, "import other")
    assert third.fault.text == text.replace(f"{line}\n", "")


def test_a_fault_that_has_no_one_place_is_refused(tmp_path: Path) -> None:
    listed = _listed(tmp_path, ("bot/engine.py", "nowhere", ""))
    ended = CliRunner().invoke(main, ["--faults", str(listed)])
    assert ended.exit_code == 2
    said = " ".join(ended.output.replace("\u2502", " ").split())  # in a frame
    assert "bot/engine.py has this 0 times, and must have it once: 'nowhere'" in said


@pytest.mark.parametrize(
    "text", ["[", "[1]", '[{"path": "bot/engine.py", "old": "x"}]', '[{"path": "no.py"}]', "{}{"]
)
def test_a_list_that_is_none_of_faults_is_refused_in_one_sentence(
    tmp_path: Path, text: str
) -> None:
    listed = tmp_path / "faults.json"
    listed.write_text(text)
    ended = CliRunner().invoke(main, ["--faults", str(listed)])
    assert ended.exit_code == 2
    said = "".join(ended.output.replace("\u2502", " ").split())
    assert "faults.json:isnolistoffaults(" in said
    assert "givepath,oldandnewofeach." in said


@pytest.mark.prove
def test_most_faults_of_a_sample_are_noticed_soon() -> None:
    """What all tests notice is more, and what `make mutants` is for."""
    limits = ["--seconds", "120", "--each", "40", "--minutes", "4"]
    ended = CliRunner().invoke(main, ["--near", "--jobs", "1", "--count", "40", *limits])
    answers = [line.split()[0] for line in ended.output.splitlines()]
    noticed, unnoticed = answers.count("noticed"), answers.count("UNNOTICED")
    assert noticed + unnoticed >= FEWEST, ended.output
    assert noticed >= SHARE * (noticed + unnoticed) - 1, ended.output


@pytest.mark.prove
def test_what_is_accepted_can_still_happen() -> None:
    """A fault that nothing can make any more is taken out of the list."""
    for entry, reason in accepted().items():
        path, code, _ = entry.split(": ", 2)
        text = (CHECKOUT / path).read_text()
        lines = [n for n, own in enumerate(text.splitlines(), start=1) if code in own]
        faults = Faults(text)
        every = (Mutant("", path, one) for line in lines for one in faults.at(line))
        assert entry in {mutant.lasting_name for mutant in every}, entry
        assert reason


def test_a_broken_text_has_a_second_of_its_own_so_that_no_bytecode_stands_for_it(
    tmp_path: Path,
) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "m.py").write_text("a = 1\n")
    for words in (("init", "-q"), ("add", "m.py")):
        subprocess.run(["git", *words], cwd=checkout, check=True)
    copy = Copy(checkout, tmp_path / "copy")
    file = copy.root / "m.py"
    moments = []
    for text in ("a = 2\n", "a = 3\n"):
        with copy.broken("m.py", text):
            assert file.read_text() == text
            moments.append(int(file.stat().st_mtime))
        assert file.read_text() == "a = 1\n"
        moments.append(int(file.stat().st_mtime))
    assert len(set(moments)) == 4
    assert (checkout / "m.py").read_text() == "a = 1\n"


TAKES = """
import mmap, subprocess, sys

def test_it():
    memory = mmap.mmap(-1, {allocated})
    code = "memory = b'x' * {used}; input()"
    started = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    if {used} == 1:
        started.stdin.close()
    started.wait()
"""


@pytest.mark.prove
@pytest.mark.parametrize("is_used", [True, False])
def test_what_takes_all_memory_is_noticed_before_it_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_used: bool
) -> None:
    """Also if a process does that the tests have started; what is only allocated may be."""
    checkout, most = tmp_path / "checkout", 2**28
    checkout.mkdir()
    used = 2 * most if is_used else 1
    (checkout / "test_m.py").write_text(TAKES.format(allocated=9 * most, used=used))
    subprocess.run(["git", "init", "-q", checkout], check=True)
    copy = Copy(checkout, tmp_path / "copy")
    monkeypatch.setattr(trial, "MOST_MEMORY", most)
    expected = (Answer.FAILED, "test_m.py") if is_used else (Answer.PASSED, "")
    assert copy.ask(["test_m.py"], 600) == expected
