"""The recipe of every file of the sample: which donors, cells, genes.

Terms are given by their labels in `vocabulary`; `files` makes the file of a recipe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Donor:
    """An individual; what is the same for all of its cells."""

    donor_id: str
    sex: str
    stage: str
    ethnicity: str = "na"
    disease: str = "normal"


@dataclass(frozen=True)
class Sample:
    """Cells of one tissue type; each value of a column is used by some of them."""

    cells: int
    donors: tuple[Donor, ...]
    cell_types: tuple[str, ...]
    tissues: tuple[str, ...]
    assays: tuple[str, ...] = ("10x 3' v3",)
    tissue_type: str = "tissue"
    suspension_type: str = "cell"
    is_primary_data: bool = True


@dataclass(frozen=True)
class Content:
    """What one file holds. `unused` gives categories that no cell uses, by label column.

    `conditions` are experimental conditions by id, `perturbations` the values of
    genetic_perturbation_id with their strategies; each is used by some cells. A file that is
    `before_analysis` has neither cell types nor embeddings.
    """

    samples: tuple[Sample, ...]
    genes: int = 500
    spike_ins: int = 0
    unused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    perturbations: Mapping[str, str] = field(default_factory=dict)
    before_analysis: bool = False


_COPD = "chronic obstructive pulmonary disease"
_BLOOD = ("T cell", "B cell", "monocyte", "natural killer cell")
_LUNG = ("pulmonary alveolar type 1 cell", "pulmonary alveolar type 2 cell", "endothelial cell")
_LIVER = ("hepatocyte", "Kupffer cell", "endothelial cell")
_BRAIN = ("neuron", "astrocyte", "oligodendrocyte", "microglial cell")

_LINE = (Donor("na", "na", "na"), Donor("na", "na", "na", disease="lung adenocarcinoma"))
_MICE = (Donor("mouse-1", "female", "8-week-old stage"), Donor("mouse-2", "male", "mature stage"))
_BLOOD_DONOR = Donor("blood-7", "male", "adult stage", "unknown", "COVID-19")
_LUNG_DONOR = Donor("lung-1", "male", "60-79 year-old stage", "European American", _COPD)
_SKIN_OLD = (Donor("skin-1", "female", "adult stage", "European"),)
_SKIN = (Donor("skin-1", "female", "adult stage", "European American"),)

CONTENTS: Mapping[tuple[str, int], Content] = {
    ("D01", 1): Content(
        (
            Sample(
                210,
                (
                    Donor("blood-1", "female", "adult stage", "Han Chinese"),
                    Donor("blood-2", "male", "45-year-old stage", "Irish"),
                ),
                _BLOOD,
                ("blood",),
            ),
        ),
    ),
    ("D02", 1): Content(
        (
            Sample(
                180,
                (
                    Donor("lung-1", "male", "60-79 year-old stage", "European", _COPD),
                    Donor("lung-2", "female", "middle aged stage", "European"),
                ),
                _LUNG,
                ("lung",),
                assays=("10x 3' v2",),
            ),
        ),
        genes=460,
    ),
    ("D02", 2): Content(
        (
            Sample(
                220,
                (
                    Donor(
                        "lung-1",
                        "male",
                        "60-79 year-old stage",
                        "European American",
                        f"{_COPD} || hypertensive disorder",
                    ),
                    Donor(
                        "lung-2",
                        "female",
                        "middle aged stage",
                        "European American",
                        "hypertensive disorder || type 2 diabetes mellitus || COVID-19",
                    ),
                    Donor("lung-3", "female", "adult stage", "unknown"),
                ),
                _LUNG,
                ("lung",),
                assays=("10x 3' v2", "10x 3' v3"),
            ),
        ),
        genes=480,
    ),
    ("D03", 1): Content(
        (
            Sample(
                205,
                (
                    Donor(
                        "liver-1", "male", "adult stage", "African American || European American"
                    ),
                    Donor("liver-2", "female", "young adult stage", "Chinese || Irish"),
                    Donor("liver-3", "female", "adult stage", "Yoruba"),
                ),
                _LIVER,
                ("liver",),
            ),
        ),
    ),
    ("D04", 1): Content(
        (
            Sample(
                190,
                (
                    Donor("marrow-1", "unknown", "unknown", "unknown"),
                    Donor("marrow-2", "male", "adult stage", "unknown"),
                ),
                ("unknown", "T cell", "B cell"),
                ("bone marrow",),
            ),
        ),
        unused={
            "cell_type": ("neuron",),
            "disease": ("COVID-19",),
            "self_reported_ethnicity": ("Yoruba",),
            "tissue": ("brain",),
        },
    ),
    ("D05", 1): Content((Sample(160, _MICE[:1], _BRAIN[:3], ("brain",)),), genes=450),
    ("D05", 2): Content((Sample(200, _MICE, _BRAIN, ("brain",)),), genes=490),
    ("D06", 1): Content(
        (
            Sample(150, _MICE, _BRAIN, ("cerebral cortex",), suspension_type="nucleus"),
            Sample(60, _MICE, _BRAIN[:2], ("brain",), is_primary_data=False),
        ),
    ),
    ("D07", 1): Content(
        (
            Sample(
                195,
                (
                    Donor("macaque-1", "male", "prime adult stage"),
                    Donor("macaque-2", "female", "juvenile stage"),
                ),
                _BRAIN,
                ("frontal cortex",),
            ),
        ),
    ),
    ("D08", 1): Content(
        (
            Sample(150, _LINE, ("na",), ("A-549", "K-562"), tissue_type="cell line"),
            Sample(
                45,
                (Donor("lung-9", "male", "adult stage", "European American"),),
                _LUNG,
                ("lung",),
            ),
        ),
    ),
    ("D09", 1): Content(
        (
            Sample(
                120,
                _SKIN_OLD,
                ("fibroblast", "keratinocyte"),
                ("fibroblast",),
                tissue_type="cell culture",
            ),
            Sample(50, _SKIN_OLD, ("fibroblast", "keratinocyte"), ("skin of body",)),
        ),
        genes=470,
    ),
    ("D09", 2): Content(
        (
            Sample(
                140,
                _SKIN,
                ("fibroblast", "keratinocyte"),
                ("fibroblast", "keratinocyte"),
                tissue_type="primary cell culture",
            ),
            Sample(60, _SKIN, ("fibroblast", "keratinocyte"), ("skin of body",)),
        ),
        genes=510,
    ),
    ("D10", 1): Content(
        (
            Sample(
                185,
                (Donor("blood-7", "male", "adult stage", "unknown", "COVID-19"),),
                _BLOOD,
                ("blood",),
                assays=("Smart-seq2",),
            ),
        ),
        spike_ins=20,
    ),
    ("D11", 1): Content(
        (
            Sample(
                175,
                (Donor("liver-8", "female", "middle aged stage", "Irish"),),
                (*_LIVER, "obsolete transporting cell"),
                ("liver",),
            ),
        ),
    ),
    ("D12", 1): Content(
        (
            Sample(
                200,
                (Donor("lung-5", "female", "adult stage", "unknown", _COPD),),
                _LUNG,
                ("lung",),
            ),
        ),
    ),
    ("W01", 1): Content(
        (
            Sample(
                170,
                (Donor("blood-3", "male", "young adult stage", "European"),),
                ("CD8-positive, alpha-beta T cell", "T cell"),
                ("blood",),
                assays=("10x 5' v1",),
            ),
        ),
    ),
    ("D02", 3): Content((Sample(120, (_LUNG_DONOR,), _LUNG, ("lung",)),), genes=300),
    ("C01", 1): Content(
        (Sample(150, (_LUNG_DONOR,), _LUNG, ("lung",)),),
        genes=300,
        conditions=(
            "na",
            "CHEBI:16412",
            "CHEBI:41774 || EFO:0002757",
            "anti-uniprot:Q99467 || uniprot:P05112",
            "EFO:0001702",
        ),
    ),
    ("C02", 1): Content(
        (Sample(140, (Donor("liver-1", "male", "adult stage", "Irish"),), _LIVER, ("liver",)),),
        genes=300,
        perturbations={
            "na": "no perturbations",
            "g0": "CRISPR knockout screen",
            "g1 || g2": "CRISPR interference screen",
            "g3": "control",
        },
    ),
    ("C03", 1): Content(
        (Sample(110, (_BLOOD_DONOR,), _BLOOD, ("blood",)),), genes=300, before_analysis=True
    ),
    ("C04", 1): Content((Sample(100, _MICE, _BRAIN, ("brain",)),), genes=300),
    ("C05", 1): Content(
        (Sample(130, (_BLOOD_DONOR,), _BLOOD, ("blood",)),),
        genes=300,
        conditions=("na", "CHEBI:24431"),
    ),
}
