"""Automatic feedback for exercises: ``check`` and its cases."""

from helpers.exercises.checking import Feedback, case, check

__all__ = ["Feedback", "case", "check"]
