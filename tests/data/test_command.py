"""``python -m helpers.data``, and what a reader sees of a download in a notebook and in a terminal."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from helpers import live_line
from helpers.data import __main__ as command
from helpers.data import catalog, download, places
from helpers.data.catalog import DataFile
from helpers.project import ROOT
from tests.data.support import HTML, NPZ, good, small_info

pytestmark = pytest.mark.usefixtures("machine")


@pytest.fixture
def small(server, monkeypatch):
    """A course with one data set, the small one; yields its server."""
    source = small_info(server.url("/small.npz"))
    monkeypatch.setattr(catalog, "all_datasets", lambda: {"small": source})
    monkeypatch.setenv("COLUMNS", "200")
    return server


def run(capsys, *arguments):
    code = command.main(list(arguments))
    return code, capsys.readouterr()


def test_status_before_and_after_a_download(small, machine, capsys):
    small["/small.npz"] = good()
    code, said = run(capsys)
    assert code == 0 and "small (Small)" in said.out and "no, can be downloaded" in said.out
    assert "0.3 MB" in said.out and "MIT" in said.out and "nothing much" in said.out
    assert small.asked == []

    code, said = run(capsys, "download")
    assert code == 0 and "downloaded from 127.0.0.1" in said.out

    code, said = run(capsys, "status", "small")
    assert code == 0 and f"yes, verified: {places.shown(machine / 'small.npz')}" in said.out
    code, said = run(capsys, "download", "small")
    assert code == 0 and "already here (the course's cache)" in said.out
    assert small.asked == ["/small.npz"]


def test_status_shows_the_settings(small, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", "sample")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    code, said = run(capsys, "status")
    assert code == 0 and "COURSE_DATA: sample" in said.out and f"COURSE_DATA_DIR: {tmp_path}" in said.out
    assert f"Searched: {tmp_path}" in said.out


def test_a_damaged_copy_does_not_count_as_here(small, machine, capsys):
    (machine / "small.npz").write_bytes(HTML)
    assert "no, can be downloaded" in run(capsys, "status")[1].out


def test_a_failed_download_says_why(small, capsys):
    code, said = run(capsys, "download")
    assert code == 1 and "unavailable" in said.out and "answered 404" in said.out and "What helps" in said.out


def test_one_failure_does_not_stop_the_others(small, capsys, monkeypatch):
    small["/small.npz"] = good()
    both = {"lost": small_info(small.url("/lost.npz"), name="lost.npz"), "small": catalog.all_datasets()["small"]}
    monkeypatch.setattr(catalog, "all_datasets", lambda: both)
    code, said = run(capsys, "download")
    assert code == 1 and "unavailable" in said.out and "downloaded from" in said.out


def test_verify(small, machine, tmp_path, capsys):
    code, said = run(capsys, "verify")
    assert code == 0 and "no copy on this machine" in said.out
    assert run(capsys, "verify", "small")[0] == 1

    (machine / "small.npz").write_bytes(NPZ)
    code, said = run(capsys, "verify", "small")
    assert code == 0 and "verified" in said.out

    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "small.npz").write_bytes(HTML)
    code, said = run(capsys, "verify")
    assert code == 1 and "verified" in said.out and "it is an HTML page" in said.out
    assert "Delete or replace a damaged copy" in said.out


def test_paths_with_brackets_are_not_markup(small, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "[red]data[/red]"
    folder.mkdir(parents=True)
    (folder / "small.npz").write_bytes(NPZ)
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
    assert "[red]data[/red]" in run(capsys, "verify")[1].out


def test_wrong_names_and_settings(small, capsys, monkeypatch):
    code, said = run(capsys, "download", "smal")
    assert code == 2 and "there is no data set called smal; the course has small" in said.err
    monkeypatch.setenv("COURSE_DATA_DIR", "/no/such/folder")
    code, said = run(capsys, "status")
    assert code == 2 and "COURSE_DATA_DIR is '/no/such/folder', which does not exist" in said.err
    with pytest.raises(SystemExit) as stopped:
        command.main(["upload"])
    assert stopped.value.code == 2


def test_a_stop_from_the_keyboard(small, capsys, monkeypatch):
    def stop(source):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "obtain", stop)
    assert run(capsys, "download")[0] == 130


def test_the_command_as_a_reader_types_it(tmp_path):
    environment = {**os.environ, "COURSE_DATA_DIR": str(tmp_path), "COLUMNS": "120"}
    result = subprocess.run([sys.executable, "-m", "helpers.data"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    assert "mnist (MNIST)" in result.stdout and "CC BY-SA 3.0" in result.stdout
    environment["COURSE_DATA_DIR"] = str(tmp_path / "none")
    result = subprocess.run([sys.executable, "-m", "helpers.data", "verify"], cwd=ROOT, env=environment, capture_output=True,
                            text=True)
    assert result.returncode == 2 and "which does not exist" in result.stderr and "Traceback" not in result.stderr


def test_a_download_in_a_notebook_writes_no_standard_error(server, machine, tmp_path):
    server["/small.npz"] = good()
    cell = (f"import pathlib\nfrom helpers.data import finding, places\nfrom tests.data.support import small_info\n"
            f"places.PROJECT_CACHE = pathlib.Path({str(machine)!r})\n"
            f"found = finding.obtain(small_info({server.url('/small.npz')!r}))")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = notebook.cells[0].outputs
    assert [output["output_type"] for output in outputs] == ["display_data"]
    text = outputs[0]["data"]["text/plain"]
    assert text.startswith("downloading small.npz: 0.3 of 0.3 MB")
    assert (machine / "small.npz").read_bytes() == NPZ


@pytest.fixture
def progress():
    return lambda size=None: download._Progress(DataFile("a.zip", size=size))


def test_the_line_in_a_notebook_never_goes_beyond_the_whole(monkeypatch, progress):
    shown = []

    class Handle:
        def update(self, content, raw):
            shown.append(content["text/plain"])

    def display(content, **options):
        shown.append(content["text/plain"])
        return Handle()

    monkeypatch.setattr(live_line, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    line = progress(2_000_000)
    line.update(2**21)
    line.close()
    assert len(shown) == 2 and all(text.startswith("downloading a.zip: 2.0 of 2.0 MB, ") for text in shown)


def test_a_terminal_gets_one_line_that_is_written_over(monkeypatch, capsys, progress):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    line = progress()
    line.total = 10**6
    for _ in range(100):  # far fewer lines than updates
        line.update(10**4)
    line.reset()
    line.update(10**6)
    line.close()
    said = capsys.readouterr()
    assert said.err == "" and said.out.count("\r") == 2 and said.out.count("\n") == 1
    assert said.out.endswith("downloading a.zip: 1.0 of 1.0 MB, 0 s\n")


def test_a_log_gets_the_end_only(capsys, progress):
    line = progress(10**6)
    line.update(10**6)
    assert capsys.readouterr().out == ""
    line.close()
    assert capsys.readouterr() == ("downloading a.zip: 1.0 of 1.0 MB, 0 s\n", "")
