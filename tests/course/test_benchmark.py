"""The benchmark's own arithmetic, and that its ways do the work; no test here depends on how fast a machine is."""

import datetime
import platform

import nbformat
import numpy as np
import pytest

from helpers.course import machine
from helpers.course.results_page import PAGE
from helpers.progress import track
from tests.benchmark import entries, measure_course, measure_lenet, results_page
from tests.benchmark.entries import Entry, find_entries, rows_of, time_in_turn


def test_every_way_runs_once_before_and_then_once_a_round():
    calls = []
    seconds = time_in_turn({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2)
    assert calls == ["a", "b", "a", "b", "b", "a"]
    assert {name: len(times) for name, times in seconds.items()} == {"a": 2, "b": 2}
    with pytest.raises(ValueError, match="rounds must be at least 1"):
        time_in_turn({}, rounds=0)


def test_ratios_are_taken_within_a_round():
    one = Entry("work", dict, baseline="base", limit=1.3)
    rows = rows_of(one, {"ours": [1.2, 24.0, 1.2], "base": [1.0, 20.0, 1.0]})
    assert rows == [("work", "ours", "1.20", "1.20", "limit 1.3: kept"), ("", "base", "1.00", "1.00", "")]
    assert rows_of(one, {"ours": [1.4], "base": [1.0]})[0][-1] == "limit 1.3: EXCEEDED"
    counted = Entry("work", dict, baseline="base", limit=0.5, pieces=(30, "pages"))
    assert [row[-1] for row in rows_of(counted, {"ours": [12.0, 15.0, 18.0], "base": [60.0, 60.0, 60.0]})] == [
        "limit 0.5: kept; 120 pages a minute", "30 pages a minute"]
    with pytest.raises(ValueError, match="the baseline 'base' is none of ours"):
        rows_of(one, {"ours": [1.0]})


def test_entries_are_found_by_word():
    names = [one.name for one in find_entries("lenet")]
    assert len(names) == len(set(names)) == 2
    assert find_entries("no such work") == []
    assert all(one in entries.ENTRIES for one in find_entries())


@pytest.mark.parametrize("shift", [False, True])
def test_both_ways_change_every_weight(monkeypatch, shift):
    monkeypatch.setattr(measure_lenet, "COUNT", 300)
    lesson, x, labels = measure_lenet.pictures()
    made = []
    new_lenet = lesson["new_lenet"]
    lesson["new_lenet"] = lambda: made.append(new_lenet()) or made[-1]
    for way in (measure_lenet.with_fit, measure_lenet.as_one_graph):
        epoch = way(lesson, x, labels, shift)
        before = made[-1].get_weights()
        epoch()
        assert all(not np.array_equal(old, new) for old, new in zip(before, made[-1].get_weights()))


def test_seconds_that_were_measured_already_are_taken_as_they_are():
    assert time_in_turn({"all": [6.0], "part": [2.0]}, rounds=3) == {"all": [6.0], "part": [2.0]}


def test_the_whole_course_counts_cells_with_a_progress_line(tmp_path, capsys):
    list(track([1, 2], "training"))
    line = capsys.readouterr().out.splitlines()[-1]
    cells = [f"import time\ntime.sleep(0.6)\ndisplay({{'text/plain': {line!r}}}, raw=True)", "time.sleep(0.5)\n'no training'"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, tmp_path / "lesson.ipynb")
    everything, training = measure_course.run([tmp_path / "lesson.ipynb"])
    # At least what the cells slept; the second cell is in the first number alone.
    assert training >= 0.6 and everything >= training + 0.5


def test_the_page_has_the_works_that_the_benchmark_knows():
    found = results_page.works(PAGE.read_text(encoding="utf-8"))
    assert sorted(found) == sorted(one.name for one in find_entries()), "run: python -m tests.benchmark --write"


ROWS = [("work", "ours", "1.20", "1.20", "limit 1.3: kept"), ("", "base", "1.00", "1.00", "")]


def test_the_table_replaces_the_one_before():
    empty = f"# Results\n\n{results_page.BEGIN}{results_page.END}\nThe end.\n"
    text = results_page.updated(empty, ROWS, today=datetime.date(2026, 1, 2))
    assert "| work | ours | 1.20 | 1.20 | limit 1.3: kept |" in text and text.endswith("The end.\n")
    assert "Measured on 2026-01-02: " in text and " cores of " in text and results_page.works(text) == ["work"]
    again = results_page.updated(text, [("other", *ROWS[0][1:])], today=datetime.date(2026, 1, 3))
    assert results_page.works(again) == ["other"] and "2026-01-02" not in again
    with pytest.raises(ValueError, match="benchmark: begin"):
        results_page.updated("# Results\n", ROWS)


def test_the_machine_is_told_by_its_processor():
    assert machine.processor("processor\t: 0\nmodel name\t: Fast  CPU @ 2.00GHz \n") == "Fast CPU @ 2.00GHz"
    assert machine.processor("") and platform.node() not in machine.machine().split()


def test_a_wrong_command_says_what_there_is(monkeypatch, capsys):
    from tests.benchmark.__main__ import main

    for arguments, words in [(["nonsense"], ["no entry contains 'nonsense'; there are:", "LeNet, one epoch"]),
                             (["lenet", "--write"], ["leave the word out"]),
                             (["--rounds", "0"], ["--rounds must be at least 1"])]:
        monkeypatch.setattr("sys.argv", ["benchmark", *arguments])
        with pytest.raises(SystemExit):
            main()
        said = capsys.readouterr().err
        assert all(part in said for part in words)
