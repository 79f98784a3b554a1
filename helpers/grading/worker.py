"""Inside the sandbox: IPython's shell between two pipes. Requests come in as lines of JSON, and for each goes out one line.

The shell gives magics, `!`, `await`, `display` and the value of a last line the meaning that they have in a notebook. A student's
code can do to this module what it likes, and can write into the pipe itself: it gains what it gains by printing.
"""

import asyncio
import builtins
import contextlib
import functools
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

MOST_PRINTED, MOST_RESULT, MOST_DETAIL = 20_000, 100_000, 2_000  # characters that are kept; a result that was cut is wrong
MOST_NUMBERS, MOST_TEXT, MOST_CALLS = 200, 8_000, 20  # of an array, or it is abbreviated; of a text; of calls that are told
_CODE = {" at 0x[0-9a-fA-F]+": "", r"\barray\(": "np.array(", "dtype=(?=[a-z])": "dtype=np.", r"(?<![\w.])(nan|inf)\b": r"np.\1"}
_LONG = re.compile(r"\b\d+\.\d*(e[-+]?\d+)?")


class _Printed(io.StringIO):
    """What stands for standard output: it keeps the first `most` characters, and lets all others go."""

    encoding = "utf-8"

    def __init__(self, most, descriptor):
        super().__init__()
        self._most, self._descriptor = most, descriptor

    def fileno(self):
        # It leads nowhere, and is for programs that ask for one.
        return self._descriptor

    def write(self, text):
        super().write(text[:max(0, self._most - self.tell())] if isinstance(text, str) else text)
        return len(text)


def _nothing(*arguments, **named):
    pass


class _Hook(DisplayHook):
    """Keeps the text of a cell's last expression, which is what keys store."""

    text = None
    write_output_prompt = _nothing

    def write_format_data(self, format_dict, md_dict=None):
        self.text = format_dict.get("text/plain")


class _Shell(InteractiveShell):
    """IPython's shell without terminal, history, windows and tracebacks."""

    displayhook_class = Type(_Hook)
    enable_gui = showtraceback = showsyntaxerror = _format_exception_for_storage = _nothing

    def ask_exit(self):
        raise SystemExit

    def system(self, cmd):
        """Run `!command`, and print what it prints."""
        print(self.getoutput(cmd, split=False, depth=1), end="")


def _no_input(prompt="", *arguments, **named):
    raise RuntimeError("input() cannot be answered while a notebook is graded: give the value in the code")


def new_shell() -> InteractiveShell:
    """Return the shell, which is made before anything forks, and has run nothing but one empty cell."""
    # A notebook would draw each figure as an image, which nobody sees here.
    shell = _Shell.instance(config=Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"},
                                           "DisplayFormatter": {"active_types": ["text/plain"]}}))
    # What Python, IPython and NumPy import only now is there for all workers.
    shell.run_cell("import asyncio.unix_events, numpy.random, unittest.mock\nget_ipython().reset()", silent=True)
    builtins.input = _no_input
    return shell


def pasted(value: Any, rounded: bool = False) -> str:
    """Return a number, text, array, tensor, or a list, tuple or dict of them, as code where NumPy is `np` and TensorFlow `tf`.

    Rounded, floats keep six digits, so that what was computed in another order looks alike.
    """
    try:
        if type(value).__module__.startswith("tensorflow") and hasattr(value, "numpy"):
            return f"tf.constant({pasted(value.numpy(), rounded)})"
        if callable(value) and hasattr(value, "__name__"):
            return value.__name__
        with np.printoptions(threshold=MOST_NUMBERS, edgeitems=2, floatmode="unique"):
            text = repr(value)[:MOST_TEXT]
        if isinstance(value, str):
            return text
        for pattern, code in _CODE.items():
            text = re.sub(pattern, code, text)
        text = _LONG.sub(lambda number: repr(float(f"{float(number[0]):.6g}")), text) if rounded else text
        cut = getattr(value, "size", 0) > MOST_NUMBERS and "shape=" not in text
        return " ".join(text.split()) + (f"  # shape {value.shape}" if cut else "")
    except Exception:
        return f"<{type(value).__name__}>"


@contextlib.contextmanager
def recorded(names: dict[str, Any], wanted: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """Record how the wanted functions are called, but not by each other, while a block runs, and what they give or raise."""
    calls: list[tuple[str, str]] = []

    def watched(name, function):
        @functools.wraps(function)
        def call(*arguments, **named):
            if len(calls) >= MOST_CALLS:
                return function(*arguments, **named)
            shown = [*map(pasted, arguments), *(f"{key}={pasted(value)}" for key, value in named.items())]
            told = ""
            names.update(functions)  # what this one calls is not told
            try:
                got = function(*arguments, **named)
                told = pasted(got, rounded=True)
                return got
            except BaseException as error:
                told = f"{type(error).__name__}: {error}"[:MOST_TEXT]
                raise
            finally:
                names.update(watching)
                calls.append((f"{name}({', '.join(shown)})"[:MOST_TEXT], told))
        return call

    functions = {name: names[name] for name in wanted if callable(names.get(name)) and not isinstance(names[name], type)}
    watching = {name: watched(name, function) for name, function in functions.items()}
    names.update(watching)
    yield calls
    names.update(functions)


def _cut(text, most):
    return text if len(text) <= most else text[:most] + " ..."


def _answer(shell, loop, request):
    """Run one cell as ipykernel does, within a running loop, and return the reply."""
    sys.stdout = printed = _Printed(MOST_PRINTED + 1, 1)
    shell.displayhook.text, code, failed = None, request["code"], None
    with recorded(shell.user_ns, request["record"]) as calls:
        try:
            code = shell.transform_cell(code)
        except Exception:
            failed = sys.exc_info()
        # IPython's own `run_cell` would keep all that is printed.
        outcome = loop.run_until_complete(shell.run_cell_async(
            request["code"], store_history=True, transformed_cell=code, preprocessing_exc_tuple=failed))
    error, text, detail = outcome.error_before_exec or outcome.error_in_exec, shell.displayhook.text, ""
    if error:
        detail = type(error).__name__
        with contextlib.suppress(Exception):  # a student's own may have no words
            detail = f"{detail}: {error}".rstrip(": ")
    return {"number": request["number"], "status": "error" if error else "ok", "detail": _cut(detail, MOST_DETAIL),
            "result": None if error or text is None else _cut(str(text), MOST_RESULT), "calls": calls,
            "printed": _cut(printed.getvalue(), MOST_PRINTED)}


def serve(requests: int, replies: int, shell: InteractiveShell) -> None:
    """Answer requests until their pipe is closed: each has a `number`, a cell's `code`, and names of functions to `record`."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    sys.stdin, sys.stderr = open(os.devnull), _Printed(0, 2)
    send(replies, {"number": 0})
    with open(requests, "rb") as lines:
        for line in lines:
            send(replies, _answer(shell, loop, json.loads(line)))


def send(replies: int, reply: dict[str, Any]) -> None:
    """Write one reply; the first, with the number 0, says whether the worker is ready."""
    with open(replies, "wb", closefd=False) as file:
        file.write(json.dumps(reply, ensure_ascii=False).encode("utf-8", errors="replace") + b"\n")
