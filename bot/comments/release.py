"""The thread that announces a release: verdict first, then facts, then what changed."""

from collections.abc import Iterator

from bot.census.directory import DirectoryEntry
from bot.census.release import CellCount, Oddity, Release
from bot.comments.added_fields import open_points, render_added_fields
from bot.comments.details import Detail, with_details
from bot.comments.markdown import LIMIT, code, counted, inert, mention, table
from bot.comments.pull_requests import OpenRules, edit_list
from bot.comments.schema_diff import render_diff, render_impact
from bot.model.events import SchemaReading
from bot.model.releases import NewRelease
from bot.schema.changes import SchemaDiff
from bot.schema.spec import Field

NONE = "\u2013"
NAMES_IN_A_ROW = 12
ITEMS = 20
PROPOSAL = "{proposal}"
"""Where the pull request's number stands, which isn't known before the thread is opened."""


def title(news: NewRelease) -> str:
    """The thread's title: release, size and schema at a glance."""
    earlier = news.earlier_schema_version()
    changed = earlier is not None and earlier != news.dataset_schema_version
    schema = f"{earlier} → {news.dataset_schema_version}" if changed else "unchanged"
    if earlier is None:
        schema = news.dataset_schema_version
    datasets = counted(news.dataset_count, "dataset")
    return f"Census {news.release.version} (LTS): {datasets}, dataset schema {schema}"


def body(
    news: NewRelease,
    schema: SchemaReading,
    *,
    instance: str,
    oddities: tuple[Oddity, ...],
    manifest_path: str,
    ingest_on_merge: bool,
    undecided: OpenRules | None,
    room: int = LIMIT,
) -> str:
    """The thread's text; what each change means, and the whole diff, as far as there is room."""
    parts = [
        _verdict(news, schema, instance),
        _next(manifest_path, ingest_on_merge),
        _rules(schema, undecided),
        _attention(news, schema, oddities),
        "### The release\n\n" + _facts(news),
        _schema(news, schema),
        _other_sources(schema),
        _code(schema),
    ]
    text = "\n\n".join(part for part in parts if part)
    return with_details(text, list(_details(schema)), room)


def body_of_known(news: NewRelease, *, instance: str, asked_by: str) -> str:
    """The text of a thread that a person asked for, about a release whose manifest is there."""
    parts = [
        f"**Census LTS release {news.release.version} has a manifest here already;** this thread "
        f"was opened because {mention(asked_by)} asked for it.",
        f"**Next:** say `/verify` to see how it stands in {code(instance)}, and `/ingest` to "
        "register what is missing: what is there and unchanged stays as it is. `/help` lists the "
        "commands.",
        "### The release\n\n" + _facts(news),
    ]
    return "\n\n".join(parts)


def _details(schema: SchemaReading) -> Iterator[Detail]:
    if schema.diff is not None and (known := render_added_fields(schema.diff)):
        yield Detail("What curators must know of added fields", known, "diff.md")
    if schema.impact is not None:
        means = render_impact(schema.impact)
        yield Detail("What each change asks of LaminDB", means, "impact.md")
    if schema.diff is not None:
        changes = render_diff(schema.diff, schema.witnesses)
        yield Detail("Every change of the dataset schema", changes, "diff.md")


def _verdict(news: NewRelease, schema: SchemaReading, instance: str) -> str:
    first = (
        f"**Census LTS release {news.release.version} is out and not yet registered in "
        f"{code(instance)}.**"
    )
    earlier = news.earlier_schema_version()
    if earlier is None:
        return f"{first} It follows dataset schema {news.dataset_schema_version}."
    if schema.diff is None:
        return f"{first} Its dataset schema is unchanged ({news.dataset_schema_version})."
    if schema.impact is not None:
        return f"{first} Dataset schema {inert(schema.impact.summary())}."
    changes = sum(map(len, _changes(schema.diff).values()))
    return (
        f"{first} Its dataset schema went from {earlier} to {news.dataset_schema_version}: "
        f"{counted(changes, 'change')}."
    )


def _next(manifest_path: str, ingest_on_merge: bool) -> str:
    then = (
        "merging it starts the ingestion."
        if ingest_on_merge
        else "then say `/ingest` here, or `/ingest --dry-run` to see what it would do."
    )
    return (
        f"**Next:** review and merge the proposed manifest {code(manifest_path)}{PROPOSAL}; {then} "
        "`/help` lists the commands."
    )


def _rules(schema: SchemaReading, undecided: OpenRules | None) -> str:
    if undecided is None:
        return ""
    questions = len(schema.rules.judgements) if schema.rules else 0
    is_proposed = undecided.open is None and not undecided.broken
    left = f" ({counted(questions, 'question')} for a person)" if is_proposed else ""
    problem = f"{undecided.problem.removesuffix('.')}{left}."
    return f"**Before that:** {problem} {undecided.remedy()} `/ingest` waits for it."


def _code(schema: SchemaReading) -> str:
    """What the proposed patch does to LaminDB's code, and what it leaves to a person."""
    if schema.unseen:
        return (
            f"### LaminDB's code\n\nIt wasn't looked at, and no patch is proposed: "
            f"{inert(schema.unseen)}. What is said of it goes by the two documents alone."
        )
    rest = _list(list(schema.unpatched))
    mends = "`lamindb.patch` in the proposal, once applied, mends this"
    version = schema.old.version if schema.old else ""
    older = f"{mends}, which dataset schema {version} asks for already"
    older += "" if schema.edits else f"; nothing of it is for {schema.new.version}"
    parts = [
        f"{mends}:\n\n{edit_list(schema.edits, ITEMS)}" if schema.edits else "",
        f"{older}:\n\n{edit_list(schema.overdue, ITEMS)}" if schema.overdue else "",
        f"It leaves to a person: {rest}." if rest else "",
    ]
    text = "\n\n".join(part for part in parts if part)
    return f"### LaminDB's code\n\n{text}" if text else ""


def _attention(news: NewRelease, schema: SchemaReading, oddities: tuple[Oddity, ...]) -> str:
    mine = [str(oddity) for oddity in oddities if oddity.version == news.release.version]
    remarks = [
        *disagreements(news),
        *(open_points(schema.diff) if schema.diff else ()),
        *schema.remarks,
        *mine,
    ]
    if not remarks:
        return ""
    listed = "\n".join(f"- {inert(sentence)}" for sentence in remarks[:30])
    left = len(remarks) - 30
    more = f"\n- … and {left:,} more." if left > 0 else ""
    return f"### ⚠️ To look at before merging\n\n{listed}{more}"


def _facts(news: NewRelease) -> str:
    new, old = news.release, news.before
    rows = [[label, _shown(old, name), _shown(new, name)] for label, name in _ROWS.items()]
    organisms = list(dict.fromkeys([*new.cell_counts, *(old.cell_counts if old else ())]))
    rows += [
        [f"Cells of {inert(name)}: total (unique)", _cells(old, name), _cells(new, name)]
        for name in organisms[:ITEMS]
    ]
    left = len(organisms) - ITEMS
    rows += [[f"Cells of {left:,} more organisms", NONE, NONE]] if left > 0 else []
    heads = ["", f"{old.version}:" if old else "", f"{new.version}:"]
    if old is None:
        rows, heads = [[row[0], row[2]] for row in rows], [heads[0], heads[2]]
    region = f" ({inert(news.entry.soma_region)})" if news.entry.soma_region else ""
    follows = (
        f"The manifest follows that of {news.previous.release}."
        if news.previous
        else "No earlier release has a manifest here, so none is named as its predecessor."
    )
    storage = f"Storage{region}: {code(news.entry.h5ads_uri)} and {code(news.entry.soma_uri)}."
    return f"{table(heads, rows)}\n\n{storage} {follows}"


_ROWS = {
    "Built": "build_date",
    "Datasets": "dataset_count",
    "Census schema": "census_schema_version",
    "Dataset schema": "dataset_schema_version",
}


def _shown(release: Release | None, name: str) -> str:
    value = getattr(release, name) if release else None
    if value is None:
        return NONE
    return f"{value:,}" if isinstance(value, int) else inert(str(value))


def _cells(release: Release | None, organism: str) -> str:
    count = release.cell_counts.get(organism) if release else None
    if not isinstance(count, CellCount):
        return NONE
    return f"{_number(count.total)} ({_number(count.unique)})"


def _number(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


def _schema(news: NewRelease, schema: SchemaReading) -> str:
    if schema.diff is None:
        return ""
    changes = _changes(schema.diff)
    rows = [
        [category, str(len(names)), _list(names)] for category, names in changes.items() if names
    ]
    head = f"### Dataset schema {news.earlier_schema_version()} → {news.dataset_schema_version}"
    changes_table = (
        table(["What", "Changes:", "Which"], rows) if rows else "Only its wording changed."
    )
    return f"{head}\n\n{changes_table}"


def _other_sources(schema: SchemaReading) -> str:
    """What the changelog and other sources say otherwise, and which weren't compared."""
    if schema.diff is None:
        return ""
    denied = [f"Changelog of {doubt.what}" for doubt in schema.diff.doubts if doubt.is_denied]
    contradictions = [
        f"{witness.name}: {says}." for witness in schema.witnesses for says in witness.says
    ]
    silent = [
        f"{witness.name} couldn't be compared: {witness.problem.rstrip('.')}."
        for witness in schema.witnesses
        if witness.problem
    ]
    remarks = [*silent, *denied, *contradictions]
    if not remarks:
        return ""
    listed = "\n".join(f"- {inert(remark)}" for remark in remarks[:ITEMS])
    left = len(remarks) - ITEMS
    more = f"\n- … and {left:,} more in {code('diff.md')}" if left > 0 else ""
    head = "### Other sources on the dataset schema\n\nThe document decides."
    return f"{head} These say otherwise, or couldn't be asked:\n\n{listed}{more}"


def _changes(diff: SchemaDiff) -> dict[str, list[str]]:
    """What each change is about, by category; without those of wording alone."""
    return {
        "Fields added": [_field(field) for field in diff.fields_added],
        "Fields removed": [_field(field) for field in diff.fields_removed],
        "Fields renamed or moved": [
            f"{_field(rename.old)} → {_field(rename.new)}" for rename in diff.fields_renamed
        ],
        "Fields whose rules changed": [_field(change.new) for change in diff.fields_changed],
        "One value or several": [
            _field(change.new) for change in diff.cardinality_changed if change.old
        ],
        "Allowed values": [
            _field(change.new) for change in diff.allowed_values_changed if change.old
        ],
        "Ontologies added": [
            f"{ontology.prefix} {ontology.version}" for ontology in diff.ontologies_added
        ],
        "Ontologies removed": [ontology.prefix for ontology in diff.ontologies_removed],
        "Ontology versions": [
            f"{change.new.prefix} {change.new.version}" for change in diff.ontology_pins_changed
        ],
        "Gene references": [
            change.either.title for change in diff.gene_references_changed if not change.cosmetic
        ],
        "Organisms added": [organism.name for organism in diff.organisms_added],
        "Organisms removed": [organism.name for organism in diff.organisms_removed],
        "Embeddings": [embedding.key for embedding in diff.embeddings_changed],
        "Reserved names added": [reserved.name for reserved in diff.reserved_names_added],
        "Reserved names removed": [reserved.name for reserved in diff.reserved_names_removed],
    }


def _field(field: Field) -> str:
    return f"{field.component}.{field.name}"


def _list(names: list[str]) -> str:
    once = list(dict.fromkeys(names))
    shown = ", ".join(code(name, 80) for name in once[:NAMES_IN_A_ROW])
    left = len(once) - NAMES_IN_A_ROW
    return f"{shown} … and {left} more" if left > 0 else shown


def disagreements(news: NewRelease) -> tuple[str, ...]:
    """Where the release directory says otherwise than the page, each a sentence."""
    entry = news.entry
    sentences = []
    if entry.retracted:
        sentences.append(
            f"The release directory says that it was retracted{_retraction_text(entry)}."
        )
    if not entry.lts:
        sentences.append("The page lists it as LTS; the release directory doesn't.")
    built = news.release.build_date
    if built is not None and built != entry.release_build:
        sentences.append(
            f"The page says that it was built {built}, the directory {entry.release_build}."
        )
    return tuple(sentences)


def _retraction_text(entry: DirectoryEntry) -> str:
    retraction = entry.retraction
    if retraction is None:
        return ""
    parts = (
        f" on {retraction.date}" if retraction.date else "",
        f" ({retraction.reason})" if retraction.reason else "",
        f"; it was replaced by {retraction.replaced_by}" if retraction.replaced_by else "",
    )
    return "".join(parts)
