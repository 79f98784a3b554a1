"""Badges and clone addresses agree with the one address in pyproject.toml; the command that sets it works."""

import json
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
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    monkeypatch.setattr(links, "ROOT", tmp_path)
    monkeypatch.setattr(project, "ROOT", tmp_path)
    return tmp_path


def test_a_fork_sets_its_address_in_one_step(fork, capsys):
    assert links.main(["ada/my.course-2"]) == 0
    assert links.main(["--check"]) == 0
    for path in sorted((fork / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        source = "".join("".join(cell["source"]) for cell in notebook["cells"])
        assert "OWNER/REPO" not in source
        assert f"github/ada/my.course-2/blob/main/notebooks/{path.name}" in source
        assert '"https://github.com/ada/my.course-2"' in source
    assert "OWNER/REPO/" not in (fork / "README.md").read_text(encoding="utf-8")
    # And once more, to another place: nothing of the first may stay behind.
    assert links.main(["grace/hopper"]) == 0
    assert not any("my.course-2" in path.read_text(encoding="utf-8") for path in (fork / "notebooks").glob("*.ipynb"))
    assert "my.course-2" not in (fork / "README.md").read_text(encoding="utf-8")


def test_rewriting_changes_nothing_but_addresses(fork):
    before = {path: json.loads(path.read_text(encoding="utf-8")) for path in (fork / "notebooks").glob("*.ipynb")}
    links.main(["ada/course"])
    links.main(["OWNER/REPO"])
    for path, notebook in before.items():
        assert json.loads(path.read_text(encoding="utf-8")) == notebook
        assert path.read_bytes() == (ROOT / "notebooks" / path.name).read_bytes()


def test_check_sees_a_badge_that_lags(fork, capsys):
    path = next((fork / "notebooks").glob("01*.ipynb"))
    path.write_text(path.read_text(encoding="utf-8").replace("github/OWNER/REPO/blob", "github/old/name/blob"), encoding="utf-8")
    assert links.main(["--check"]) == 1
    assert "01_mnist_softmax" in capsys.readouterr().out


@pytest.mark.parametrize("address", ["course", "a/b/c", "https://github.com/a/b", "a/b.", "-a/b", "a b/c", "a/", ""])
def test_an_address_that_is_none_is_refused(fork, address):
    before = (fork / "pyproject.toml").read_bytes()
    if address == "":
        assert links.main([]) == 0
    else:
        with pytest.raises(SystemExit) as error:
            links.main([address])
        assert "OWNER/REPO" in str(error.value) or error.value.code == 2
    assert (fork / "pyproject.toml").read_bytes() == before
