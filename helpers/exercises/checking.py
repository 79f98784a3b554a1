"""Automatic feedback for exercises: one line on the page, its cases in the lesson's module, such as `checks_03`.

    check = Checks()

    @check.exercise
    def output_length():
        return [case("7 pixels, a window of 3", 7, 3, expected=5, hint="Count the places on paper."),
                case("as long as the row", 7, 7, expected=1, slips={"The first place counts, too.": 0})]

and in the lesson ``check(output_length)``. A stub returns ``...`` (or is ``...``), and then the answer is "not attempted yet".
Otherwise `check` says what passed and, for the first case that did not: the call, what it returned, what was expected, and a
hint. It never raises, whatever the student's function does, so an exercise cannot stop "Run all".
"""

from __future__ import annotations

import inspect
import linecache
import sys
import warnings
from collections.abc import Callable

import numpy as np

from helpers.exercises.compare import as_array, difference, fresh, one_line, plain, short
from helpers.exercises.feedback import Feedback
from helpers.exercises.portable import not_portable
from helpers.exercises.time_limit import TooLong, at_most

__all__ = ["Checks", "case", "check"]

_NOTHING = object()
PATIENCE = 60  # seconds that one call of a student's function may take
_OWN_HINTS = {
    NameError: "A name that nobody has defined: a slip of spelling, or a cell above that was not run.",
    RecursionError: "It calls itself without end. There must be a case in which it does not.",
    TooLong: "Can its loop end? Print what changes from one round to the next.",
    KeyboardInterrupt: "You stopped it. If it had run for long: can its loop end?",
    SystemExit: "A function should return its answer, not end the program.",
    MemoryError: "It asked for more memory than there is. Look at the shapes: which one grows?",
}


class case:  # noqa: N801  (reads like a function in a lesson's cell)
    """One call of a student's function, and what is expected of its result.

    Parameters
    ----------
    about : str
        What this case is about in a few words, as the list of what passed shows it.
    *inputs : object
        Handed to the student's function; arrays and containers as copies.
    expected : object, optional
        The right result: numbers, arrays, strings, or tuples, lists, sets and dicts of these. Where whole numbers are expected
        a float is refused.
    holds : dict of str to callable, optional
        Properties: a sentence, and a function of the result and the inputs that says whether it is true, or gives what is
        expected and what there is instead, to be compared and shown. It gets arrays as plain NumPy arrays.
    raises : type of Exception, optional
        What the function must raise for these inputs. Properties then get its message.
    tolerance : float
        Numbers may differ by this, relative to the larger of 1 and the expected number.
    shape : tuple of int, optional
        What shape the result must have.
    dtype : str, optional
        What type of number the result must have, for example ``"float32"``.
    hint : str
        What would help, in one or two sentences.
    slips : dict of str to object, optional
        Usual mistakes: the hint that fits one, and the result that this mistake gives.

    Raises
    ------
    ValueError
        When nothing is asked of the result, or a slip is what is expected.
    """

    def __init__(self, about: str, *inputs: object, expected: object = _NOTHING, holds: dict[str, Callable] | None = None,
                 raises: type[Exception] | None = None, tolerance: float = 1e-6,
                 shape: tuple[int, ...] | None = None, dtype: str | None = None, hint: str = "",
                 slips: dict[str, object] | None = None):
        if expected is _NOTHING and not (holds or raises or shape is not None or dtype):
            raise ValueError(f"case({about!r}) asks for nothing: give expected, holds, raises, shape or dtype")
        self.about, self.inputs, self.slips = about, inputs, slips or {}
        self.expected, self.holds, self.raises = expected, holds or {}, raises
        self.tolerance, self.shape, self.dtype, self.hint = tolerance, shape, dtype, hint
        for text, slip in self.slips.items():
            if expected is not _NOTHING and difference(expected, slip, tolerance) is None:
                raise ValueError(f"case({about!r}): the slip {text!r} gives what is expected")

    def hint_for(self, result: object) -> str:
        """Return the hint of the slip that gives this result, or the general one."""
        return next((text for text, slip in self.slips.items() if difference(slip, result, self.tolerance) is None), self.hint)

    def call(self, name: str) -> str:
        """Write down the call, as a student would type it; an array of several lines gets them for itself."""
        inputs = [short(value, 120) for value in self.inputs]
        between = ",\n" if any("\n" in text for text in inputs) else ", "
        return f"{name}({between.join(inputs)})".replace("\n", "\n" + " " * (len(name) + 1))

    def complaint(self, result: object) -> tuple[str, str] | None:
        """Return what was expected and how the result differs from it, or None."""
        array = as_array(result)
        if self.shape is not None and (array is None or array.shape != tuple(self.shape)):
            return f"a result of shape {tuple(self.shape)}", "" if array is None else f"its shape is {array.shape}"
        if self.dtype is not None and (array is None or array.dtype.name != self.dtype):
            return f"a result of type {self.dtype}", "" if array is None else f"its type is {array.dtype.name}"
        if self.expected is not _NOTHING:
            found = difference(self.expected, result, self.tolerance)
            if found:
                return short(self.expected), found
        elif array is not None and array.dtype.kind in "fc" and not np.isfinite(array).all():
            return "numbers without nan and inf", f"{int((~np.isfinite(array)).sum())} of {array.size} are nan or inf"
        for sentence, true in self.holds.items():
            try:
                found = true(plain(result), *self.inputs)
                found = difference(*found, self.tolerance) if isinstance(found, tuple) else "" if not found else None
            except Exception as error:
                found = f"this could not be tested: {type(error).__name__}: {short(str(error), 120)}"
            if found is not None:
                return sentence, found
        return None


def _untouched(value):
    """Say whether a result is still the stub's: ``...``, or a container of nothing else."""
    if isinstance(value, (list, tuple)) and len(value):
        return all(part is Ellipsis for part in value)
    return value is Ellipsis


def _says_nothing(function):
    """Say whether the body of a function is nothing but ``...`` or ``pass``: it returns None, but nobody has written it yet."""
    code = getattr(function, "__code__", None)
    return code is not None and not code.co_names and set(code.co_consts) <= {None, Ellipsis, function.__doc__} \
        and code.co_nlocals == code.co_argcount + code.co_kwonlyargcount and len(code.co_code) <= 16


def _where(error, function):
    """Name the last line of the student's own cell that the error went through."""
    file, found = getattr(getattr(function, "__code__", None), "co_filename", None), ""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = linecache.getline(file, trace.tb_lineno).strip()
            found = f", in line {trace.tb_lineno} of your cell" + (f": {line}" if line else "")
        trace = trace.tb_next
    return found


def _described(error, function):
    try:
        message = str(error)
    except BaseException:
        message = "(its message cannot be shown)"
    return f"{type(error).__name__}: {one_line(message)}{_where(error, function)}"


def _name(answer):
    try:
        return one_line(answer.__name__, 60)
    except BaseException:
        return "your answer"


def _refused(function, inputs):
    """Say why a function cannot take these arguments, nothing when it can."""
    try:
        inspect.signature(function).bind(*inputs)
    except TypeError as error:
        return str(error)
    except Exception:  # some built-in callables have no signature: try them
        pass
    return ""


_STUB = ("got", "...")


def _rows(answer, one, name, may_be_none):
    """Try one case and return pairs of a word and a text, none when it passed."""
    called = one.call(name) if callable(answer) else ""

    def say(got, expected, hint=one.hint, differs=""):
        rows = (("called", called), ("got", got), ("expected", expected), ("difference", differs), ("hint", hint))
        return [(word, text) for word, text in rows if text]

    if not callable(answer) and one.inputs:
        return say(short(answer), f"a function called {name}",
                   "The name now stands for something else. Run the cell above again.")
    result = answer
    if callable(answer):
        inputs = fresh(list(one.inputs))
        refused = _refused(answer, inputs)
        if refused:
            return say(f"TypeError: {refused}", f"a function that can be called with {len(inputs)} arguments",
                       "Keep the first line of the stub as it was.")
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"), at_most(PATIENCE):
                warnings.simplefilter("ignore")
                result = answer(*inputs)
        except BaseException as error:
            got = _described(error, answer)
            if one.raises is not None and isinstance(error, one.raises):
                found = one.complaint(str(error)) if one.holds else None
                return say(got, found[0]) if found else []
            own = next((text for kind, text in _OWN_HINTS.items() if isinstance(error, kind)), one.hint)
            return say(got, f"a {one.raises.__name__}" if one.raises else "an answer, not an error", own)
        if _untouched(result) or (result is None and _says_nothing(answer)):
            return say(_STUB[1], "an answer: a part of the stub is still there")
        if difference(list(one.inputs), inputs, 0):
            return say("an answer, but the function also changed its input",
                       "inputs that are the same afterwards: the caller may still need them",
                       "x -= 1 and x[0] = 1 change the caller's array. Write x = x - 1, or copy it first.")
    if one.raises is not None:
        return say(short(result), f"a {one.raises.__name__}: this input cannot be answered")
    if result is None and not may_be_none:
        return say("None", "an answer", "A function without return gives None. Is a return missing, or does one branch lack it?")
    found = one.complaint(result)
    return say(short(result), found[0], one.hint_for(result), found[1]) if found else []


def _missed(answer):
    """Say what a right answer takes from the page that the grader cannot carry along."""
    try:
        names = ", ".join(not_portable(answer))
    except BaseException:  # an answer too odd to look at
        names = ""
    return [("note", f"the grader cannot carry along {names}: use the function's arguments instead")] if names else []


def check(answer: object, *cases: case, name: str | None = None) -> Feedback:
    """Try a student's answer and say how it stands.

    Parameters
    ----------
    answer : callable or object
        The student's function, called with the inputs of each case, or a value, which the cases (without inputs) look at.
    *cases : case
        What to try, the easiest first: the first that fails is shown.
    name : str, optional
        What to call the answer; by default the function's own name.

    Returns
    -------
    Feedback
        Shown by Jupyter when it is the last line of a cell.

    Raises
    ------
    TypeError
        When a case is not a `case`: a mistake of the page, not of the student.
    """
    if not cases or not all(isinstance(one, case) for one in cases):
        raise TypeError("check(answer, case(...), case(...)): give at least one case, each made by case(...)")
    passed, name = [], name or _name(answer)
    may_be_none = any(one.expected is None for one in cases)  # then None is an answer, and no sign of a missing return
    for one in cases:
        try:
            rows = [_STUB] if _untouched(answer) else _rows(answer, one, name, may_be_none)
        except BaseException as error:  # an answer so odd that looking at it fails still gets a sentence
            rows = [("got", f"something that cannot be looked at ({type(error).__name__})"),
                    ("expected", "numbers, arrays or text"), *([("hint", one.hint)] if one.hint else [])]
        if _STUB in rows and not passed:
            return Feedback(name, len(cases), attempted=False)
        if rows:
            return Feedback(name, len(cases), passed, rows, one.about)
        passed.append(one.about)
    return Feedback(name, len(cases), passed, notes=_missed(answer))


class Checks:
    """The checks of one lesson: `check(softmax)` tries the cases of the exercise that is called softmax.

    Examples
    --------
    >>> check = Checks()
    >>> @check.exercise
    ... def double():
    ...     return [case("a number", 4, expected=8)]
    >>> check(lambda number: 2 * number, "double")
    double: ✓ all 1 checks passed (a number)
    """

    def __init__(self):
        self.exercises: dict[str, Callable[[], list[case]]] = {}

    def exercise(self, cases: Callable[[], list[case]]) -> Callable[[], list[case]]:
        """Take a function that returns the cases of the exercise after which it is named; for decoration."""
        self.exercises[cases.__name__] = cases
        return cases

    def __call__(self, answer: object, name: str | None = None) -> Feedback:
        """Try a student's answer and say how it stands.

        Parameters
        ----------
        answer : object
            The student's function or value.
        name : str, optional
            The exercise; by default that of the answer's own name, or of the variable in which it is kept.

        Returns
        -------
        Feedback
            Shown by Jupyter when it is the last line of a cell. Where no exercise has this name it says which there are.
        """
        kept = sys._getframe(1).f_globals
        names = [name or _name(answer), *(one for one in self.exercises if kept.get(one, _NOTHING) is answer)]
        found = next((one for one in names if one in self.exercises), None)
        if found is None:
            return Feedback(names[0], 0, about="this lesson has no exercise of that name",
                            rows=[("expected", f"one of {', '.join(self.exercises)}")])
        return check(answer, *self.exercises[found](), name=found)
