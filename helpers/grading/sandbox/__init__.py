"""Lock a process in: bubblewrap shows it little, limits and a cgroup bound it, a filter refuses system calls it never needs."""

from helpers.grading.records import GradingError


class SandboxError(GradingError):
    """No sandbox can be made here, or one broke for a reason that is not a student's doing."""
