"""Find, for each exercise of a key, the student's own code, and what it uses from elsewhere in the notebook. Nothing is run.

The code runs behind the key's set-up. What it uses besides is taken along: the last value that a name had above it, and what that
needs in turn. A student's own version of a name counts before the key's, and the key's before the lesson's.
"""

import ast
import builtins
import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Sequence

from helpers.grading.reading import LARGEST_CELL, defined_names, statements, used_names
from helpers.grading.records import MISSING, NOT_ATTEMPTED, Cell, Key, Match

MOST_CODE = 500_000  # characters of code that are read of one notebook: ten times a long lesson
MOST_CARRIED = 100  # statements that are taken along for one exercise
_COSTLY = re.compile(r"\b(fit|evaluate|predict|train_on_batch|GradientTape|apply_gradients|open|urlopen|urlretrieve|get_file"
                     r"|(load|read|fetch|download)\w*)\(|\bsubprocess\.")
"""Calls that train, or that ask for data which a worker does not have."""
_INSTALLS = re.compile(r"^([ \t]*)[!%] *(pip|pip3|uv|conda|mamba|apt|apt-get)\b.*$", re.MULTILINE)
_AT_HAND = {*dir(builtins), "__annotations__", "__file__", "get_ipython", "display", "In", "Out", "_", "__", "___"}
"""Names that a notebook has before its first cell."""
_statements_of_a_lesson = functools.lru_cache(maxsize=1024)(statements)


class _Code:
    """The code cells of a notebook, and where each name gets its value; the cells of its `lesson` count as standing above it."""

    def __init__(self, cells, lesson=()):
        self.cells, self.unread, self.bodies, self._touching, read = cells, 0, {}, defaultdict(list), 0
        known = {cell.source for cell in lesson}
        code = [(number, cell) for number, cell in enumerate((*lesson, *cells), -len(lesson))
                if cell.kind == "code" and cell.source.strip()]
        for number, cell in sorted(code, key=lambda one: "exercise-solution" not in one[1].tags):
            if cell.source not in known:
                if len(cell.source) > min(LARGEST_CELL, MOST_CODE - read):
                    self.unread += 1
                    continue
                read += len(cell.source)
            self.bodies[number] = (_statements_of_a_lesson if cell.source in known else statements)(cell.source)
        for number, body in sorted(self.bodies.items()):
            for line, one in enumerate(body):
                for name in one.binds | one.changes:
                    self._touching[name].append(((number, line), one))
        # The code of the lesson, to tell what a student has changed.
        self.handed_out = {one.text for number, body in self.bodies.items() if number < 0 for one in body}

    def binding(self, *names):
        """Return (position, statement) for each statement that gives one of these names its value, in order."""
        return sorted((one for name in names for one in self._touching.get(name, []) if name in one[1].binds),
                      key=lambda one: one[0])

    def value(self, name, at):
        """Return the statements that make a name's value at a position, or that which gives it one further down."""
        every = self.binding(name)
        above = [one for one in every if one[0] < at]
        below = [one for one in every if one[0][0] > at[0]][:1]
        if not above or (below and above[-1][0][0] < 0 <= at[0]):  # what the student has counts before what the lesson has
            return below
        if above[-1][1].imports or above[-1][1].defines:
            return above[-1:]
        # What stands under `if` or in a loop may leave the value from before as it was.
        first = next((place for place, one in reversed(above) if not one.maybe), above[0][0])
        return [one for one in self._touching[name] if first <= one[0] < at]


def _carried(code, given, asked):
    """Return the statements that make what is `asked` for, each name at its place, unless the key's set-up has `given` it.

    Return besides which names are made by a student's own statements, and which cannot be had.
    """
    taken, seen, looked_at, own, lost = {}, {}, itertools.count(1), set(), set()

    def need(name, at, runs=False):
        """Take what a name stands for at a place, where it `runs` if something asks for it at once; return whether it is had."""
        if (name, at, runs) not in seen:
            seen[name, at, runs] = True  # functions may call each other
            found = code.value(name, at)
            changed = any(place[0] >= 0 and one.text not in code.handed_out for place, one in found)
            if found and (changed or name not in given) and all(take(place, one, at, runs) for place, one in found):
                own.update([name] if changed else [])
            elif name not in given | _AT_HAND:
                lost.update([name] if found else [])
                taken.update(stars := [] if found else code.binding("*")[:5])
                seen[name, at, runs] = bool(stars)
        return seen[name, at, runs]

    def take(place, one, at, runs):
        """Take one statement with what it needs; return whether it can run."""
        runs = runs or not (one.defines or one.imports)
        if next(looked_at) > MOST_CARRIED or not one.text or (runs and _COSTLY.search(one.text)):
            return False
        now, later = used_names(one.text)
        # What an `if` also binds may have had no value before, and a function may never come to what it lacks.
        can_run = all(need(name, place, runs) or (one.maybe and name in one.binds) for name in sorted(now)) and all(
            need(name, at, runs) or one.defines for name in sorted(later))
        taken.update({place: one} if can_run else {})
        return can_run

    for name in sorted(asked):
        need(name, asked[name])
    return [one for _, one in sorted(taken.items())], sorted(own), sorted(lost)


@functools.lru_cache(maxsize=256)
def _names(exercise):
    """Return the names that an exercise asks for, those that its set-up gives, and the code of its stub's statements."""
    return (defined_names(exercise.solution) & defined_names(exercise.stub or exercise.solution),
            set().union(*map(defined_names, exercise.setup)), {one.text for one in statements(exercise.stub or "")})


def _choose(exercise, own, named):
    """Return the number of the cell that counts and what to say of it, or None and a status."""
    wanted, _, stub = _names(exercise)
    named = [number for number in named if number in own.bodies]
    touched = [number for number in named if not own.bodies[number] or any(
        not one.stub and one.text not in stub for one in own.bodies[number])]
    everywhere = {place[0]: one for place, one in own.binding(*wanted) if place[0] >= 0}
    defining = [number for number, one in everywhere.items() if not one.stub and one.text not in stub | own.handed_out]
    if not defining:
        return (touched[-1], "") if touched else (None, NOT_ATTEMPTED if named or everywhere else MISSING)
    # What the last check has seen; further down there is only scratch paper, unless there is nothing else.
    asks = re.compile(rf"check\((?<!\wcheck\()\s*({'|'.join(map(re.escape, wanted))})\b")  # a literal in front is found fast
    last = max((number for number in own.bodies if number >= 0 and asks.search(own.cells[number].source)), default=len(own.cells))
    chosen, count = max([number for number in defining if number <= last] or defining), len({*named, *defining})
    if chosen not in named:
        return chosen, "found in another cell of yours by what it defines"
    return chosen, f"there were {count} cells for this exercise; the last one that was changed counts" if count > 1 else ""


def _tried(one):
    """Return the code of a statement such that an error in it stops nothing that comes after it."""
    if one.defines or not one.text:
        return one.text
    return ast.unparse(ast.Try([one.node], [ast.ExceptHandler(ast.Name("Exception"), None, [ast.Pass()])], [], []))


def _match(exercise, own):
    wanted, given, _ = _names(exercise)
    # The cells that carry the exercise's name as its solution.
    named = [number for number, cell in enumerate(own.cells) if cell.source.strip() and (
        ("exercise-solution" in cell.tags and cell.exercise == exercise.name) or cell.name == f"{exercise.name}-solution")]
    number, note = _choose(exercise, own, named)
    unread = (f"{own.unread} cells were not read: a cell may have {LARGEST_CELL:,} characters of code, a notebook {MOST_CODE:,}"
              if own.unread else "")
    if number is None:
        kinds = [own.cells[other].kind.replace("m", "M") for other in named if own.cells[other].kind != "code"]
        said = [f"the cell {exercise.name}-solution is a {kinds[-1]} cell; turn it back into code" if kinds else
                "the cell of this exercise is missing"] if note == MISSING else []
        return Match(exercise.name, None, status=note, note="; ".join(filter(None, [*said, unread])))
    at, body, whole = (number, 0), own.bodies[number], number in named
    if not whole:
        at = next(place for place, _ in own.binding(*wanted) if place[0] == number)
        body = [one for one in body if wanted & (one.binds | one.changes)]
    asked = dict.fromkeys(set().union(*used_names("\n".join(one.text for one in body))), at)
    if body:  # what the cell itself does not define counts as it is at its end
        asked |= dict.fromkeys(wanted - set().union(*(one.binds for one in body)), (number, len(own.bodies[number])))
    before, names, lost = _carried(own, given, asked)
    source = _INSTALLS.sub(r"\1pass", own.cells[number].source)
    if lost or not whole:
        # A line that shows something with data fails here, and takes nothing else with it.
        source = "\n".join(map(_tried, body))
    undefined = sorted(name for name in wanted if not any(place[0] >= 0 for place, _ in own.binding(name)))
    notes = [note, unread, *(f"{about}: {', '.join(names)}" for about, names in (
        ("your notebook does not define", undefined), ("taken along from your other cells", names),
        ("not at hand here, because it takes data or training", lost)) if names)]
    return Match(exercise.name, source, tuple(one.text for one in before), note="; ".join(filter(None, notes)))


def match(key: Key, cells: Sequence[Cell]) -> list[Match]:
    """Pair the cells of a student's notebook with the exercises of a key: one match for each, in the key's order."""
    own = _Code(cells, key.lesson_cells)
    return [_match(exercise, own) for exercise in key.exercises]


def tell_lesson(said: str | None, cells: Sequence[Cell], keys: dict[str, Key]) -> str | None:
    """Return the lesson to which a notebook's cells belong, or None.

    That which its metadata have `said`, unless nothing in it is of that lesson and something is of one other.
    """
    names = {cell.exercise for cell in cells} | {cell.name.removesuffix("-solution") for cell in cells}
    counts = {lesson: len(names & {exercise.name for exercise in key.exercises}) for lesson, key in keys.items()}
    if said in keys and counts[said]:
        return said
    wanted = {lesson: [_names(exercise)[0] for exercise in key.exercises] for lesson, key in keys.items()}
    asked = set().union(*(each for one in wanted.values() for each in one))
    # Only where a name stands at all is it worth while to parse.
    code = _Code([cell for cell in cells if cell.kind == "code" and any(name in cell.source for name in asked)])
    for lesson, names_of in wanted.items():
        counts[lesson] += sum(bool(each) and all(map(code.binding, each)) for each in names_of)
    best = [lesson for lesson, count in counts.items() if count == max(counts.values()) > 0]
    return said if said in keys and (counts[said] or len(best) != 1) else best[0] if len(best) == 1 else None
