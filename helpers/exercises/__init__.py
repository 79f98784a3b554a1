"""What answers a student below an exercise: ``check`` and the cases it tries."""

from helpers.exercises.checking import Feedback, case, check

__all__ = ["Feedback", "case", "check"]
