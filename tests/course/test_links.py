"""Badges and clone addresses agree with the one address in pyproject.toml; the command that sets it works."""

import shutil

import pytest

from helpers import project
from helpers.course import links
from helpers.project import ROOT


def test_every_badge_agrees(capsys):
    assert links.main(["--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_badges_point_at_the_file_they_stand_in(path):
    text = path.read_text(encoding="utf-8")
    assert links.badges(path.stem) in text
    for other in (ROOT / "notebooks").glob("*.ipynb"):
        if other != path:
            assert f"/notebooks/{other.name})" not in text


def test_readme_has_a_row_of_links_for_every_lesson():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for address in (part.split("](")[1].rstrip(")") for part in links.badges(path.stem).split(" · ")):
            assert address in readme, f"README.md lacks {address}"


@pytest.fixture
def fork(tmp_path, monkeypatch):
    """A copy of everything that carries the address."""
    for name in ("README.md", "CITATION.cff", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("notebooks", "helpers/grading/keys"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    monkeypatch.setattr(links, "ROOT", tmp_path)
    monkeypatch.setattr(project, "ROOT", tmp_path)
    links.main(["OWNER/REPO", "--branch", "main"])  # where the course has an address already, back to the template
    return tmp_path


def texts(folder):
    """Return the text of every file that carries the address, by its place."""
    paths = [folder / "README.md", folder / "CITATION.cff", folder / "pyproject.toml", *folder.rglob("*.ipynb")]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_a_fork_sets_its_address_in_one_step(fork, capsys):
    assert links.main(["ada/my.course-2"]) == 0
    assert links.main(["--check"]) == 0
    found = texts(fork)
    for path in sorted((fork / "notebooks").glob("*.ipynb")):
        source = found[f"notebooks/{path.name}"]
        assert "/OWNER/REPO" not in source
        assert f"github/ada/my.course-2/blob/main/notebooks/{path.name}" in source
        assert "https://github.com/ada/my.course-2" in source
    assert "/OWNER/REPO" not in found["README.md"] and "https://ada.github.io/my.course-2" in found["README.md"]
    assert '"https://github.com/ada/my.course-2"' in found["CITATION.cff"]
    # And once more, to another place: nothing of the first may stay behind.
    assert links.main(["grace/hopper"]) == 0
    assert not any("my.course-2" in text for text in texts(fork).values())


@pytest.mark.parametrize("repository, branch", [
    ("ada/course", "release/2026"), ("OWNER/REPO", "release/2026"), ("OWNER/REPO-2", "main-2"), ("grace/hopper", "main/main")])
def test_rewriting_again_and_again_changes_nothing(fork, repository, branch):
    """Neither a branch with a slash nor an address that begins like the one before grows."""
    before = texts(fork)
    links.main([repository, "--branch", branch])
    once = texts(fork)
    assert links.main(["--check"]) == 0 and once != before
    assert f"{repository}/blob/{branch}/notebooks/03_lenet.ipynb" in once["README.md"]
    assert f"gh/{repository}/{branch}?urlpath=" in once["README.md"]
    for arguments in ([], [repository], [repository, "--branch", branch]):
        links.main(arguments)
        assert texts(fork) == once
    # Interrupted before the address was stored, and repeated.
    (fork / "pyproject.toml").write_text(before["pyproject.toml"], encoding="utf-8")
    links.main([repository, "--branch", branch])
    assert texts(fork) == once
    links.main(["OWNER/REPO", "--branch", "main"])
    assert texts(fork) == before


def test_what_still_carries_the_templates_address_is_seen_and_brought_in(fork, capsys):
    path = fork / "notebooks" / "01_mnist_softmax.ipynb"
    new_lesson = path.read_text(encoding="utf-8")
    links.main(["ada/course", "--branch", "release/2026"])
    path.write_text(new_lesson, encoding="utf-8")
    assert links.main(["--check"]) == 1
    assert "notebooks/01_mnist_softmax.ipynb carries the template's address" in capsys.readouterr().out
    links.main([])
    assert links.main(["--check"]) == 0 and "OWNER/REPO/blob" not in path.read_text(encoding="utf-8")


def test_a_badge_of_another_course_is_seen(fork, capsys):
    path = fork / "notebooks" / "01_mnist_softmax.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("github/OWNER/REPO/blob", "github/old/name/blob"), encoding="utf-8")
    assert links.main(["--check"]) == 1
    assert "01_mnist_softmax.ipynb has a link to Colab or Binder that is not" in capsys.readouterr().out


def test_a_new_lesson_gets_its_badges():
    notebook = {"cells": [{"source": "# Lesson\n<!-- badges -->"}]}
    links.rewrite_notebook(notebook, "09_new")
    assert notebook["cells"][0]["source"] == "# Lesson\n" + links.badges("09_new")


@pytest.mark.parametrize("address", ["course", "a/b/c", "https://github.com/a/b", "a/b.", "-a/b", "a b/c", "a/", ""])
def test_an_address_that_is_none_is_refused(fork, address):
    before = (fork / "pyproject.toml").read_bytes()
    if address == "":
        assert links.main([]) == 0
    else:
        with pytest.raises(SystemExit) as error:
            links.main([address])
        assert "OWNER/REPO" in str(error.value) or error.value.code == 2
    with pytest.raises(SystemExit, match="branch"):
        links.main(["ada/course", "--branch", "a branch"])
    assert (fork / "pyproject.toml").read_bytes() == before


def test_settings_without_a_place_are_refused(fork):
    (fork / "pyproject.toml").write_text('[tool.course]\nrepository = "a/b"\nbranch = "main"\n[tool.other]\nbranch = "main"\n')
    with pytest.raises(SystemExit, match=r"expected one line 'branch = ...' below \[tool.course\], found 2"):
        links.main(["ada/course"])
