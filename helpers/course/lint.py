"""Check that lessons keep the form that readers and nbval rely on, and code its style; say how to mend what does not.

    python -m helpers.course.lint                              lessons, answer keys, code, addresses, pages, workflows
    python -m helpers.course.lint notebooks/03_lenet.ipynb     one

It does not run anything. What it checks in a notebook stands in RULES, one function a rule; the rest is in lint_code.py.
"""

import argparse
import json
import re
import statistics
import sys
from pathlib import Path

import nbformat

from helpers.course import lint_code
from helpers.course.notebook_format import CELL_METADATA, notebook_metadata
from helpers.course.setup_cell import FOLDED, IMPORTS, NAME, setup_cell
from helpers.project import ROOT

# Where people and services keep their files, and wherever this copy of the course happens to lie.
MACHINE_PATH = re.compile(r"(?<![\w.])(/(?:root|tmp|mnt|opt|srv|content)/|/home/\w+/|/Users/\w+|[A-Z]:\\\\?Users|"
                          + re.escape(f"{ROOT}/") + ")")
PICTURE_WITHOUT_ALT = re.compile(r"!\[\s*\]\(|<img (?![^>]*alt=\"[^\"]+\")")
KEYS = ROOT / "helpers" / "grading" / "keys"
LARGEST_NOTEBOOK = 1_500_000
LONGEST_OUTPUT = 60
LONGEST_IMPORTS = 8
LONGEST_LINE = 88


def _code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def _words(text):
    text = re.sub(r"```.*?```", " ", text, flags=re.DOTALL)
    return len(re.findall(r"[A-Za-z0-9][\w'.,-]*", re.sub(r"\]\([^)]*\)", "]", text)))


def _is_exercise(cell):
    return "exercise" in cell.metadata


def canonical_form(path, notebook, text):
    """Canonical JSON, so that a diff shows only what changed."""
    if text != nbformat.writes(notebook) + "\n" and text != nbformat.writes(notebook):
        yield "not in nbformat's canonical form: run `python -m helpers.course.build` on it"
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {str(error).splitlines()[0]}"


def metadata(path, notebook, text):
    """No metadata beyond what the course uses."""
    if dict(notebook.metadata) != notebook_metadata(path.stem):
        yield f"notebook metadata should be {notebook_metadata(path.stem)}"
    for number, cell in enumerate(notebook.cells):
        stray = set(cell.metadata) - CELL_METADATA
        if stray:
            yield f"cell {number}: stray metadata {sorted(stray)}"


def cell_ids(path, notebook, text):
    """Every cell has an id of its own."""
    # From the text: nbformat mends doubled ids as it reads.
    ids = [cell.get("id") for cell in json.loads(text)["cells"]]
    for identity in sorted({str(i) for i in ids if ids.count(i) > 1 or not i}):
        yield f"cell id {identity} is missing or used twice"


def executed(path, notebook, text):
    """Run top to bottom in one fresh kernel: nbval compares nothing in a cell without a count."""
    counts = [cell.execution_count for cell in _code(notebook) if cell.source.strip()]
    if counts != list(range(1, len(counts) + 1)):
        yield "execution counts are not 1, 2, 3 ...: run it again with `python -m helpers.course.build`"


def clean_outputs(path, notebook, text):
    """No errors, warnings, machine paths or walls of text in the outputs."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"cell {number}: an error in the outputs ({output.ename})"
            if output.get("name") == "stderr":
                yield f"cell {number}: text on standard error in the outputs"
            shown = json.dumps(output.get("data", output.get("text", "")))
            if MACHINE_PATH.search(re.sub(r'"image/png": "[^"]*"', "", shown)):
                yield f"cell {number}: a path of this machine in the outputs"
            plain = output.get("text") or output.get("data", {}).get("text/plain", "")
            if len(plain.splitlines()) > LONGEST_OUTPUT:
                yield f"cell {number}: prints {len(plain.splitlines())} lines; a screen holds {LONGEST_OUTPUT}"
            if "widget-view" in shown:
                yield f"cell {number}: leaves a widget in the outputs, which shows nothing without a kernel"
        said = json.dumps([output for output in cell.outputs if output.output_type == "stream"])
        if re.search(r"Warning\b", said):
            yield f"cell {number}: a warning in the outputs"


def alternative_texts(path, notebook, text):
    """Every picture can be read aloud."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and PICTURE_WITHOUT_ALT.search(cell.source):
            yield f"cell {number}: a picture without alt text"
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}) and not output.metadata.get("image/png", {}).get("alt"):
                yield f"cell {number}: a figure without alt text: publish it with plots.show(figure, alt=...)"
            if "image/svg+xml" in output.get("data", {}):
                yield f"cell {number}: an SVG in the outputs cannot carry alt text: publish a PNG with pictures.publish"


def pictures_exist(path, notebook, text):
    """Pictures and links inside the project lead somewhere."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s]+)\)", cell.source):
                if not (path.parent / target.split("#")[0]).exists():
                    yield f"cell {number}: {target} does not exist"


def figures_are_discussed(path, notebook, text):
    """A figure is followed by prose that says what to see in it."""
    for number, cell in enumerate(notebook.cells):
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
            after = notebook.cells[number + 1] if number + 1 < len(notebook.cells) else None
            prose = "" if after is None or after.cell_type != "markdown" else re.sub(r"(?m)^#.*$", "", after.source)
            if _words(prose) < 15:
                yield f"cell {number}: a figure without 15 words below it that say what to see"


def opening(path, notebook, text):
    """One H1 first, the badges, then the folded set-up cell and the imports."""
    headings = [line for cell in notebook.cells if cell.cell_type == "markdown"
                for line in re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL).splitlines()
                if line.startswith("# ")]
    if len(headings) != 1 or not notebook.cells[0].source.startswith("# "):
        yield f"needs exactly one first-level heading, in the first cell; found {headings}"
    first_code = next((number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"), None)
    before = "\n".join(cell.source for cell in notebook.cells[:first_code])
    if "colab.research.google.com" not in before or "mybinder.org" not in before:
        yield "no row of links before the first code cell: write <!-- badges --> in the draft and build"
    code = _code(notebook)
    if len(code) < 2 or code[0].source != setup_cell() or dict(code[0].metadata) != FOLDED:
        yield "the first code cell must be the set-up cell of helpers/course/setup_cell.py, folded"
    elif code[1].metadata.get("name") != IMPORTS or not 1 <= _lines(code[1]) <= LONGEST_IMPORTS:
        yield f"the second code cell must be named {IMPORTS} and hold at most {LONGEST_IMPORTS} lines of imports"


def ending(path, notebook, text):
    """What we saw, questions, further reading."""
    titles = " ".join(line.lower() for cell in notebook.cells if cell.cell_type == "markdown"
                      for line in cell.source.splitlines() if line.startswith("## "))
    for title in ("what we saw", "questions", "further reading"):
        if title not in titles:
            yield f"has no section '## {title.capitalize()}'"
    if path.stem != "00_start_here" and "closing_table(" not in "".join(cell.source for cell in _code(notebook)):
        yield "does not end with helpers.results.closing_table"


def rhythm(path, notebook, text):
    """Short cells, enough prose, never more than three code cells in a row."""
    cells = [cell for cell in _code(notebook) if cell.metadata.get("name") not in (NAME, IMPORTS) and not _is_exercise(cell)]
    lengths = sorted(_lines(cell) for cell in cells)
    if not lengths:
        yield "has no code"
        return
    if path.stem != "00_start_here" and not 3 <= statistics.median(lengths) <= 5:
        yield f"the median code cell has {statistics.median(lengths)} lines, wanted 3 to 5"
    long_ones = sum(length > 11 for length in lengths)
    if long_ones > 0.1 * len(lengths):
        yield f"{long_ones} of {len(lengths)} code cells are longer than 11 lines, wanted at most one in ten"
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and _lines(cell) > 20:
            yield f"cell {number}: {_lines(cell)} lines, wanted at most 20"
    words = sum(_words(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    if not 60 <= words / len(_code(notebook)) <= 150:
        yield f"{words / len(_code(notebook)):.0f} words of prose per code cell, wanted 60 to 150"
    run = longest = 0
    for cell in notebook.cells:
        run = run + 1 if cell.cell_type == "code" and cell.metadata.get("name") != NAME else 0
        longest = max(longest, run)
    if longest > 3:
        yield f"{longest} code cells in a row, wanted at most 3"


def one_page(path, notebook, text):
    """Code fits the page, and tells one story: what depends on the data stands in one table."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        for line in cell.source.splitlines():
            if len(line) > LONGEST_LINE:
                yield f"cell {number}: a line of {len(line)} columns, wanted at most {LONGEST_LINE}: {line[:40].strip()} ..."
        if re.search(r"\bif (not )?(is_)?real\b|source == [\"']", cell.source):
            yield f"cell {number}: asks which data it has; put what differs into the table of sizes at the top"


def size(path, notebook, text):
    """GitHub shows notebooks up to a size."""
    if path.stat().st_size > LARGEST_NOTEBOOK:
        yield f"{path.stat().st_size / 1e6:.1f} MB, wanted at most {LARGEST_NOTEBOOK / 1e6:.1f}"


def exercise_cells(path, notebook, text):
    """An exercise in a lesson is a task, a stub and a check, next to each other."""
    names = list(dict.fromkeys(cell.metadata["exercise"] for cell in notebook.cells if _is_exercise(cell)))
    for name in names:
        places = [number for number, cell in enumerate(notebook.cells) if cell.metadata.get("exercise") == name]
        tags = [list(notebook.cells[number].metadata.get("tags", [])) for number in places]
        if tags != [["exercise-task"], ["exercise-solution"], ["exercise-check"]] or places[2] - places[0] != 2:
            yield f"exercise {name}: wanted a task, a stub and a check, in this order and side by side"
        for number in places:
            cell = notebook.cells[number]
            if cell.metadata["tags"] == ["exercise-check"] and not re.fullmatch(rf"check\(\w+(, \"{name}\")?\)", cell.source):
                yield f"exercise {name}: its check must be one line, check({name}); the cases belong in helpers/exercises"
            if cell.metadata.get("name") != f"{name}-{cell.metadata['tags'][0].removeprefix('exercise-')}":
                yield f"cell {number}: wanted the name {name}-task, {name}-solution or {name}-check"


def key_cells(path, notebook, text):
    """A key holds one set-up for all, then set-up, solution and hidden checks of each exercise, which name their points."""
    cells = _code(notebook)
    if not cells or cells[0].metadata.get("tags") != ["key-setup"]:
        yield "the first code cell must be tagged key-setup"
    order = {"exercise-setup": 0, "exercise-solution": 1, "exercise-hidden": 2}
    stages, last = {}, None
    for number, cell in enumerate(notebook.cells):
        name, tags = cell.metadata.get("exercise"), cell.metadata.get("tags", [])
        if cell.cell_type != "code" or "key-setup" in tags:
            continue
        if name is None or not tags or tags[0] not in order:
            yield f"cell {number}: wanted the metadata exercise and a tag of {', '.join(order)}"
            continue
        if (name in stages and last != name) or (stages.get(name, [0])[-1] > order[tags[0]]):
            yield f"cell {number}: {tags[0]} of {name} stands out of order"
        stages.setdefault(name, []).append(order[tags[0]])
        last = name
        if tags[0] == "exercise-hidden":
            points = cell.metadata.get("points")
            if not isinstance(points, int) or points < 1 or "nbval-check-output" not in tags:
                yield f"cell {number}: a hidden check needs points, a whole number from 1, and the tag nbval-check-output"
            if [output.output_type for output in cell.outputs] != ["execute_result"]:
                yield f"cell {number}: a hidden check must end with an expression and print nothing"
    for name, stage in stages.items():
        if stage.count(1) != 1 or 2 not in stage:
            yield f"exercise {name}: wanted one solution and at least one hidden check"


RULES = [canonical_form, metadata, cell_ids, executed, clean_outputs, alternative_texts, pictures_exist,
         figures_are_discussed, opening, ending, rhythm, one_page, exercise_cells, size]
KEY_RULES = [canonical_form, metadata, cell_ids, executed, clean_outputs, key_cells, size]


def lint(path, rules=None):
    """Return one sentence for each rule broken by a notebook, empty when it is in form."""
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    try:
        notebook = nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat raises many kinds, all meaning: unreadable
        return [f"{path.name}: cannot be read as a notebook ({type(error).__name__}: {error})"]
    return [f"{path.name}: {complaint}" for rule in rules or RULES for complaint in rule(path, notebook, text)]


def lint_key(path):
    """The same for an answer key, which needs no prose."""
    return lint(path, KEY_RULES)


def main():
    """Read the command line; exit with 1 when a rule is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="notebooks (default: all lessons and keys, and the code)")
    named = [Path(file) for file in parser.parse_args().files]
    paths = named or [path for folder in (ROOT / "notebooks", KEYS) for path in sorted(folder.glob("*.ipynb"))]
    complaints = [complaint for path in paths
                  for complaint in (lint_key if path.resolve().parent == KEYS else lint)(path.resolve())]
    complaints += [] if named else lint_code.complaints()
    print("\n".join(complaints) or f"{len(paths)} notebooks{'' if named else ', code, addresses, pages and workflows'} in form")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
