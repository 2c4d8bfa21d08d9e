"""Is a release in the instance as it should be? One pure function per question.

Each takes the same facts (a snapshot of the instance, and what the release itself says) and
returns what it expected, what it found and who offends. Must not read a database, a file or a
clock.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from runners.contract import CheckResult, Offender, Status
from runners.facts import ArtifactRow, CollectionRow, Facts

REQUIRED_FEATURES = (
    "assay_ontology_term_id",
    "cell_type_ontology_term_id",
    "development_stage_ontology_term_id",
    "disease_ontology_term_id",
    "organism_ontology_term_id",
    "self_reported_ethnicity_ontology_term_id",
    "sex_ontology_term_id",
    "suspension_type",
    "tissue_ontology_term_id",
    "tissue_type",
)
"""What every dataset is annotated by; by feature, for a tissue may be a cell type or cell line."""

SLOTS = frozenset({"obs", "uns", "var"})
TOP_LEVEL = "cellxgene-census"


def check_datasets(facts: Facts) -> CheckResult:
    """Each dataset of the release has one AnnData artifact of this release."""
    expected = set(facts.titles)
    found = {row.dataset_id for row in facts.snapshot.artifacts if row.otype == "AnnData"}
    reasons = {o.dataset_id: o.outcome.value for o in facts.outcomes}
    missing = [(i, reasons.get(i, "no artifact")) for i in sorted(expected - found)]
    foreign = (
        [(i, "not in the release") for i in sorted(found - expected)] if facts.is_whole else []
    )
    return _result(
        "datasets",
        "Every dataset has its artifact",
        expected=len(expected),
        found=len(found & expected),
        offenders=_offenders(facts, missing + foreign),
    )


def check_annotations(facts: Facts) -> CheckResult:
    """Each artifact has a label for each required feature."""
    wanted = set(REQUIRED_FEATURES)
    bad = [
        (row.dataset_id, "without " + ", ".join(sorted(missing)))
        for row in _own(facts)
        if (missing := wanted - facts.snapshot.features.get(row.id, frozenset()))
    ]
    return _of_artifacts(facts, "annotations", "Every required annotation is there", bad)


def check_slots(facts: Facts) -> CheckResult:
    """Each artifact has the schema's three slots, which are written last."""
    bad = [
        (row.dataset_id, "without slot " + ", ".join(sorted(missing)))
        for row in _own(facts)
        if (missing := SLOTS - facts.snapshot.slots.get(row.id, frozenset()))
    ]
    return _of_artifacts(facts, "slots", "Schema slots are complete", bad)


def check_lineage(facts: Facts) -> CheckResult:
    """Datasets that continue do so in their chain; each is the latest until a later release."""
    before = {row.dataset_id: row.stem for row in facts.snapshot.previous}
    bad = []
    for row in _own(facts):
        if row.dataset_id in before and row.stem != before[row.dataset_id]:
            bad.append((row.dataset_id, "does not revise the previous release's artifact"))
        elif row.is_latest == (row.stem in facts.snapshot.continued):
            bad.append((row.dataset_id, f"is {'' if row.is_latest else 'not '}marked as latest"))
    return _of_artifacts(facts, "lineage", "Revision chains continue", bad)


def check_duplicates(facts: Facts) -> CheckResult:
    """No key, dataset or content stands twice in the release."""
    rows = _own(facts)
    bad: dict[str, str] = {}
    for what, field in (("key", "key"), ("dataset id", "dataset_id"), ("hash", "hash")):
        counts = Counter(getattr(row, field) for row in rows)
        del counts[None]
        for row in rows:
            if counts[getattr(row, field)] > 1:
                bad.setdefault(row.dataset_id, f"{what} stands more than once")
    return _result(
        "duplicates",
        "Nothing is registered twice",
        expected="0",
        found=str(len(bad)),
        offenders=_offenders(facts, sorted(bad.items())),
    )


def check_store(facts: Facts) -> CheckResult:
    """The SOMA store that was read for this verification is the one that is registered."""
    result = _result("store", "The SOMA store is registered", expected="1 tiledbsoma", found="")
    if not facts.is_whole:
        return _not_applicable(result, "only a part of the release was asked for")
    good = [s for s in facts.snapshot.stores if s.otype == "tiledbsoma" and s.address == facts.soma]
    status = Status.PASSED if len(good) == len(facts.snapshot.stores) == 1 else Status.FAILED
    kinds = Counter(str(s.otype) for s in facts.snapshot.stores)
    found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none"
    return result.model_copy(update={"status": status, "found": found})


def check_collections(facts: Facts) -> CheckResult:
    """One collection of all artifacts and one of each study's, each of this release and whole."""
    studies: dict[str, set[str]] = {}
    for dataset in facts.datasets:
        studies.setdefault(dataset.collection_id, set()).add(dataset.dataset_id)
    wanted = {key: ids for key, members in studies.items() if (ids := _ids(facts, members))}
    result = _result("collections", "Collections are complete", expected=1 + len(wanted), found=0)
    if not facts.is_whole:
        return _not_applicable(result, "only a part of the release was asked for")
    rows = facts.snapshot.collections
    whole = {TOP_LEVEL} if _has(rows, "key", TOP_LEVEL, _ids(facts, facts.titles)) else set()
    whole |= {key for key, members in wanted.items() if _has(rows, "reference", key, members)}
    bad = [(key, "missing or incomplete") for key in {TOP_LEVEL, *wanted} - whole]
    return _result(
        result.name,
        result.title,
        expected=1 + len(wanted),
        found=len(whole),
        offenders=_offenders(facts, sorted(bad)),
    )


def check_references(facts: Facts) -> CheckResult:
    """Each artifact has a reference."""
    attached = facts.snapshot.with_reference
    bad = [(row.dataset_id, "without a reference") for row in _own(facts) if row.id not in attached]
    return _of_artifacts(facts, "references", "References are attached", bad)


def check_previous(facts: Facts) -> CheckResult:
    """Every earlier release holds what it held before the run began."""
    title = "Previous releases are untouched"
    before, now = facts.fingerprints, facts.snapshot.fingerprints
    if before is None:
        result = _result("previous", title, expected="-", found="-")
        return _not_applicable(result, "no run of this release stored what they held before")
    bad = [
        (release, "holds something else now")
        for release in before
        if now.get(release) != before[release]
    ]
    return _result(
        "previous",
        title,
        expected=f"{len(before)} as before",
        found=f"{len(before) - len(bad)} as before",
        offenders=_offenders(facts, bad),
    )


CHECKS: tuple[Callable[[Facts], CheckResult], ...] = (
    check_datasets,
    check_annotations,
    check_slots,
    check_references,
    check_lineage,
    check_duplicates,
    check_collections,
    check_store,
    check_previous,
)
"""In the order of the report."""


def verify(facts: Facts) -> tuple[CheckResult, ...]:
    """The result of every check. A check that errs could not be made, and is never a pass."""
    return tuple(_guarded(check, facts) for check in CHECKS)


def unchecked(reason: str) -> tuple[CheckResult, ...]:
    """The result of every check where there are no facts to look at."""
    return tuple(_unchecked(check, reason) for check in CHECKS)


def _guarded(check: Callable[[Facts], CheckResult], facts: Facts) -> CheckResult:
    try:
        return check(facts)
    except Exception as error:
        return _unchecked(check, f"{type(error).__name__}: {error}")


def _unchecked(check: Callable[[Facts], CheckResult], reason: str) -> CheckResult:
    name = check.__name__.removeprefix("check_")
    title = (check.__doc__ or name).splitlines()[0].rstrip(".")
    return CheckResult(
        name=name, title=title, status=Status.UNCHECKED, expected="-", found="-", note=reason
    )


def _own(facts: Facts) -> list[ArtifactRow]:
    """The artifacts of the datasets that this verification is about."""
    return [row for row in facts.snapshot.artifacts if row.dataset_id in facts.titles]


def _ids(facts: Facts, dataset_ids: Iterable[str]) -> frozenset[int]:
    wanted = set(dataset_ids)
    return frozenset(row.id for row in _own(facts) if row.dataset_id in wanted)


def _has(rows: Iterable[CollectionRow], field: str, value: str, members: frozenset[int]) -> bool:
    same = [row for row in rows if getattr(row, field) == value]
    return len(same) == 1 and same[0].members == members


def _offenders(facts: Facts, bad: Iterable[tuple[str, str]]) -> tuple[Offender, ...]:
    return tuple(
        Offender(dataset_id=name, title=facts.titles.get(name, ""), detail=detail)
        for name, detail in bad
    )


def _of_artifacts(
    facts: Facts, name: str, title: str, bad: Sequence[tuple[str, str]]
) -> CheckResult:
    """The result of a question that is asked of every artifact."""
    total = len(_own(facts))
    offenders = _offenders(facts, bad)
    return _result(name, title, expected=total, found=total - len(bad), offenders=offenders)


def _result(
    name: str,
    title: str,
    *,
    expected: int | str,
    found: int | str,
    offenders: tuple[Offender, ...] = (),
) -> CheckResult:
    """Passed where nothing offends and the numbers agree."""
    is_good = not offenders and (isinstance(expected, str) or expected == found)
    return CheckResult(
        name=name,
        title=title,
        status=Status.PASSED if is_good else Status.FAILED,
        expected=str(expected),
        found=str(found),
        offenders=offenders,
    )


def _not_applicable(result: CheckResult, why: str) -> CheckResult:
    return result.model_copy(update={"status": Status.NOT_APPLICABLE, "note": why})
