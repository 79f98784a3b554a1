"""Automatic feedback for exercises: each lesson's ``check``, in ``checks_NN``, and what it is made of."""

from helpers.exercises.checking import Checks, case, check
from helpers.exercises.feedback import Feedback

__all__ = ["Checks", "Feedback", "case", "check"]
