"""What the bot says in and of pull requests: a release's manifest, the check of its datasets, rules
that are still to be decided, and the patch that is proposed to LaminDB's repository.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.comments.markdown import LIMIT, code, counted, fitted, inert, joined, table
from bot.comments.outcomes import reasons_of
from bot.comments.result.datasets import STATES, accepted_until, named
from bot.model.effects import Draft, ProposeManifest
from bot.model.facts import Facts
from runners.contract import (
    MEANINGS,
    CheckReport,
    DatasetOutcome,
    Decisions,
    ExceptionState,
    Judgement,
)

ARTIFACT = "found"
"""What check.yml calls the artifact that has it all."""

SHOWN = 10
QUESTION = 100
"""Characters of a question's id that are shown."""

RESERVED = 5_000  # for the text around the questions
PATCH_ITEMS = 60
LONGEST_DRAFT_NOTE = 500


THREAD = "the thread of the release"
"""What stands in a proposal until the thread has its number."""


def manifest_branch(release: str) -> str:
    """The branch that the proposal lies on."""
    return f"census/{release}"


def manifest_title(proposal: ProposeManifest) -> str:
    """The title of the pull request that proposes a manifest."""
    return f"Census {proposal.release}: manifest"


def manifest_body(proposal: ProposeManifest) -> str:
    """What is in it, and what to do."""
    beside = "".join(f"\n- {code(name)}" for name in proposal.beside)
    files = f"\n\nBeside it, to be read with it:\n{beside}" if beside else ""
    rules = {name: text for name, text in proposal.beside.items() if name.startswith("rules/")}
    questions = "".join(f"\n\n{_questions(name, text)}" for name, text in rules.items())
    return (
        f"**Next:** review the manifest of {code(proposal.release)} and merge it; {THREAD} says "
        f"what is new.{files}{questions}\n\n"
        "A check says here which datasets will fail, and what the release has gained and lost "
        "against the one before. If none begins, close this and open it again: GitHub checks by "
        "itself what a person or an App opens. Commands such as `/help` work here, too."
    )


def _questions(name: str, text: str) -> str:
    """What rules leave to a person, with what can be answered and what each answer does."""
    decisions = Decisions.from_json(text, source=name)
    if not decisions.unanswered():
        return f"{code(f'runners/{name}')} leaves nothing open."
    rows = [
        [code(judgement.id, QUESTION), inert(judgement.text), _choices(judgement)]
        for judgement in decisions.unanswered()
    ]
    listed = table(["Question", "What it is about", "Answers"], rows)
    return (
        f"### What a person must decide in {code(f'runners/{name}')}\n\n"
        f"{fitted(listed, LIMIT - RESERVED, f'runners/{name}')}\n\n"
        "Edit the file in this pull request: set each question under `answers` to one of its "
        "answers, the proposed one where you agree. The check below says whether the rules hold. "
        "A rule that no answer mends is mended under `overrides`, with a reason."
    )


def _choices(judgement: Judgement) -> str:
    return " ".join(
        f"{code(choice.answer, 100)}{' (proposed)' if choice.proposed else ''}: "
        f"{inert(choice.effect)}."
        for choice in judgement.choices
    )


RED = (
    "The check is red, because something can't be checked or used, or none of a release's datasets "
    "would be registered."
)
WEIGHED = (
    "The check is green all the same: whether these datasets may fail is for a person to weigh. It "
    "is red where something can't be checked, or all datasets of a release fail."
)


def check_result(results: Mapping[str, CheckReport | str]) -> str:
    """Which datasets will fail; by manifest, what was found or why it couldn't be checked; by file
    of rules, what is wrong with them, or nothing.
    """
    is_sound = not any(map(_is_failing, results.values()))
    parts = [
        f"## {_headline(results)}",
        f"**Next:** {_after_check(results)}",
        *(_manifest_section(path, check_report) for path, check_report in results.items()),
        *([RED] if obstacles(results) else [] if is_sound else [WEIGHED]),
        "Checked by reading the files; nothing was written.",
    ]
    whole = "\n\n".join(parts)
    return fitted(whole, LIMIT, ARTIFACT) or f"{parts[0]}\n\nThe artifact `{ARTIFACT}` says what."


def _is_failing(check_report: CheckReport | str) -> bool:
    if isinstance(check_report, str):
        return bool(check_report.strip())
    return bool(_open(check_report))


def obstacles(results: Mapping[str, CheckReport | str]) -> tuple[str, ...]:
    """Why the check is red: a sentence for each document that can't be checked or used, and for
    each release of which no dataset would be registered.
    """
    return tuple(
        f"{path} can't be checked: {' '.join(found.split())[:500]}"
        if isinstance(found, str)
        else f"{path}: every dataset will fail."
        for path, found in results.items()
        if (found.strip() if isinstance(found, str) else _all_fail(found))
    )


def _all_fail(check_report: CheckReport) -> bool:
    every_one = len(check_report.failing()) == len(check_report.outcomes)
    return every_one and bool(_open(check_report))


def _headline(results: Mapping[str, CheckReport | str]) -> str:
    if obstacles(results):
        return "❌ To be mended"
    if any(map(_is_failing, results.values())):
        return "⚠️ To be mended, or to be accepted"
    reports = [one for one in results.values() if isinstance(one, CheckReport)]
    if not any(one.outcomes for one in reports):
        rules = "The rules hold together; " if len(reports) < len(results) else ""
        return f"✅ {rules}{'no' if rules else 'No'} dataset was looked at"
    but = " but what is accepted" if any(one.failing() for one in reports) else ""
    return f"✅ No dataset will fail{but}"


def _after_check(results: Mapping[str, CheckReport | str]) -> str:
    if any(isinstance(found, str) and found.strip() for found in results.values()):
        return "correct what is named below in this pull request; it is checked again."
    if any(map(_open, (one for one in results.values() if isinstance(one, CheckReport)))):
        return (
            "see whether the manifest or the rules are wrong. If the files are, merge all the "
            "same: the other datasets are registered, and the result says how to accept these."
        )
    return "merge this, if the rest of it is right."


def _manifest_section(path: str, check_report: CheckReport | str) -> str:
    if isinstance(check_report, str) and path.endswith(".json"):
        if not check_report.strip():
            return f"{code(path)}: the rules hold together."
        return f"{code(path)}: the rules can't be used:\n\n{block(check_report)}"
    if isinstance(check_report, str):
        return f"{code(path)} can't be checked:\n\n{block(check_report)}"
    failing, total = check_report.failing(), counted(len(check_report.outcomes), "dataset")
    parts = [f"{code(path)}: {total} checked."]
    if failing:
        left = len(_open(check_report))
        count = "" if left == len(failing) else f"; {len(failing) - left:,} of them accepted"
        until = accepted_until(check_report.exceptions, check_report.excused())
        rows = [
            [named(each.title, each.dataset_id), str(each.outcome), reasons_of(each), until(each)]
            for each in failing
        ]
        listed = table(["Dataset", "Outcome", "Why", "Accepted"], rows)
        parts = [f"{code(path)}: {len(failing):,} of {total} will fail{count}.", listed]
    return "\n\n".join([*parts, *_idle(check_report)])


def _idle(check_report: CheckReport) -> list[str]:
    """What the manifest accepts and nothing needs, or what has run out."""
    rows = [
        [
            named(use.title, use.exception.dataset_id),
            MEANINGS[use.exception.reason],
            STATES[use.state],
        ]
        for use in check_report.exceptions
        if use.state is not ExceptionState.USED
    ]
    if not rows:
        return []
    listed = table(["Dataset", "Reason", "State"], rows)
    return [f"Accepted in the manifest, to no effect:\n\n{listed}"]


def _open(check_report: CheckReport) -> list[DatasetOutcome]:
    """The datasets that would fail, and whose failure isn't accepted."""
    accepted = check_report.excused()
    return [each for each in check_report.failing() if each.dataset_id not in accepted]


def block(text: str, room: int = 20_000) -> str:
    """Text as a block of code, which text from outside can't end; what is cut is counted."""
    seen = "".join(c for c in text if c == "\n" or c.isprintable())
    lines = [line[:300] for line in seen.splitlines()]
    while sum(map(len, lines)) > room:
        lines = lines[: len(lines) // 2]
    cut = len(seen.splitlines()) - len(lines)
    lines += [f"... and {cut:,} more lines"] if cut else []
    return "\n".join(f"    {line}" for line in lines)


@dataclass(frozen=True, slots=True)
class OpenRules:
    """A dataset schema version without rules (`open` is None), or whose rules leave judgements open
    or can't be used, for the reason in `broken`.
    """

    version: str
    open: tuple[str, ...] | None
    broken: str = ""

    @property
    def problem(self) -> str:
        """As a sentence of its own."""
        if self.broken:
            return f"The rules of dataset schema {self.version} can't be used."
        if self.open is None:
            return f"Dataset schema {self.version} has no rules yet."
        left = counted(len(self.open), "question")
        return f"The rules of dataset schema {self.version} leave {left} open."

    def why(self) -> str:
        """As the rest of a sentence, in Markdown."""
        path = code(f"runners/rules/{self.version}.json")
        if self.broken:
            return f"the rules of dataset schema {self.version} can't be used: {inert(self.broken)}"
        if self.open is None:
            return f"there are no rules for dataset schema {self.version}: {path} isn't there."
        left = len(self.open) - SHOWN
        listed = "".join(f"\n- {inert(judgement)}" for judgement in self.open[:SHOWN])
        more = f"\n- … and {left:,} more" if left > 0 else ""
        count = counted(len(self.open), "question")
        return f"in {path} a person must still answer {count}:\n{listed}{more}"

    def remedy(self) -> str:
        """What a person does about it."""
        rules_file = f"runners/rules/{self.version}.json"
        if self.broken:
            return f"Mend {code(rules_file)} by a pull request, and merge it."
        if self.open is None:
            return f"Answer what {code(rules_file)} of the proposal asks, and merge the proposal."
        return (
            f"Set each under `answers` in {code(rules_file)} to one of its choices, by a pull "
            "request, and merge it."
        )


def open_rules_of(version: str, facts: Facts) -> OpenRules | None:
    """What keeps datasets of this dataset schema version from being validated."""
    if version in facts.broken_rules:
        return OpenRules(version, None, facts.broken_rules[version])
    judgements = facts.rules.get(version)
    return OpenRules(version, judgements) if judgements is None or judgements else None


def patch_branch(draft: Draft) -> str:
    """The branch that the patch lies on; there is one for each dataset schema version."""
    return f"cellxgene-schema-{draft.version}"


def patch_title(draft: Draft) -> str:
    """The title of the draft in LaminDB's repository; it names the version that asks for edits."""
    asks = draft.version if draft.edits or not draft.overdue else draft.old
    return f"Fit the CELLxGENE module to dataset schema {asks}"


def patch_body(draft: Draft, origin: str | None = None) -> str:
    """For those who review it, who know nothing of the bot; `origin` is the release's proposal."""
    rest = [code(part, 80) for part in draft.left[:PATCH_ITEMS]]
    parts = [
        f"Made from the dataset schema documents {draft.old} and {draft.version} by a program, and "
        "not tried in LaminDB's own tests. A person must review it before it leaves draft.",
        edit_list(draft.edits),
        f"Dataset schema {draft.old} asks for this already:\n\n{edit_list(draft.overdue)}"
        if draft.overdue
        else "",
        f"It leaves to a person: {joined(rest)}." if rest else "",
        f"Asked for by the release in {origin}" if origin else "",
    ]
    return "\n\n".join(part for part in parts if part)


def edit_list(sentences: Sequence[str], most: int = PATCH_ITEMS) -> str:
    """What a patch changes, as a list; what is cut is counted."""
    edits = "\n".join(f"- {inert(edit)}" for edit in sentences[:most])
    more = len(sentences) - most
    return edits + (f"\n- … and {more:,} more" if more > 0 else "")


def draft_proposed(address: str, *, is_open: bool) -> str:
    """In the release's thread: where the draft is."""
    if is_open:
        return f"The patch of LaminDB's code is a draft pull request: {address}"
    return f"The patch of LaminDB's code was proposed and closed before; I leave it so: {address}"


def draft_not_proposed(reason: str) -> str:
    """In the release's thread: why there is none."""
    return (
        f"The patch of LaminDB's code couldn't be proposed: {inert(reason)} It is "
        "`lamindb.patch` in the proposal; open a pull request with it by hand."
    )
