"""How a traced network is shown: as text in a terminal, as a table in a notebook."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .network import NetworkTable

HEADINGS = ("layer", "kind", "output shape", "numbers", "bytes", "parameters", "trainable", "multiply-adds",
            "receptive field", "jump")
IN_HTML = (0, 1, 2, 3, 5, 7, 8)  # a notebook's page is not wide enough for all of them; a terminal scrolls
TO_THE_LEFT = 3  # so many columns are words and shapes; the others are numbers, set to the right
NOTE = ("For one example. A multiply-add is one multiplication with the addition that follows it. Receptive field: "
        "pixels of the input behind one number, padding included; jump: how far it moves from one number to the next.")


def _cells(row):
    jump = row.jump[:1] if len(set(row.jump)) == 1 else row.jump
    return (row.name, row.kind, f"({', '.join(map(str, row.output_shape))}{',' * (len(row.output_shape) == 1)})",
            f"{row.activation_size:,}", f"{row.activation_bytes:,}", f"{row.parameters:,}", f"{row.trainable:,}",
            f"{row.multiply_adds:,}", " x ".join(map(str, row.receptive_field)),
            " x ".join(map(str, jump)) if any(jump) else "-")


def _totals(table):
    return ("total", "", "", f"{table.activation_size:,}", f"{table.activation_bytes:,}", f"{table.parameters:,}",
            f"{table.trainable:,}", f"{table.multiply_adds:,}", "", "")


def _summary(table):
    return (f"{len(table)} layer{'s' * (len(table) != 1)}, {table.parameters:,} parameters ({table.trainable:,} trainable, "
            f"{table.not_trainable:,} not), {table.multiply_adds:,} multiply-adds for one example")


def as_text(table: NetworkTable) -> str:
    """The table in plain text, columns aligned."""
    lines = [HEADINGS, *map(_cells, table.rows), _totals(table)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines = ["  ".join(cell.ljust(width) if number < TO_THE_LEFT else cell.rjust(width)
                       for number, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines]
    rule = "-" * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1], _summary(table)])


def as_html(table: NetworkTable) -> str:
    """The table in HTML: no script, no colors of its own, so that it reads on a light and on a dark page."""
    body = "\n".join(_line(_cells(replace(row, kind=f"{row.kind}: {row.settings}") if row.settings else row))
                     for row in table.rows)  # there is room for more than the kind
    total = _line(_totals(table), style="border-top:1px solid currentColor;font-weight:bold;")
    table_style = "color:inherit;border-collapse:collapse;font-variant-numeric:tabular-nums"
    return (f'<div style="overflow-x:auto">\n<table style="{table_style}">\n'
            f'<caption style="text-align:left">{html.escape(_summary(table))}</caption>\n'
            f"<thead>{_line(HEADINGS, 'th')}</thead>\n<tbody>\n{body}\n</tbody>\n<tfoot>{total}</tfoot>\n</table>\n"
            f'<p style="font-size:smaller">{NOTE.partition("; jump")[0]}.</p>\n</div>')


def _line(cells, tag="td", style=""):
    scope = ' scope="col"' if tag == "th" else ""
    line = ""
    for column in IN_HTML:
        side = "left" if column < TO_THE_LEFT else "right"
        line += (f'<{tag}{scope} style="text-align:{side};padding:0.15em 0.6em;white-space:nowrap;{style}">'
                 f"{html.escape(cells[column])}</{tag}>")
    return f"<tr>{line}</tr>"
