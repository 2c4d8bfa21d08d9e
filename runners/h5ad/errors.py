"""What keeps a file from being read: each with the reason that its dataset's outcome gets."""

from typing import ClassVar

from runners.contract import Reason


class FileError(Exception):
    """A file can't be read, which says nothing about other files; the text names it."""

    reason: ClassVar[Reason]


class FileMissingError(FileError):
    """There is no file."""

    reason = Reason.FILE_MISSING


class FileForbiddenError(FileError):
    """The storage has the file and shows it to nobody, or not to us."""

    reason = Reason.FILE_FORBIDDEN


class FileArchivedError(FileError):
    """The storage keeps the file in an archive, from which somebody must restore it."""

    reason = Reason.FILE_ARCHIVED


class FileUnreadableError(FileError):
    """There is a file, but it is no whole h5ad."""

    reason = Reason.FILE_UNREADABLE


class FilePointsElsewhereError(FileUnreadableError):
    """A part of the file would be read from another file of this machine."""

    reason = Reason.FILE_POINTS_ELSEWHERE


class FileTooLargeError(FileUnreadableError):
    """What validation needs of the file takes more memory than a reader may use."""

    reason = Reason.FILE_TOO_LARGE
