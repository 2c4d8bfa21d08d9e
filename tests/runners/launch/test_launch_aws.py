"""What AWS answers, or doesn't, in a sentence that says what to do."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)

from runners.launch.aws import with_clear_errors
from runners.launch.ports import LaunchError


@pytest.mark.parametrize(
    ("error", "why", "remedy"),
    [
        (
            EndpointConnectionError(endpoint_url="http://127.0.0.1:9"),
            "Could not connect to",
            "; try again.",
        ),
        (
            NoCredentialsError(),
            "Unable to locate credentials",
            "; log in, or take the launcher's role in a job on GitHub.",
        ),
        (
            ProfileNotFound(profile="lab"),
            "The config profile (lab) could not be found",
            "; log in, or take the launcher's role in a job on GitHub.",
        ),
    ],
)
def test_who_cannot_ask_is_told_what_was_asked(error: Exception, why: str, remedy: str) -> None:
    with pytest.raises(LaunchError) as told, with_clear_errors("looking at machines"):
        raise error
    assert str(told.value).startswith(f"looking at machines: AWS can't be asked ({why}")
    assert str(told.value).endswith(remedy)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("VcpuLimitExceeded", "correct [launch], or try again"),
        ("UnauthorizedOperation", "give the role this right"),
        ("ExpiredToken", "begin a new job"),
        *(
            (code, "; log in, or take the launcher's role in a job on GitHub.")
            for code in (
                "InvalidClientTokenId",
                "UnrecognizedClientException",
                "InvalidAccessKeyId",
                "SignatureDoesNotMatch",
            )
        ),
        ("RequestLimitExceeded", "(Too many.); try again."),
        ("ThrottlingException", "(Too many.); try again."),
        ("SlowDown", "(Too many.); try again."),
        ("InternalError", "(Too many.); try again."),
    ],
)
def test_what_aws_refuses_has_its_name_its_words_and_a_remedy(code: str, remedy: str) -> None:
    status = {"InternalError": 500, "SlowDown": 503, "RequestLimitExceeded": 503}.get(code, 400)
    answer: Any = {
        "Error": {"Code": code, "Message": "Too many."},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    error = ClientError(answer, "RunInstances")
    with pytest.raises(LaunchError) as told, with_clear_errors("launching"):
        raise error
    assert str(told.value).startswith(f"launching: AWS answers {code} (Too many.); ")
    assert remedy in str(told.value)


def test_what_isnt_awss_stays_what_it_is() -> None:
    with pytest.raises(KeyError, match="x"), with_clear_errors("launching"):
        raise KeyError("x")
