"""What can go wrong with data, each with its own name. All of them are :class:`DataError`."""

__all__ = ["DataError", "DataNotFoundError", "DownloadError", "SettingsError", "VerificationError"]


class DataError(Exception):
    """Something is wrong with a data set or with where it should come from."""


class SettingsError(DataError, ValueError):
    """``source``, COURSE_DATA or COURSE_DATA_DIR has a value that means nothing."""


class VerificationError(DataError):
    """A file is not what it should be: damaged, cut short, or something else under its name."""


class DownloadError(DataError):
    """A file could not be fetched or could not be kept."""


class DataNotFoundError(DataError, FileNotFoundError):
    """No copy of the real data here, and none to be had.

    Attributes
    ----------
    reason : str
        The short form of the message, for the line that announces the sample.
    """

    def __init__(self, message, reason):
        super().__init__(message)
        self.reason = reason

    def __str__(self):
        return self.args[0]
