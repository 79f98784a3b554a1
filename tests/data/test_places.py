"""Which folders are searched, and what COURSE_DATA, COURSE_DATA_DIR and KERAS_HOME mean."""

from pathlib import Path

import pytest

from helpers.data import load_mnist, places
from helpers.data.errors import SettingsError
from helpers.project import ROOT

pytestmark = pytest.mark.usefixtures("machine")


@pytest.mark.parametrize(("argument", "variable", "meant"), [
    ("auto", None, "auto"), ("auto", "", "auto"), ("auto", "auto", "auto"), ("auto", "real", "real"),
    ("auto", "sample", "sample"),
    ("auto", " Sample ", "sample"), ("real", "sample", "real"), ("sample", "real", "sample"), ("real", "nonsense", "real"),
])
def test_the_variable_decides_for_auto_and_only_for_auto(monkeypatch, argument, variable, meant):
    if variable is not None:
        monkeypatch.setenv("COURSE_DATA", variable)
    assert places.resolve_source(argument) == meant


def test_an_unknown_source_is_refused(monkeypatch):
    with pytest.raises(SettingsError, match="source must be 'auto', 'real' or 'sample', not 'reel'"):
        load_mnist("reel")
    monkeypatch.setenv("COURSE_DATA", "offline")
    with pytest.raises(SettingsError, match="COURSE_DATA is 'offline'; set it to auto, real or sample"):
        load_mnist()


def test_a_folder_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match=r"COURSE_DATA_DIR is .*missing', which does not exist"):
        load_mnist()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(SettingsError, match="which is a file, not a folder"):
        load_mnist()
    monkeypatch.setenv("COURSE_DATA_DIR", "no/such/folder")
    with pytest.raises(SettingsError, match="a relative path starts at the course's folder"):
        load_mnist()


def test_a_relative_folder_means_the_same_from_everywhere(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("COURSE_DATA_DIR", "elsewhere")
    for working in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(working)
        assert places.folders()[0].path == (tmp_path / "elsewhere").resolve()


def test_keras_is_asked_where_it_keeps_its_files(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    assert places.folders()[-1].path == tmp_path / "k" / "datasets"
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert places.folders()[-1].path == tmp_path / ".keras" / "datasets"


def test_paths_are_shown_short(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert places.shown(tmp_path / "a" / "b") == str(Path("~", "a", "b"))
    assert places.shown(ROOT / "data" / "cache") == str(Path("data", "cache"))
    assert places.shown(tmp_path.parent) == str(tmp_path.parent)


def test_an_installation_apart_from_the_course_uses_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    assert places.cache_folder() == tmp_path / "user"
