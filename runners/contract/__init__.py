"""The documents that `bot` and `runners` exchange: manifest, rules, request, report.

Plain values and their JSON or TOML form, checked on the way in. Must not import anything else
of either package, nor read a clock, an environment or a network: both sides depend on it.
"""

from runners.contract.acceptance import ExceptionState, ExceptionUse, exception_uses, excused
from runners.contract.comparison import (
    AssayChanges,
    CellChanges,
    ComparedAssay,
    ComparedDataset,
    DatasetChanges,
    GeneChanges,
    ReleaseComparison,
)
from runners.contract.decisions import Choice, Decisions, Judgement, Override
from runners.contract.document import (
    ContractError,
    DatasetId,
    Document,
    ReleaseVersion,
    RunId,
    SchemaVersion,
)
from runners.contract.health import Health, PartHealth
from runners.contract.manifest import (
    MANIFESTS,
    AcceptedException,
    Manifest,
    SchemaDocument,
    Storage,
    manifest_path,
    release_of,
)
from runners.contract.outcomes import (
    MEANINGS,
    MENDED_BY_REPEAT,
    OF_THE_INSTANCE,
    REMEDIES,
    DatasetOutcome,
    Finding,
    Outcome,
    Reason,
)
from runners.contract.reaped import Act, Reaped
from runners.contract.remote_job import REMOTE_JOB, JobState, RemoteJob
from runners.contract.report import (
    CheckReport,
    CheckResult,
    FileOutcome,
    FilesReport,
    Machine,
    Offender,
    PreviousRelease,
    RunReport,
    SourcesReport,
    SourceUse,
    Status,
    Timeline,
    Verdict,
    verdict_of,
)
from runners.contract.request import ROLLED_BACK, Action, RunRequest, lock_name
from runners.contract.trail import BY_ITSELF, ENDED, LAUNCHED, TrailLine, cost

__all__ = [
    "BY_ITSELF",
    "ENDED",
    "LAUNCHED",
    "MANIFESTS",
    "MEANINGS",
    "MENDED_BY_REPEAT",
    "OF_THE_INSTANCE",
    "REMEDIES",
    "REMOTE_JOB",
    "ROLLED_BACK",
    "AcceptedException",
    "Act",
    "Action",
    "AssayChanges",
    "CellChanges",
    "CheckReport",
    "CheckResult",
    "Choice",
    "ComparedAssay",
    "ComparedDataset",
    "ContractError",
    "DatasetChanges",
    "DatasetId",
    "DatasetOutcome",
    "Decisions",
    "Document",
    "ExceptionState",
    "ExceptionUse",
    "FileOutcome",
    "FilesReport",
    "Finding",
    "GeneChanges",
    "Health",
    "JobState",
    "Judgement",
    "Machine",
    "Manifest",
    "Offender",
    "Outcome",
    "Override",
    "PartHealth",
    "PreviousRelease",
    "Reaped",
    "Reason",
    "ReleaseComparison",
    "ReleaseVersion",
    "RemoteJob",
    "RunId",
    "RunReport",
    "RunRequest",
    "SchemaDocument",
    "SchemaVersion",
    "SourceUse",
    "SourcesReport",
    "Status",
    "Storage",
    "Timeline",
    "TrailLine",
    "Verdict",
    "cost",
    "exception_uses",
    "excused",
    "lock_name",
    "manifest_path",
    "release_of",
    "verdict_of",
]
