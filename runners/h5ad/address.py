"""Addresses of files on S3, which say how they are read: anonymously, or with credentials.

An address travels alone to other processes and machines, so that it has to say so itself.
"""

from typing import Any


class PrivateAddress(str):
    """An s3:// address that is read with AWS credentials, as this process finds them. Any other
    text is read anonymously.
    """

    __slots__ = ()


def is_anonymous(address: str) -> bool:
    """Whether what lies there is read without credentials."""
    return not isinstance(address, PrivateAddress)


def address_of(stream: Any) -> str:
    """The address of a stream that s3fs has opened."""
    address = f"s3://{stream.path}"
    return address if stream.fs.anon else PrivateAddress(address)


def is_refused(error: BaseException) -> bool:
    """Whether the storage, asked by s3fs, refuses whoever asks, or AWS finds nobody to ask as."""
    from botocore import exceptions as aws  # a fifth of a second, and only after an error

    refusals = (
        PermissionError,
        aws.NoCredentialsError,
        aws.PartialCredentialsError,
        aws.ProfileNotFound,
        aws.CredentialRetrievalError,
        aws.TokenRetrievalError,
        aws.LoginError,
        aws.SSOError,
    )
    return isinstance(error, refusals)


def remedy(*, anonymous: bool) -> str:
    """What a person does about a storage that refuses to show something, read this way."""
    if anonymous:
        return (
            "it was read anonymously: make it public or, if it is a bucket of your own, set "
            "anonymous = false in the manifest's storage"
        )
    return (
        "it was read with AWS credentials: give some that may read it, in AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, in a profile or by the machine's role"
    )
