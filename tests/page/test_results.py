"""The closing table: a result out of its range, without a range, or missing must not pass."""

import math

import pytest

from helpers import results as results_module
from helpers.project import ROOT, read_toml
from helpers.results import closing_table, problems

RULES = {"accuracy": {"each": [0.9, 1.0], "mean": [0.95, 1.0]}, "parameters": {"equal": 61706}}
GOOD = {"accuracy": [0.94, 0.97, 0.96], "parameters": 61706}


def test_good_results_pass():
    assert problems(GOOD, RULES) == []


@pytest.mark.parametrize(("change", "word"), [
    ({"accuracy": [0.89, 0.99, 0.99]}, "each 0.8900"),
    ({"accuracy": [0.94, 0.94, 0.94]}, "mean 0.9400"),
    ({"accuracy": [math.nan, 0.97, 0.97]}, "nan"),
    ({"accuracy": 0.5}, "0.5000"),
    ({"parameters": 61707}, "exactly 61706"),
    ({"parameters": [61706]}, "exactly 61706"),
    ({"surprise": 1}, "surprise has no range"),
])
def test_bad_results_are_named(change, word):
    assert any(word in problem for problem in problems({**GOOD, **change}, RULES))


def test_a_missing_result_is_named():
    assert problems({"parameters": 61706}, RULES) == ["accuracy has a range, but the lesson left no such result"]


def test_an_unknown_rule_is_an_error():
    with pytest.raises(ValueError, match="unknown rule 'about'"):
        problems({"a": 1}, {"a": {"about": [0, 2]}})
    with pytest.raises(ValueError, match="a has no rule"):
        problems({"a": 1}, {"a": {}})


def test_closing_table_shows_and_then_raises(tmp_path, monkeypatch, capsys):
    file = tmp_path / "expected.toml"
    file.write_text('[small.sample]\na = { each = [0.0, 1.0] }\n', encoding="utf-8")
    monkeypatch.setattr(results_module, "_EXPECTED", file)
    closing_table({"a": 0.5}, lesson="small", data="sample")
    assert "0.5000" in capsys.readouterr().out
    with pytest.raises(AssertionError, match=r"a: each 2\.0000 is outside"):
        closing_table({"a": 2.0}, lesson="small", data="sample")
    assert "2.0000" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"no table \[small.real\]"):
        closing_table({"a": 0.5}, lesson="small", data="real")


def test_the_table_of_a_lesson_without_data_speaks_of_none(tmp_path, monkeypatch, capsys):
    file = tmp_path / "expected.toml"
    file.write_text('[small.sample]\na = { each = [0.0, 1.0] }\n', encoding="utf-8")
    monkeypatch.setattr(results_module, "_EXPECTED", file)
    closing_table({"a": 0.5}, lesson="small")
    said = capsys.readouterr().out
    assert "0.0000 to 1.0000" in said and "data" not in said and "sample" not in said
    with pytest.raises(AssertionError, match=r"a: each 2\.0000 is outside"):
        closing_table({"a": 2.0}, lesson="small")


def test_every_lesson_with_results_has_ranges_for_both_kinds_of_data():
    expected = read_toml(ROOT / "data" / "expected_results.toml")
    lessons = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} - {"00_start_here"}
    assert set(expected) == lessons
    for lesson, tables in expected.items():
        # "own": files of the reader's own in the published layout, which only some lessons take.
        assert set(tables) - {"own"} == {"real", "sample"}, lesson
        assert len({frozenset(ranges) for ranges in tables.values()}) == 1, lesson
