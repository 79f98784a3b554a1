"""Make a student's notebook from a lesson and its key."""

import copy
import json
from functools import lru_cache

from helpers.grading.answer_keys import KEYS, LESSONS, read_key
from helpers.grading.reading import defined_names

LESSON = "01_mnist_softmax"


@lru_cache
def key(lesson=LESSON):
    return read_key(KEYS / f"{lesson}.ipynb")


@lru_cache
def _lesson_text(lesson):
    return (LESSONS / f"{lesson}.ipynb").read_text(encoding="utf-8")


def handed_out(lesson=LESSON):
    """Return the lesson as students get it, as plain JSON, without outputs to keep the class small."""
    notebook = json.loads(_lesson_text(lesson))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return notebook


def exercises(lesson=LESSON):
    return {exercise.name: exercise for exercise in key(lesson).exercises}


def is_solution(cell, name=None):
    metadata = cell["metadata"]
    return "exercise-solution" in metadata.get("tags", []) and name in (None, metadata.get("exercise"))


def solved(lesson=LESSON, **replaced):
    """Return the lesson with the key's solutions; `replaced` gives other code for an exercise, or None to leave its stub."""
    notebook, answers = handed_out(lesson), exercises(lesson)
    unknown = set(replaced) - set(answers)
    assert not unknown, f"{lesson} has no exercise {unknown}"
    for cell in notebook["cells"]:
        if is_solution(cell):
            name = cell["metadata"]["exercise"]
            source = replaced.get(name, answers[name].solution)
            if source is not None:
                cell["source"] = source
    return notebook


def first(lesson=LESSON):
    """Return the name of the exercise that is spoilt where any would do."""
    return key(lesson).exercises[0].name


def spoilt(code, lesson=LESSON):
    """Return perfect work in which code comes before the first solution."""
    return solved(lesson, **{first(lesson): code + "\n" + exercises(lesson)[first(lesson)].solution})


def cheating(code, lesson=LESSON):
    """Return work in which every exercise is answered by a cheat: `code`, with NAME for the function that is asked for."""
    replaced = {}
    for name, exercise in exercises(lesson).items():
        wanted = sorted(defined_names(exercise.solution))
        replaced[name] = "\n".join(code.replace("NAME", one) for one in wanted)
    return solved(lesson, **replaced)


def full(lesson=LESSON):
    """Return all points, by exercise."""
    return {name: exercise.points for name, exercise in exercises(lesson).items()}


def without(*names, lesson=LESSON):
    """Return all points but those of some exercises."""
    return {**full(lesson), **dict.fromkeys(names or [first(lesson)], 0)}


def nothing(lesson=LESSON):
    return dict.fromkeys(full(lesson), 0)


def as_bytes(notebook, encoding="utf-8"):
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    if encoding == "latin-1":
        # An editor that saves in Latin-1 loses what that cannot hold; the code cells hold nothing of the kind.
        return text.encode("latin-1", errors="replace")
    return text.encode(encoding)


def inserted(notebook, after, cell):
    """Return the notebook with a cell after the solution of an exercise."""
    notebook = copy.deepcopy(notebook)
    position = next(number for number, one in enumerate(notebook["cells"]) if is_solution(one, after))
    notebook["cells"].insert(position + 1, cell)
    return notebook
