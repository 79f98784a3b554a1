"""What can go wrong before and while a class is graded, said so that the instructor can mend it."""


class GradingError(Exception):
    """The run cannot go on: the message names what is wrong and what to do."""


class KeyNotebookError(GradingError):
    """A key notebook does not keep to its form, or does not give the answers that it stores."""


class SandboxError(GradingError):
    """No sandbox can be made here, or one broke for a reason that is not a student's doing."""


class SubmissionError(GradingError):
    """One submission cannot be read; the others go on."""
