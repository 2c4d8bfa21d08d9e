"""The only reader of the environment on this side: one frozen object, made at start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """Where things lie on this machine.

    `reference` holds the unpacked ontologies and gene tables (REFERENCE). `s3_endpoint` is an
    address that speaks S3 in Amazon's place (AWS_ENDPOINT_URL).
    """

    reference: Path
    s3_endpoint: str | None


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process."""
    reference = environment.get("REFERENCE") or str(REPOSITORY / ".reference")
    return Settings(
        reference=Path(reference), s3_endpoint=environment.get("AWS_ENDPOINT_URL") or None
    )
