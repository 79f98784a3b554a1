"""The benchmark's own arithmetic, and that its ways do the work; no test here depends on how fast a machine is."""

import numpy as np
import pytest

from tests.benchmark import entries, measure_lenet
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
    with pytest.raises(ValueError, match="the baseline 'base' is none of ours"):
        rows_of(one, {"ours": [1.0]})


def test_entries_are_found_by_word():
    names = [one.name for one in find_entries("lenet")]
    assert len(names) == len(set(names)) == 2
    assert find_entries("no such work") == []
    assert all(one in entries.ENTRIES for one in find_entries())


@pytest.mark.parametrize("pixels", [0, 1])
def test_both_ways_change_every_weight(monkeypatch, pixels):
    monkeypatch.setattr(measure_lenet, "COUNT", 300)
    lesson, x, labels = measure_lenet.pictures()
    made = []
    new_lenet = lesson["new_lenet"]
    lesson["new_lenet"] = lambda: made.append(new_lenet()) or made[-1]
    for way in (measure_lenet.with_fit, measure_lenet.as_one_graph):
        epoch = way(lesson, x, labels, pixels)
        before = made[-1].get_weights()
        epoch()
        assert all(not np.array_equal(old, new) for old, new in zip(before, made[-1].get_weights()))


def test_a_wrong_command_says_what_there_is(monkeypatch, capsys):
    from tests.benchmark.__main__ import main

    for arguments, words in [(["nonsense"], ["no entry contains 'nonsense'; there are:", "LeNet, one epoch"]),
                             (["--rounds", "0"], ["--rounds must be at least 1"])]:
        monkeypatch.setattr("sys.argv", ["benchmark", *arguments])
        with pytest.raises(SystemExit):
            main()
        said = capsys.readouterr().err
        assert all(part in said for part in words)
