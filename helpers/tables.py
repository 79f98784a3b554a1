"""Small tables: HTML in a notebook, plain text in a terminal (drawn by tabulate)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate

__all__ = ["Table"]


class Table:
    """Rows under headers, shown as a table when it is the last line of a cell.

    Parameters
    ----------
    rows : iterable of sequence
        The cells; numbers are shown as given, so round or format them first.
    headers : sequence of str
        One for each column.
    """

    def __init__(self, rows: Iterable[Sequence[object]], headers: Sequence[str]):
        self.rows = [[str(cell) for cell in row] for row in rows]
        self.headers = list(headers)
        for row in self.rows:
            if len(row) != len(self.headers):
                raise ValueError(f"a row has {len(row)} cells under {len(self.headers)} headers: {row}")

    def _draw(self, style):
        return str(tabulate(self.rows, self.headers, tablefmt=style, disable_numparse=True))

    def _repr_html_(self):
        # Jupyter's own style sheet sets cells to the right, which is for numbers alone.
        left = ' style="text-align: left"'
        return self._draw("html").replace("<td>", f"<td{left}>").replace("<th>", f"<th{left}>")

    def __repr__(self):
        return self._draw("simple")
