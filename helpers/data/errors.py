"""What can go wrong with data, each with its own name. All of them are :class:`DataError`."""

__all__ = ["DataError", "DataNotFoundError", "DownloadError", "FileAccessError", "SettingsError", "VerificationError"]


class DataError(Exception):
    """Something is wrong with a data set or with its location."""


class SettingsError(DataError, ValueError):
    """``source``, COURSE_DATA or COURSE_DATA_DIR is invalid."""


class VerificationError(DataError):
    """A file is not what it should be: damaged, cut short, or something else under its name."""


class FileAccessError(VerificationError):
    """A file cannot be read here but may be good: it is in use, not lockable or forbidden, or memory is short."""


class DownloadError(DataError):
    """A file could not be fetched or could not be stored."""


class DataNotFoundError(DataError, FileNotFoundError):
    """There is no copy of the real data here, and it cannot be downloaded.

    ``reason`` is the short form of the message, for the line that announces the sample.
    """

    def __init__(self, message: str, reason: str):
        super().__init__(message)
        self.reason = reason

    def __str__(self) -> str:
        return self.args[0]
