"""The student edition: no key, solution or test in it; every lesson runs; addresses are the handout's own."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from helpers.course.handout import STAFF, course_files, write_handout
from helpers.course.links import TEMPLATE, addresses
from helpers.grading.records import GradingError
from helpers.project import ROOT, course_settings
from tests.support.lesson_code import imported

HOME = "ada-lovelace/convnets"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
KEYS = sorted((ROOT / "helpers" / "grading" / "keys").glob("*.ipynb"))
PLAIN_LINE = 24
"""Characters. Shorter lines of a solution are too common to tell it."""


@pytest.fixture(scope="module")
def handout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handout") / "course"
    said = write_handout(folder, HOME)
    assert re.fullmatch(rf"\d+ files in .*course; the lessons fetch the course from https://github\.com/{HOME}\.", said)
    return folder


def sources(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [(cell, "".join(cell["source"])) for cell in cells]


def squeezed(text):
    return re.sub(r"\s+", "", text)


def telling_lines(key):
    """Return the lines of a key's solutions that tell them: not short, and not in the lesson itself."""
    lesson = squeezed("".join(source for _, source in sources(ROOT / "notebooks" / key.name)))
    for cell, source in sources(key):
        if "exercise-solution" in cell["metadata"].get("tags", []):
            for line in source.splitlines():
                if len(squeezed(line)) >= PLAIN_LINE and squeezed(line) not in lesson:
                    yield cell["metadata"]["exercise"], line


def prose(path):
    """Return the text of a page: of a notebook its Markdown cells."""
    if path.suffix == ".ipynb":
        return "\n".join(source for cell, source in sources(path) if cell["cell_type"] == "markdown")
    return path.read_text(encoding="utf-8")


def texts(folder):
    """Yield the name and the text of every file, notebooks as the text of their cells."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_bytes().decode("utf-8", errors="ignore")
            yield (
                path.relative_to(folder).as_posix(),
                "\n".join(one for _, one in sources(path)) if path.suffix == ".ipynb" else text,
            )


def test_no_line_of_a_solution_stands_in_it(handout):
    whole = {name: squeezed(text) for name, text in texts(handout)}
    told = [(key.stem, exercise, line) for key in KEYS for exercise, line in telling_lines(key)]
    assert len({exercise for _, exercise, _ in told}) > 20
    found = [(name, line) for _, _, line in told for name, text in whole.items() if squeezed(line) in text]
    assert not found


def test_no_key_no_test_and_nothing_of_staff_s_is_in_it(handout):
    names = [name for name, _ in texts(handout)]
    assert not [name for name in names if name.startswith(STAFF)] and "README.md" in names
    assert not [name for name, text in texts(handout) if "exercise-hidden" in text or "-hidden-1" in text]
    assert sorted(path.stem for path in (handout / "notebooks").glob("*.ipynb")) == LESSONS


def test_what_git_ignores_and_what_it_does_not_know_stays_at_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    for name in ("README.md", ".gitignore", "helpers/a.py", "tests/secret.py", "RESULTS/grades.csv", "build/x", "data/cache/y"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("build/\ndata/cache/\n*.egg-info/\nRESULTS/\n" if name == ".gitignore" else "x")
    assert sorted(course_files(home)) == [".gitignore", "README.md", "helpers/a.py", "tests/secret.py"]
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], cwd=home, check=True)
    subprocess.run([*git, "add", "README.md", "helpers/a.py", "tests/secret.py"], cwd=home, check=True)
    (home / "notes.txt").write_text("the instructor's own")
    (home / "helpers" / "a.py").unlink()
    assert sorted(course_files(home)) == ["README.md", "tests/secret.py"]


def test_every_address_is_the_handout_s(handout):
    stored = addresses(course_settings())
    assert not [name for name, text in texts(handout) if any(one in text for one in stored)]
    assert f'repository = "{HOME}"' in (handout / "pyproject.toml").read_text()
    colab, binder, *_ = addresses({**course_settings(), "repository": HOME})
    for lesson in LESSONS:
        whole = "\n".join(source for _, source in sources(handout / "notebooks" / f"{lesson}.ipynb"))
        assert f"{colab}{lesson}.ipynb" in whole and f"{binder}{lesson}.ipynb" in whole


def test_a_handout_without_an_address_says_what_is_missing(tmp_path):
    assert "--repository says where" in write_handout(tmp_path / "course", TEMPLATE["repository"])


def test_every_link_leads_to_a_file_that_is_there(handout):
    pages = [path for path in sorted(handout.rglob("*")) if path.suffix in (".md", ".ipynb")]
    links = [(page, one) for page in pages for one in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", prose(page))]
    assert len(links) > 20
    assert not [(page.name, one) for page, one in links if not (page.parent / one).exists()]


def test_the_readme_tells_students_how_to_start_and_who_made_what(handout):
    text = (handout / "README.md").read_text(encoding="utf-8")
    assert "python3 -m helpers.start" in text and "CC BY" in text
    assert all(f"notebooks/{lesson}.ipynb" in text for lesson in LESSONS)
    assert not re.search(r"helpers[./](grading|course)|-m pytest|tests/", text)


def without_magics(source):
    return re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)


def test_every_module_of_the_course_that_a_lesson_or_helper_imports_is_there(handout):
    wanted = {
        (lesson, name)
        for lesson in LESSONS
        for cell, source in sources(handout / "notebooks" / f"{lesson}.ipynb")
        if cell["cell_type"] == "code"
        for name in imported(without_magics(source))
    }
    wanted |= {
        (path.name, name) for path in (handout / "helpers").rglob("*.py") for name in imported(path.read_text(encoding="utf-8"))
    }

    def there(name):
        path = handout / name.replace(".", "/")
        return path.with_suffix(".py").exists() or (path / "__init__.py").exists()

    def known(name):
        # A name taken from a module is fine where the module itself is there.
        return there(name) or there(name.rpartition(".")[0])

    lost = {(where, name) for where, name in wanted if name.split(".")[0] in ("helpers", "tests") and not known(name)}
    assert len(wanted) > 50 and not lost


def run_in(folder, program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=500,
        env={**os.environ, "PYTHONPATH": str(folder), "COURSE_DATA": "sample", **environment},
    )


@pytest.mark.slow
def test_a_lesson_runs_in_it(handout):
    """Lesson 1 from top to bottom, with the handout's own helpers and no other."""
    program = """
import nbformat, nbclient
lesson = nbformat.read("notebooks/01_mnist_softmax.ipynb", as_version=4)
lesson.cells.append(nbformat.v4.new_code_cell("import helpers; print(helpers.__file__)"))
nbclient.NotebookClient(lesson, timeout=400, kernel_name="python3", resources={"metadata": {"path": "notebooks"}}).execute()
print(lesson.cells[-1].outputs[0].text)
"""
    done = run_in(handout, program)
    assert done.returncode == 0, done.stderr[-3000:]
    assert str(handout / "helpers" / "__init__.py") in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for git is a shell script")
def test_its_set_up_cell_fetches_the_handout(handout, tmp_path):
    """On Colab only the notebook is there: git is asked for the handout's address."""
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\necho asked: $@\nexit 1\n")
    git.chmod(0o755)
    for lesson in LESSONS:
        cells = sources(handout / "notebooks" / f"{lesson}.ipynb")
        first = next(source for cell, source in cells if cell["cell_type"] == "code")
        # Without site-packages there is no installed course either.
        done = subprocess.run(
            [sys.executable, "-S", "-c", first],
            cwd=git.parent,
            capture_output=True,
            text=True,
            env={"PATH": f"{git.parent}:{os.environ['PATH']}"},
        )
        assert re.search(rf"^asked: clone .* https://github\.com/{HOME} ", done.stdout), done.stdout + done.stderr


def test_a_second_handout_replaces_the_first_and_leaves_git_alone(tmp_path):
    folder = tmp_path / "course"
    write_handout(folder, HOME)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("mine")
    (folder / "notebooks" / "old.ipynb").write_text("{}")
    with (folder / ".handout.txt").open("a") as listing:
        listing.write("notebooks/old.ipynb\n")
    (folder / "README.md").write_text("changed")
    write_handout(folder, "someone/else")
    assert not (folder / "notebooks" / "old.ipynb").exists() and (folder / ".git" / "config").read_text() == "mine"
    assert "github/someone/else/" in (folder / "README.md").read_text(encoding="utf-8")


def test_a_folder_with_other_things_is_refused_and_left_as_it_was(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(GradingError, match=r"holds 'thesis\.tex', which is no part of a handout: name a new or empty folder"):
        write_handout(tmp_path, HOME)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(GradingError, match="is a file: name a new or empty folder"):
        write_handout(tmp_path / "thesis.tex", HOME)
    with pytest.raises(GradingError, match="is the course itself"):
        write_handout(ROOT, HOME)


@pytest.mark.parametrize("address", ["ada", "https://github.com/ada/convnets", "ada/", "a b/c", "ada/convnets/tree/main"])
def test_an_address_that_is_none_is_refused(tmp_path, address):
    with pytest.raises(GradingError, match="is not of the form OWNER/REPO, for example ada/convnet-course"):
        write_handout(tmp_path / "course", address)
    assert not (tmp_path / "course").exists()


def test_the_handout_can_be_installed(handout):
    """The settings that are left are whole: setuptools reads them, and nothing asks for what stayed at home."""
    text = (handout / "pyproject.toml").read_text(encoding="utf-8")
    assert not re.search(r"tool\.(pytest|ruff)|helpers\.(grading|course)\.", text)
    program = "import setuptools; setuptools.setup(script_args=['--quiet', '--name', '--version'])"
    copy = handout.parent / "copy"
    shutil.copytree(handout, copy)
    done = run_in(copy, program)
    assert done.returncode == 0 and "convnet-course" in done.stdout, done.stderr[-2000:]
