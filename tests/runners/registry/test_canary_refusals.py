"""What of a dataset LaminDB's own curator can't be compared on, found before it is asked."""

import pytest
import trials
from instances import REFERENCE
from trials import COMPARED, EXCLUDED

from runners import rules
from runners.h5ad.profile import read_profile
from runners.registry.canary import differences
from runners.registry.canary.differences import ABSENT, Refusal
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.sample.datasets import NEWER, by_key, of_release
from runners.sample.world import World
from runners.validation.cases import combinations
from runners.validation.validate import Validation, validate

UNCOMPARABLE = {
    "D07": "the curator has no schema for a third organism",
    "D12": "the file is broken",
}


def test_every_dataset_of_the_sample_is_compared_or_excluded_by_name() -> None:
    named = {*COMPARED, *EXCLUDED, *UNCOMPARABLE}
    assert named == {dataset.key for dataset in of_release(NEWER)}


@pytest.mark.parametrize("key", [*COMPARED, *EXCLUDED])
def test_what_the_curator_refuses_is_found_in_the_datasets_that_have_it(
    world: World, key: str
) -> None:
    assert found(world, key) == (EXCLUDED[key][1] if key in EXCLUDED else ())


def found(world: World, key: str) -> tuple[Refusal, ...]:
    """What of a dataset of the sample the curator can't be compared on, by these rules."""
    schema = rules.load(NEWER.dataset_schema_version)
    data = trials.of_sample(world, key)
    profile = read_profile(
        str(world.newer.h5ads / f"{by_key(key).dataset_id}.h5ad"),
        schema.columns,
        combinations(schema),
    )
    validation = validate(profile, Vocabulary(Reference(schema, REFERENCE)))
    values = {str(name): data.obs[name].astype(str).unique() for name in data.obs.columns}
    return differences.refusals(schema, validation, values)


def test_a_column_that_may_be_absent_and_is_can_t_be_compared(world: World) -> None:
    schema = rules.load(NEWER.dataset_schema_version)
    column = schema.columns["tissue_type"].model_copy(update={"optional": True})
    columns = {**schema.columns, "tissue_type": column}
    validation = Validation((), (), (), {}, absent=("tissue_type",))
    assert differences.refusals(schema.model_copy(update={"columns": columns}), validation, {}) == (
        ABSENT,
    )
