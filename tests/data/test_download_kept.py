"""What a download leaves on the disk: with another at the same time, killed, stopped, or with a damaged file in its way."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from helpers.data import download as module
from helpers.data import finding
from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.errors import DataNotFoundError
from helpers.project import ROOT
from tests.data.support import HTML, NPZ, failure, files_in, good, same, small_info, stalled

pytestmark = pytest.mark.usefixtures("machine")
fetch = finding.obtain


PROGRAM = textwrap.dedent("""
    import json, pathlib, sys
    from helpers.data import finding, places
    from tests.data.support import same, small_info
    cache, url = sys.argv[1:]
    places.PROJECT_CACHE = pathlib.Path(cache)
    found = finding.obtain(small_info(url))
    print(json.dumps({"same": same(found.content), "origin": found.origin}))
""")


def start_program(cache, url):
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(cache), url], cwd=ROOT, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_two_processes_at_once(server, machine):
    together = threading.Barrier(2, timeout=60)

    def meet(handler):  # neither gets a byte before both have asked
        together.wait()
        good()(handler)

    server["/a"] = meet
    runs = [start_program(machine, server.url("/a")) for _ in range(2)]
    for run in runs:
        output, errors = run.communicate(timeout=120)
        assert run.returncode == 0 and errors == "", errors
        assert json.loads(output.splitlines()[-1])["same"]
    assert server.asked == ["/a", "/a"]
    assert files_in(machine) == ["small.npz"]
    assert (machine / "small.npz").read_bytes() == NPZ


def test_a_kill_in_mid_download(server, machine):
    sent = threading.Event()
    server["/a"] = stalled(sent)
    run = start_program(machine, server.url("/a"))
    assert sent.wait(60)
    run.kill()
    run.communicate(timeout=60)
    left = files_in(machine)
    assert all(name.startswith(".small-") and name.endswith(".part") for name in left)
    source = small_info(server.url("/a"))
    assert list(finding.copies(source)) == []

    server["/a"] = good()
    assert same(fetch(source).content)
    assert (machine / "small.npz").read_bytes() == NPZ


def test_what_a_kill_left_behind_is_removed_an_hour_later(server, machine):
    server["/a"] = good()
    for name, age in ((".small-old.part", 7200), (".small-new.part", 60)):
        (machine / name).mkdir()
        (machine / name / "small.npz").write_bytes(NPZ[:1000])
        for path in (machine / name / "small.npz", machine / name):
            os.utime(path, (time.time() - age,) * 2)
    fetch(small_info(server.url("/a")))
    assert files_in(machine) == [".small-new.part", "small.npz"]


def test_a_damaged_file_in_the_cache_is_replaced_but_kept(server, machine, capsys):
    server["/a"] = good()
    (machine / "small.npz").write_bytes(HTML)
    (machine / "small.npz.damaged").write_bytes(b"an earlier one")
    assert same(fetch(small_info(server.url("/a"))).content)
    assert (machine / "small.npz").read_bytes() == NPZ
    assert (machine / "small.npz.damaged").read_bytes() == b"an earlier one"
    assert (machine / "small.npz.damaged-2").read_bytes() == HTML
    said = capsys.readouterr().out
    assert "small.npz is not used: small.npz cannot be used: it is an HTML page" in said
    assert "renamed to small.npz.damaged-2" in said


def test_a_download_that_fails_leaves_a_damaged_file_alone(server, machine):
    (machine / "small.npz").write_bytes(HTML)
    with pytest.raises(DataNotFoundError):
        fetch(small_info(server.url("/a")))
    assert (machine / "small.npz").read_bytes() == HTML


def pair(read, *files):
    return DatasetInfo(name="pair", title="Pair", layouts=(FileLayout(files, read),), license="", citation="", sample="")


def contents(paths):
    return {name: path.read_bytes() for name, path in paths.items()}


def test_several_files_are_kept_only_together(server, machine):
    def described(second):
        return pair(contents, *(DataFile(name, server.url(path), "md5:" + hashlib.md5(content).hexdigest())
                                for name, path, content in (("one", "/one", b"1"), ("two", second, b"2"))))

    server["/one"], server["/two"], server["/bad"] = good(b"1"), good(b"2"), good(b"3")
    assert "its MD5 is" in failure(described("/bad"))
    assert fetch(described("/two")).content == {"one": b"1", "two": b"2"}
    assert files_in(machine) == ["one", "two"]


def test_a_file_that_another_program_has_kept_meanwhile_is_not_called_damaged(server, machine, capsys):
    """A pair: when both files are here, the other program has renamed its first file, and not yet its second."""
    def second(handler):
        (machine / "one").write_bytes(b"1")
        good(b"2")(handler)

    server["/one"], server["/two"] = good(b"1"), second
    found = fetch(pair(contents, *(DataFile(name, server.url(f"/{name}")) for name in ("one", "two"))))
    assert found.content == {"one": b"1", "two": b"2"} and files_in(machine) == ["one", "two"]
    assert "renamed" not in capsys.readouterr().out


def test_a_stopped_download_leaves_nothing(server, machine, monkeypatch):
    server["/a"] = good()

    def stop(self, count):
        raise KeyboardInterrupt

    monkeypatch.setattr(module._Progress, "update", stop)
    with pytest.raises(KeyboardInterrupt):
        fetch(small_info(server.url("/a")))
    assert files_in(machine) == []
