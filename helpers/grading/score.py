"""Compare what a student's code gave with the stored answers, by nbval's own code.

nbval's comparison is the method `IPyNbCell.compare_outputs`: it sorts the outputs of a cell by kind and compares the texts of
each kind, in order. Here it is called on the results alone. Standard error does not count, because TensorFlow writes there
whatever the student does; standard output does not count, so that a forgotten `print` costs nothing. Floats are compared by the
digits that the hidden cell itself rounds to. The comparison happens in the grader's process: the stored answer is in no kernel.
"""

from __future__ import annotations

import functools
import types


@functools.cache
def _comparison():
    """Return as much of an `IPyNbCell` as its comparison needs, without pytest around it."""
    # Imported only here, while the first kernels start: pytest and nbformat take a second or two to load.
    from nbval.plugin import IPyNbCell, nocolors

    class Comparison:
        compare_outputs, sanitize, colors = IPyNbCell.compare_outputs, IPyNbCell.sanitize, nocolors
        # What nbval itself leaves out, and the two streams.
        parent = types.SimpleNamespace(sanitize_patterns={}, skip_compare=(
            "metadata", "traceback", "prompt_number", "output_type", "name", "execution_count", "image/png", "image/jpeg",
            "stdout", "stderr"))

        def format_output_compare(self, key, left, right):
            """Say nothing: what differs is for the feedback to show, and not the expected half of it."""

    return Comparison()


def _outputs(texts):
    from nbformat.v4 import new_output

    return [new_output("execute_result", {"text/plain": text}, execution_count=1) for text in texts]


def agrees(results, expected):
    """Return whether a cell gave the stored answer, and nothing else, as its result.

    Parameters
    ----------
    results : list of str
        The text of each result that came.
    expected : str
        The stored text.
    """
    return bool(_comparison().compare_outputs(_outputs(results), _outputs([expected])))
