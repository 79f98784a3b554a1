"""Find the submissions: whose each file is, which lesson it belongs to, and which attempt counts. Nothing is lost in silence."""

import dataclasses
import hashlib
import os
import pickle
import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from helpers.grading.apart import apart
from helpers.grading.handed_in import files
from helpers.grading.match import match, tell_lesson
from helpers.grading.reading import LARGEST_FILE, parse, printable
from helpers.grading.records import NOTHING_TO_DO, Class, GradingError, Key, Student, Submission, SubmissionError
from helpers.grading.roster import enter

_CANVAS = re.compile(r"(?P<name>.+?)(_LATE)?_(?!20\d{6}_\d{6})(?P<number>\d{3,})_\d{3,}_.+", re.DOTALL)  # but no date with a time
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+(_.*)?", re.DOTALL)
_ATTEMPT = r"([ _-]?\(\d{1,3}\)|-\d{1,2}(?!\d)|[ _-]Copy\d*|_{1,3}\d{14}(?!\d))*"
"""Behind a lesson's name: what platforms and browsers add to a second copy, Jupyter to a duplicate, nbgitpuller to an old one."""
_COPY_OF = re.compile(r"^((copy of|kopie von|copie de|c[oó]pia d[ei]) )+", re.IGNORECASE)  # by Colab
_OLD_COPY = re.compile(r"[ _-]copy\d*|_\d{14}", re.IGNORECASE)
MOST_TOLD = 20  # files of one student of which each has a line that says why it is not graded, or does not count
MOST_WORK = 4_000_000  # characters of code that run for one notebook: all that is read of it, for each exercise


def _taken_apart(data, keys):
    """Return the lesson that a file says, its own, a digest, other lessons in it, packed matches, if it is work, if a key."""
    said, cells = parse(data)
    lesson = tell_lesson(said, cells, keys)
    found = match(keys[lesson], cells) if lesson else []
    if sum(len(text) for one in found for text in (*one.before, one.source or "")) > MOST_WORK:
        raise SubmissionError(f"the code of its exercises is too large: more than {MOST_WORK:,} characters")
    told = [(cell.kind, cell.exercise, sorted(cell.tags), cell.name, cell.source) for cell in cells]
    return (said or "", lesson, hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).digest(),
            [other for other in keys if other != lesson and {one.name for one in keys[other].exercises} & {
                cell.exercise for cell in cells if "exercise-solution" in cell.tags}],
            zlib.compress(pickle.dumps(tuple(found))), any(not one.status for one in found),
            any({"exercise-hidden", "key-setup"} & cell.tags for cell in cells))


def _read(one, keys):
    """Return a file, with what is in it."""
    one.place, name = one.parts, one.parts[-1].lower() if one.parts else ""
    if one.problem:
        one.kind = "notebook"
    elif one.kind == "other" and (".ipynb" in name or Path(name).suffix in ("", ".json", ".txt")):
        try:
            with one.open() as file:
                data = file.read(LARGEST_FILE + 1)
            said, lesson, one.data, others, one.matches, worked, is_key = apart(_taken_apart, data, keys)
        except Exception as error:  # a broken archive raises nearly any, and no notebook may stop the class
            one.problem = str(error) if isinstance(error, SubmissionError) else (
                f"the file cannot be read ({getattr(error, 'strerror', None) or error})")
            # The name of the file still tells which lesson was tried.
            one.kind, one.lesson = ("notebook" if ".ipynb" in name else "other"), next(filter(name.__contains__, keys), None)
            return one
        one.kind, one.lesson = "notebook", lesson
        one.note = "; ".join(filter(None, [
            "" if name.endswith(".ipynb") else f"{one.parts[-1]} is not called .ipynb, but holds a notebook",
            f"{one.parts[-1]} also holds exercises of {', '.join(others)}; none of them counts" if lesson and others else ""]))
        if is_key:
            one.problem, one.lesson = "it is a key, nobody's work", None
        elif said.startswith("00_") and not lesson:
            one.problem = NOTHING_TO_DO
        elif not lesson:
            one.problem = f"it belongs to no lesson with a key, or to several (there are: {', '.join(sorted(keys))})"
        one.worked = worked and not one.problem
    return one


def _named(top, lessons):
    """Return whose file it is by its name, nothing where the name is the lesson's alone."""
    stem = _COPY_OF.sub("", re.sub(r"(\.ipynb)?(\.[a-z]{2,5})?$", "", top, flags=re.IGNORECASE))
    place = re.search(f"({'|'.join(map(re.escape, lessons))}){_ATTEMPT}", stem, re.IGNORECASE)
    parts = (stem[:place.start()], stem[place.end():]) if place else ()
    return " ".join(filter(None, (part.strip("-_ .()") for part in parts))) if place else stem


def _platform(name):
    """Return what Canvas or Moodle says in the name of a file or folder, or None."""
    return _MOODLE.fullmatch(name) or (_CANVAS.fullmatch(name) if "." in name else None)


def _owner(one, lessons):
    """Return the name and the platform's number of a file's owner."""
    top = one.place[0]
    if known := _platform(top):
        # Where the names are kept from those who mark, the number is the name.
        blind = known["name"].lower() == "participant"
        return f"{known['name']} {known['number']}" if blind else known["name"], known["number"]
    alone = top.lower().endswith(".zip") or (len(one.place) == 1 and one.kind != "folder")
    return (_named(top, lessons) if alone else top), ""


def _holds_a_class(top, inside, alone, lessons):
    """Return whether a folder or archive holds a class, not one student's work."""
    deeper = [one for one in inside if len(one.place) > 1 and one.kind != "folder"]
    clones = [one.clone and one.clone - len(one.parts) + len(one.place) for one in inside]
    if _platform(top) or not deeper or {0, 1} & set(clones):
        return False
    if any(all(kind.fullmatch(one.place[1]) for one in deeper) for kind in (_MOODLE, _CANVAS)):
        return True
    lesson, archive = top.lower().removesuffix(".zip"), top.lower().endswith(".zip")
    if lesson in lessons and (not archive or any(len(one.place) > 2 or _named(one.place[1], lessons) for one in deeper)):
        return True
    # Where the folders part: a class shows in that several of them, or of an archive's files, hold the same lesson.
    graded = [one for one, clone in zip(inside, clones) if alone and one.lesson and clone != 2]
    depth = len(os.path.commonprefix([one.place[:-1] for one in graded]))  # noqa: RUF071  (of tuples, part by part)
    holders = {(one.lesson, one.place[depth] if len(one.place) > depth + 1 else archive and _named(one.place[depth], lessons))
               for one in graded}
    return max(Counter(lesson for lesson, name in holders if name).values(), default=0) > 1


def _lift(found, lessons, remarks):
    """Take away the folders and archives that hold a class and belong to nobody."""
    for _ in range(3):
        tops = defaultdict(list)
        for one in found:
            tops[one.place[0]].append(one)
        # Where one of them is a student's, all are: nobody's folder may bring work under another name.
        holding = {top: _holds_a_class(top, inside, len(tops) == 1, lessons) for top, inside in tops.items()
                   if inside[-1].kind != "other" or len(inside[-1].place) > 1}
        for top in holding if all(holding.values()) else ():
            remarks.append(f"{top} holds a class, not one student's work: it was read as if its contents lay one level higher")
            for one in tops[top]:
                one.place = one.place[1:]
        found = [one for one in found if one.place]
    return found


def _students(found, folder, lessons, remarks):
    """Return the files of each student, by Student."""
    clone, owners = any(one.clone == 0 for one in found), [_owner(one, lessons) for one in found]
    if clone or not any(name for name, _ in owners):
        why = "this is a clone of the course" if clone else "no file says whose it is"
        remarks.append(f"{why}: all was taken for the work of one student, {folder}. For a class give the folder above")
        owners = [(folder, "")] * len(owners)
    remarks += [f"{name} does not say whose it is" for name in sorted(
        {one.place[0] for one, (name, _) in zip(found, owners) if not name})]
    files_of = defaultdict(list)
    for one, (name, number) in zip(found, owners):
        files_of[name or one.place[0], number].append(one)
    claims = Counter(number or name for name, number in files_of)
    alike = Counter(unicodedata.normalize("NFC", name) for name, _ in files_of)
    students, count = {}, Counter()
    for (name, number), group in files_of.items():
        identity, shown = number or name, unicodedata.normalize("NFC", name)
        if claims[identity] > 1:  # no identity, such as a year in each file's name
            identity = "_".join(filter(None, [name, number]))
        if alike[shown] > 1:
            count[shown] += 1
            shown = f"{shown} ({number or count[shown]})"
        students[Student(identity, shown)] = group
    remarks += [f"{times} students are called {name}: they are told apart by the number behind the name"
                for name, times in sorted(alike.items()) if times > 1]
    return students


def _chosen(student, group):
    """Return the attempt that counts, with notes on the others."""
    def rank(one):
        stem = Path(one.parts[-1]).stem
        number = re.search(r"[-_ (v](\d{1,3})\)?$", stem)
        return (not one.problem, one.worked, one.time,
                -1 if _OLD_COPY.search(stem) else int(number[1]) if number else 0, one.parts)

    *others, best = sorted(group, key=rank) if len(group) > 1 else group
    notes = [f"{len(group)} attempts; this one counts: {best.path}"] if others else []
    folders = sorted({one.place[1] for one in group if one.clone is None and len(one.place) > 2})
    if len(folders) > 1:
        notes.append(f"they lie in several folders ({', '.join(folders[:5])}) and were taken for attempts of one student")
    notes += [f"{one.path} does not count: {one.problem or ('it is not the last' if one.worked else 'untouched')}"
              for one in others[-MOST_TOLD:]]
    notes += [one.note for one in group if one.note]
    matches = pickle.loads(zlib.decompress(best.matches)) if best.matches else ()
    return Submission(student, best.lesson, best.path, best.data, matches, best.problem, tuple(notes))


def _submissions(student, found):
    """Return what one student's files come to."""
    home = any(one.clone is not None for one in found)
    # In a clone of the course, and beside it, only what its owner has worked at was handed in, or what cannot be read.
    notebooks = [one for one in found if one.kind == "notebook" and (
        not home or one.worked or (one.problem and (one.lesson or not one.data)))]
    attempts = {}
    for one in notebooks:
        attempts.setdefault((one.lesson, "" if one.lesson else one.parts), []).append(one)
    chosen = [_chosen(student, group) for group in attempts.values()]
    come, unread = ([one for one in chosen if bool(one.problem) is lost] for lost in (False, True))
    come += unread[:MOST_TOLD]
    if len(unread) > MOST_TOLD:
        come[-1] = dataclasses.replace(come[-1], problem=f"{come[-1].problem}; also not graded: {len(unread) - MOST_TOLD} more")
    path, *others = [one.path for one in found if one.kind == "other" and not home] or [""]
    if path:
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        come.append(Submission(student, None, path, problem="only notebooks (.ipynb) are graded" + (
            f"; also not graded: {', '.join(others[:5])}{more}" if others else "")))
    if not come:
        come.append(Submission(student, None, found[0].place[0], problem=(
            "a clone of the course in which no exercise was worked at" if home else "the folder holds no notebook")))
    return come


def collect(folder: str | Path, keys: dict[str, Key], roster: Sequence[dict[str, str]] | None = None,
            meet: Callable[[list[Key]], object] = lambda met: None) -> Class:
    """Read all submissions of a class, of which a roster may tell who belongs to it; raises GradingError where there are none.

    The folder holds a folder or archive for each student, or all notebooks side by side, or what Canvas or Moodle gives, packed
    or not, or the home folders of a JupyterHub. Whenever a lesson is met, the keys of all that were met are told.
    """
    folder, remarks = Path(folder), []
    if not folder.is_dir():
        raise GradingError(f"the folder of submissions {str(folder)!r} " + (
            "is a file: unpack it, and give its folder" if folder.exists() else "does not exist"))
    keys = {lesson: keys[lesson] for lesson in sorted(keys, key=len, reverse=True)}
    found, met = [], []
    for file in files(folder):
        found.append(_read(file, keys))
        if file.lesson and keys[file.lesson] not in met:  # what this process knows of a lesson, those that it forks know too
            met.append(keys[file.lesson])
            match(met[-1], met[-1].lesson_cells)
            meet(met)
    if any(one.problem and not one.parts for one in found):
        raise GradingError(f"the folder of submissions {str(folder)!r} cannot be read")
    found = _lift([one for one in found if one.place], keys, remarks)
    if not found:
        raise GradingError(f"the folder of submissions {str(folder)!r} holds no notebooks and no folders of students")
    students = _students(found, printable(folder.resolve().name), keys, remarks)
    remarks += [f"{printable(path.name)} was not looked into, because its name begins with a dot: rename it if it is a student's"
                for path in sorted(folder.glob(".*")) if path.name not in (".git", ".ipynb_checkpoints")
                and not path.is_symlink() and any(name.endswith(".ipynb") for *_, names in os.walk(path) for name in names)]
    submissions = [one for student, group in students.items() for one in _submissions(student, group)]
    the_class = Class(submissions, remarks)
    if roster is not None:
        enter(roster, the_class)
    the_class.submissions.sort(key=lambda one: (one.student, one.lesson or "", one.path))
    return the_class
