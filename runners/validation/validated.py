"""One dataset of the release, read and validated: what the writer gets, and its outcome."""

import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from runners import progress
from runners.census.store import CensusDataset
from runners.contract import ContractError, DatasetOutcome, Finding, Outcome, Reason
from runners.h5ad.errors import FileError
from runners.h5ad.profile import LARGE_REMEDY, read_profile
from runners.rules.vocabulary import Vocabulary
from runners.validation.cases import combinations
from runners.validation.validate import Validation, columns_to_read, validate


@dataclass(frozen=True)
class ValidatedDataset:
    """A dataset that was read: its validation, cells, bytes and, on S3, the entity tag of what was
    read; or why it could not be read.
    """

    dataset: CensusDataset
    validation: Validation | None = None
    n_observations: int | None = None
    problem: Finding | None = None
    size: int = 0
    etag: str | None = None


def read_and_validate(
    dataset: CensusDataset,
    address: str,
    vocabulary: Vocabulary,
    limit: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> ValidatedDataset:
    """Reads (within `limit`) and validates one dataset; what it fails at is the dataset's problem.

    Raises:
        OutageError: the storage didn't answer, which says nothing about the file.
        ContractError: rules or reference data are missing.
    """
    rules = vocabulary.rules
    try:
        with limit():
            profile = read_profile(address, columns_to_read(rules), combinations(rules))
        return ValidatedDataset(
            dataset,
            validate(profile, vocabulary),
            profile.n_observations,
            size=profile.size,
            etag=profile.etag,
        )
    except FileError as error:
        return unread(dataset, error.reason, str(error))
    except ContractError:
        raise
    except MemoryError:
        return unread(dataset, Reason.FILE_TOO_LARGE, f"{address}: {LARGE_REMEDY}")
    except Exception as error:
        progress.say(f"{address}: {traceback.format_exc()}")
        return unread(
            dataset,
            Reason.READER_FAILED,
            f"{address}: {type(error).__name__}, which the run's log explains; report it.",
        )


def unread(dataset: CensusDataset, reason: Reason, detail: str) -> ValidatedDataset:
    """The dataset, which could not be read or validated."""
    return ValidatedDataset(dataset, problem=Finding(reason=reason, detail=detail))


def outcome_of(validated: ValidatedDataset, success: Outcome) -> DatasetOutcome:
    """The dataset's outcome: `success`, unless it can't be read or doesn't hold to the rules."""
    validation = validated.validation
    if validated.problem is not None:
        is_missing = validated.problem.reason is Reason.FILE_MISSING
        outcome = Outcome.MISSING if is_missing else Outcome.UNREADABLE
        reasons: tuple[Finding, ...] = (validated.problem,)
    else:
        reasons = validation.findings if validation else ()
        outcome = Outcome.FAILED if reasons else success
    return DatasetOutcome(
        dataset_id=validated.dataset.dataset_id,
        title=validated.dataset.title,
        outcome=outcome,
        reasons=reasons,
        notes=validation.notes if validation else (),
        absent=validation.absent if validation else (),
    )
