"""The memory of a lesson's kernel is measured at its peak, and a limit that is exceeded is said."""

import sys

import nbformat
import pytest

from tests.benchmark import memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")


def test_the_peak_counts_what_was_given_back(tmp_path):
    peaks = []
    for megabytes in (1, 400):
        cell = nbformat.v4.new_code_cell(f"data = b'x' * {megabytes}_000_000\ndel data")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "lesson.ipynb")
        peaks.append(memory.peak(tmp_path / "lesson.ipynb"))
    assert 0.01 < peaks[0] < 0.3 and 0.35 < peaks[1] - peaks[0] < 0.45


def test_a_limit_that_is_exceeded_ends_the_command_with_one(monkeypatch, capsys):
    monkeypatch.setattr(memory, "peak", lambda path, source: {"sample": 1.19, "real": 1.52}[source])
    assert memory.main(["00_start_here"]) == 0 and memory.main(["00_start_here", "--real"]) == 1
    said = capsys.readouterr().out
    assert all(part in said for part in ("1.19", "kept", "1.52", "EXCEEDED"))


def test_a_lesson_that_is_not_there_is_named(capsys):
    with pytest.raises(SystemExit):
        memory.main(["99_nothing"])
    assert "no lesson is called 99_nothing; there are: 00_start_here" in capsys.readouterr().err
