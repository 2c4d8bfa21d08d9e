"""A dataset schema that nobody has seen, from its detection over a person's answers to a verified
release, with no change of code.

In a copy of the checkout, because the machine reads the rules that lie there. The document is the
sample's of 7.1.0, with a field renamed, one added with another delimiter, one that may be absent,
one of an ontology that no guide has, a special value, and an organism without a gene table.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import anndata
import pandas as pd
import pytest
import tomli_w

from runners.sample import add_latest, build, files, pages, store
from runners.sample.datasets import LATEST, NEWER, OLDER, Dataset, Release, of_release
from runners.sample.files import Genes
from runners.sample.pages import read_counts
from runners.settings import from_environment

pytestmark = pytest.mark.prove

ROOT = Path(__file__).parents[2]
REFERENCE = from_environment().reference
VERSION = "9.1.0"
# The store's own tables are made by the rules of 7.1.0, which this process has.
NEXT = Release("2021-07-15", "2.4.0", LATEST.dataset_schema_version)
HELD = ("D02", "C02", "C04")


def field(name: str, annotator: str, value: str) -> str:
    rows = f"<tr><th>Key</th><td>{name}</td></tr><tr><th>Annotator</th><td>{annotator}</td></tr>"
    return (
        f"### {name}\n\n<table><tbody>{rows}<tr><th>Value</th><td>{value}</td></tr>"
        "</tbody></table>\n<br>\n\n"
    )


TERM = '<a href="https://www.ebi.ac.uk/ols4/x?obo_id={0}"><code>"{0}"</code></a> for <i>{1}</i>'
STR = "categorical with <code>str</code> categories. "
ADDED = (
    field(
        "treatment_ontology_term_id",
        "Curator MUST annotate.",
        f'{STR}The value MUST be either <code>"none"</code> or one or more CHEBI terms in '
        'ascending lexical order separated by the delimiter <code>" ; "</code> with no '
        f"duplication of terms. CHEBI terms MUST be a descendant of "
        f"{TERM.format('CHEBI:24431', 'chemical entity')}.",
    )
    + field(
        "mood",
        "Curator MAY annotate.",
        f'{STR}The value MUST be <code>"calm"</code> or <code>"excited"</code>.',
    )
    + field("dose_ontology_term_id", "Curator MUST annotate.", f"{STR}This MUST be a UO term.")
)
ORGANISM = "| `NCBITaxon:8364`<br>for <i>Xenopus tropicalis</i> | ENSEMBL | UCB_Xtro_10.0 | x |\n"
UNITS = "| Units of Measurement Ontology | UO: | [2023-05-25](https://x.test) | x |\n"


def changed(text: str, before: str, after: str) -> str:
    assert text.count(before) >= 1, before
    return text.replace(before, after)


def document() -> str:
    text = (ROOT / "runners" / "sample" / "documents" / "7.1.0.md").read_text()
    text = changed(text, "7.1.0", VERSION)
    text = changed(text, "suspension_type", "preparation_type")
    text = changed(text, "### is_primary_data\n", f"{ADDED}### is_primary_data\n")
    text = changed(text, "| Zebrafish Anatomy", f"{UNITS}| Zebrafish Anatomy")
    pinned, genes, rest = text.partition("### Required Gene Annotations")
    rest = rest.replace("|:--|:--|:--|:--|\n", f"|:--|:--|:--|:--|\n{ORGANISM}", 1)
    text = changed(
        pinned + genes + rest,
        "<tr><td><i>Caenorhabditis elegans</i></td>",
        '<tr><td><i>Xenopus tropicalis</i></td><td><code>"NCBITaxon:8364"</code></td></tr>\n'
        "            <tr><td><i>Caenorhabditis elegans</i></td>",
    )
    head, sex, tail = text.partition("### sex_ontology_term_id")
    unavailable = 'This MUST be <code>"unknown"</code> if unavailable.'
    pooled = f'{unavailable} This MUST be <code>"pooled"</code> if donors were pooled.'
    return head + sex + tail.replace(unavailable, pooled, 1)


def file_of(dataset: Dataset, genes: Genes) -> anndata.AnnData:
    """The latest release's file as the new schema wants it."""
    data = files.make(dataset, LATEST, genes)
    data.uns["schema_version"] = VERSION
    obs = data.obs.rename(columns={"suspension_type": "preparation_type"})
    treatments = ["none", "CHEBI:16412", "CHEBI:16412 ; CHEBI:41774"]
    obs["treatment_ontology_term_id"] = pd.Categorical(
        [treatments[number % 3] for number in range(len(obs))]
    )
    obs["dose_ontology_term_id"] = pd.Categorical(["UO:0000022"] * len(obs))
    sexes = obs["sex_ontology_term_id"].astype(str)
    sexes.iloc[:5] = "pooled"
    obs["sex_ontology_term_id"] = pd.Categorical(sexes)
    if dataset.key == "D02":
        obs["mood"] = pd.Categorical(["calm"] * len(obs))
    data.obs = obs
    return data


class Town:
    """A checkout of its own, a bot in a folder beside it, and what both are told."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.checkout = root / "checkout"
        for package in ("bot", "runners"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, self.checkout / package, ignore=ignored)
        world = build(root / "world", REFERENCE, lambda line: None)
        latest = add_latest(world, root / "latest", REFERENCE)
        self.new = root / "new" / "cell-census" / NEXT.version
        self._make_release()
        self.settings = root / "home" / "bot.toml"
        self.home.mkdir()
        (self.home / "repository").symlink_to(self.checkout)
        schema = root / "schema" / "{version}.md"
        schema.parent.mkdir()
        (schema.parent / "7.1.0.md").write_text(latest.release.schema.read_text())
        (schema.parent / f"{VERSION}.md").write_text(document())
        counts = {LATEST: read_counts(latest.release.soma)}
        counts[replace(NEXT, dataset_schema_version=VERSION)] = read_counts(self.new / "soma")
        (root / "page.html").write_text(pages.release_page(counts))
        roots = {LATEST: latest.root, NEXT: root / "new"}
        (root / "release.json").write_text(pages.release_directory(roots))
        values = {
            "instance": "anonymous/next",
            "home": ".",
            "release_page": str(root / "page.html"),
            "release_directory": str(root / "release.json"),
            "schema_document": str(schema),
            "ingest_on_merge": False,
            "roles": {"maintainer": "maintain"},
        }
        self.settings.write_text(tomli_w.dumps(values))
        manifests = self.checkout / "runners" / "releases"
        manifests.mkdir(exist_ok=True)
        (manifests / f"{LATEST.version}.toml").write_text(
            f'release = "{LATEST.version}"\ncensus_schema_version = "2.4.0"\n'
            f'dataset_schema_version = "7.1.0"\ndataset_count = {len(of_release(LATEST))}\n'
            f'[storage]\nsoma = "{latest.release.soma}"\nh5ads = "{latest.release.h5ads}"\n'
        )
        modules = ("--modules", "bionty,pertdb")
        self.run("runners", "instance", "next", str(root / "instance"), *modules)

    def _make_release(self) -> None:
        genes = Genes(REFERENCE)
        held = {d.key: d for d in of_release(LATEST) if d.key in HELD}
        made = {}
        h5ads = self.new / "h5ads"
        h5ads.mkdir(parents=True)
        for dataset in held.values():
            made[replace(dataset, versions={NEXT: 1})] = file_of(dataset, genes)
        for dataset, data in made.items():
            files.write(data, h5ads / f"{dataset.dataset_id}.h5ad")
        census = {dataset: data_with_suspension(data) for dataset, data in made.items()}
        store.write(census, NEXT, self.new / "soma")

    def bot(self, *words: str) -> str:
        return self.run("bot", "--settings", str(self.settings), *words)

    def run(self, *words: str, allowed: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.checkout,
            env={
                **os.environ,
                "LAMIN_SETTINGS_DIR": str(self.home / "lamin"),
                "REFERENCE": str(REFERENCE),
                "PYTHONPATH": str(self.checkout),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in allowed, done.stdout + done.stderr
        return done.stdout + done.stderr


def data_with_suspension(data: anndata.AnnData) -> anndata.AnnData:
    """As the Census's own tables call the column that the new schema has renamed."""
    again = data.copy()
    again.obs = again.obs.rename(columns={"preparation_type": "suspension_type"})
    return again


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    assert OLDER.version < NEWER.version < LATEST.version < NEXT.version
    return Town(tmp_path_factory.mktemp("next"))


def rules_file(town: Town) -> Path:
    return town.home / "proposals" / NEXT.version / "rules" / f"{VERSION}.json"


def test_it_is_detected_answered_ingested_and_verified(town: Town) -> None:
    told = town.bot("detect")
    assert f"New: {NEXT.version}." in told
    rules = json.loads(rules_file(town).read_text())
    assert set(rules["answers"].values()) == {""}
    proposed = {
        judgement["id"]: [c["answer"] for c in judgement["choices"] if c.get("proposed")]
        for judgement in rules["judgements"]
    }
    assert all(len(answers) == 1 for answers in proposed.values()), proposed
    asked = {name.rpartition(": ")[0] or name for name in proposed}
    assert {
        "cellxgene-ontology-guide",
        "cellxgene-schema",
        "organisms",
        "obs.preparation_type",
        "obs.treatment_ontology_term_id",
        "obs.mood",
        "obs.dose_ontology_term_id",
        "obs.experimental_condition_ontology_term_id",
        "obs.genetic_perturbation_strategy",
    } <= asked
    town.bot("merge", NEXT.version, "--as", "maintainer")
    refused = town.bot("say", "1", "/ingest", "--as", "maintainer")
    assert "must still answer" in refused
    # nobody else has to wait for the answers
    left_out = town.run("runners", "reference")
    assert f"left out: runners/rules/{VERSION}.json: judgement on " in left_out

    rules["answers"] = {name: answers[0] for name, answers in proposed.items()}
    rules["answers"]["organisms: NCBITaxon:8364"] = "leave it out"
    rules["answers"]["obs.treatment_ontology_term_id: annotation"] = "pertdb.Compound"
    merged = town.checkout / "runners" / "rules" / f"{VERSION}.json"
    merged.write_text(json.dumps(rules, indent=1))
    again = town.bot("say", "1", "/ingest", "--as", "maintainer")
    assert "Accepted" in again, again
    (request,) = (town.home / "runs").glob("*/request.json")
    words = ["--request", str(request), "--repository", str(town.checkout)]
    town.run("runners", "launch", "--launcher", "local", *words)
    report = json.loads((request.parent / "report.json").read_text())
    failed = [check for check in report["checks"] if check["status"] == "failed"]
    assert failed == []
    assert [outcome["outcome"] for outcome in report["outcomes"]] == ["registered"] * len(HELD)
    assert report["verdict"] == "passed"
    assert labels(town, "treatment_ontology_term_id") == {"none"}
    assert compounds(town) == {("CHEBI:16412", "lipopolysaccharide"), ("CHEBI:41774", "tamoxifen")}
    assert labels(town, "mood") == {"calm"}
    assert labels(town, "dose_ontology_term_id") == {"UO:0000022"}
    assert labels(town, "preparation_type") == {"cell"}


def query(town: Town, statement: str, *parameters: str) -> list[tuple[str, ...]]:
    (database,) = town.home.parent.glob("instance/**/lamin.db")
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(statement, parameters).fetchall()


def labels(town: Town, feature: str) -> set[str]:
    statement = """select u.name from lamindb_artifactulabel l join lamindb_ulabel u
        on u.id = l.ulabel_id join lamindb_feature f on f.id = l.feature_id where f.name = ?"""
    return {name for (name,) in query(town, statement, feature)}


def compounds(town: Town) -> set[tuple[str, ...]]:
    statement = """select c.ontology_id, c.name from wetlab_compound c
        join wetlab_artifactcompound l on l.compound_id = c.id"""
    return set(query(town, statement))
