"""Figures, tables, progress and the look at the environment."""

import os

import keras
import numpy as np
import pytest
from matplotlib import pyplot as plt

from helpers import environment, plots
from helpers.progress import Progress, track
from helpers.quiet_start import quiet_file_descriptor
from helpers.tables import Table


def test_a_figure_carries_its_alt_text(published):
    figure, axis = plots.new()
    axis.plot([1, 2])
    plots.show(figure, alt="A line that rises.")
    (data, metadata), = published
    assert data["image/png"].startswith(b"\x89PNG") and data["text/plain"] == "[Figure: A line that rises.]"
    assert metadata["image/png"] == {"alt": "A line that rises.", "width": 600, "height": 340}
    assert not plt.get_fignums()


@pytest.mark.parametrize("alt", ["", "  ", None, "plot"])
def test_a_figure_without_alt_text_is_refused(published, alt):
    with pytest.raises(ValueError, match="alt must say"):
        plots.show(plots.new()[0], alt=alt)
    assert not published and not plt.get_fignums()


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 8, 8, 1), (3, 8, 8, 3)])
def test_image_grid_takes_gray_and_color(published, shape):
    plots.image_grid(np.zeros(shape, np.uint8), titles="abc", alt="Three black squares.")
    assert len(published) == 1


def test_image_grid_refuses_what_it_cannot_show(published):
    with pytest.raises(ValueError, match="2 titles"):
        plots.image_grid(np.zeros((3, 8, 8)), titles="ab", alt="Three black squares.")
    with pytest.raises(ValueError, match="stack"):
        plots.image_grid(np.zeros((8, 8)), alt="One black square.")
    with pytest.raises(ValueError, match="stack"):
        plots.image_grid(np.zeros((0, 8, 8)), alt="No square at all.")


def test_the_other_figures_are_drawn(published):
    plots.curves({"a": [1, 2, 3], "b": [3, 2, 1]}, alt="Two lines that cross.")
    plots.accuracy_spread({"a": [0.9, 0.8]}, alt="Two dots and a line.")
    plots.spread_panels({"one": {"a": [0.9, 0.8]}, "two": {"a": [0.5, 0.6]}, "three": {"a": [0.1]}},
                        on_real={"one": {"a": [0.7]}}, alt="Three panels of one row; a diamond in the first.")
    plots.confusion_matrix([[5, 1], [0, 6]], ["no", "yes"], alt="One mistake in twelve.")
    assert len(published) == 4


def test_equal_values_do_not_hide_each_other(monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "show", lambda figure, alt: drawn.append(figure))
    plots.accuracy_spread({"a": [1.0, 1.0, 0.9]}, alt="Three dots, two at one.")
    dots, = (line for line in drawn[0].axes[0].lines if line.get_marker() == "o")
    assert len(set(zip(dots.get_xdata(), dots.get_ydata()))) == 3


def test_tables_show_every_cell_in_both_forms():
    table = Table([("a", 1), ("<b>", 0.50)], ["name", "value"])
    assert "&lt;b&gt;" in table._repr_html_() and "<table>" in table._repr_html_()
    assert table._repr_html_().count("text-align: left") == 6
    assert "<b>" in repr(table) and "0.5" in repr(table)
    with pytest.raises(ValueError, match="3 cells under 2 headers"):
        Table([(1, 2, 3)], ["a", "b"])


def test_progress_leaves_one_line_and_no_errors(capsys):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.zeros((8, 2)), np.zeros((8, 1)), epochs=3, batch_size=4, verbose=0, callbacks=[Progress("tiny")])
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and "tiny" in out and "epoch 3/3" in out and "loss 0.0000" in out and not err


def test_track_yields_everything_once(capsys):
    assert list(track(iter("abc"), "letters")) == ["a", "b", "c"]
    assert "letters" in (text := capsys.readouterr().out) and "3/3" in text
    assert list(track([], "nothing")) == []


def test_the_report_names_what_is_there():
    rows = dict(environment.report())
    assert rows["keras"] == keras.__version__ and {"Python", "GPU", "PyTorch"} <= set(rows)
    assert all(rows.values())


def test_messages_are_shown_when_the_start_fails(capfd):
    with pytest.raises(ImportError), quiet_file_descriptor():
        os.write(2, b"why it failed")
        raise ImportError("no")
    assert capfd.readouterr().err == "why it failed"
    with quiet_file_descriptor():
        os.write(2, b"chatter")
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"
