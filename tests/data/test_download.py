"""Downloads from a server that misbehaves: each ends in a clear message or a correct file, never in half a file."""

import errno
import hashlib
import os
import subprocess
import sys

import pooch
import pytest

from helpers.data import download as module
from helpers.data import finding, places
from helpers.data.errors import DataNotFoundError
from tests.data.support import (
    HTML,
    LFS_POINTER,
    NPZ,
    failure,
    files_in,
    good,
    in_turn,
    npz_bytes,
    redirect,
    same,
    small_arrays,
    small_info,
    stalled,
    status,
    truncated,
    zipped,
)

pytestmark = pytest.mark.usefixtures("machine")


fetch = finding.obtain


def test_a_good_server_gives_a_verified_file(server, machine):
    server["/a"] = good()
    found = fetch(small_info(server.url("/a")))
    assert same(found.content)
    assert found.origin == f"downloaded from 127.0.0.1:{server.server_port}"
    assert files_in(machine) == ["small.npz"] and (machine / "small.npz").read_bytes() == NPZ
    again = fetch(small_info(server.url("/a")))
    assert again.origin == "the course's cache" and same(again.content)
    assert server.asked == ["/a"]  # the second time the network is not asked


def test_a_compressed_transfer_is_unpacked(server):
    server["/a"] = zipped()
    assert same(fetch(small_info(server.url("/a"))).content)


@pytest.mark.parametrize("code", [404, 403, 410])
def test_a_missing_file_is_not_retried(server, code):
    server["/a"] = status(code)
    assert f"answered {code}" in failure(small_info(server.url("/a")))
    assert server.asked == ["/a"]


@pytest.mark.parametrize("behavior", [status(503), status(429), truncated()], ids=["503", "429", "cut short"])
def test_two_retries_get_over_a_passing_fault(server, behavior):
    server["/a"] = in_turn(behavior, behavior, good())
    assert same(fetch(small_info(server.url("/a"))).content)
    assert len(server.asked) == 3


def test_three_failures_are_the_end_until_the_next_call(server):
    server["/a"] = status(503)
    assert "answered 503" in failure(small_info(server.url("/a")))
    assert len(server.asked) == 3
    server["/a"] = good()
    assert same(fetch(small_info(server.url("/a"))).content)


def test_a_truncated_body_is_refused(server):
    server["/a"] = truncated()
    message = failure(small_info(server.url("/a")))
    assert "broke off in the middle" in message or "cannot be read as an .npz file" in message


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_body_is_refused_even_if_http_cannot_notice(server, part):
    server["/a"] = truncated(part, tell_length=False)
    message = failure(small_info(server.url("/a")))
    assert "it is empty" in message if part == 0 else "cannot be read as an .npz file" in message


@pytest.mark.parametrize(("content", "words"), [
    (HTML, "it is an HTML page"),
    (LFS_POINTER, "it is a Git LFS pointer"),
    (b"\x00" * 1000, "cannot be read as an .npz file"),
    (npz_bytes(small_arrays(seed=1)), "differs from the published one"),
    (npz_bytes({"x_train": small_arrays()["x_train"]}), "'y_train' is missing"),
], ids=["HTML", "LFS pointer", "zeros", "other images", "an array too few"])
@pytest.mark.parametrize("with_checksum", [False, True])
def test_wrong_content_is_named_and_refused(server, content, words, with_checksum):
    server["/a"] = good(content)
    checksum = "sha256:" + hashlib.sha256(NPZ).hexdigest() if with_checksum else None
    message = failure(small_info(server.url("/a"), checksum=checksum))
    assert "sent something else" in message
    assert words in message or (with_checksum and "its SHA256 is" in message)
    assert server.asked == ["/a"]


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_both_kinds_of_checksum_serve(server, kind):
    server["/a"] = good()
    checksum = f"{kind}:{hashlib.new(kind, NPZ).hexdigest()}"
    assert same(fetch(small_info(server.url("/a"), checksum=checksum)).content)


@pytest.mark.parametrize("before_headers", [False, True])
def test_a_stalled_connection_ends(server, monkeypatch, before_headers):
    monkeypatch.setattr(module, "READ_TIMEOUT", 0.3)
    server["/a"] = stalled(before_headers=before_headers)
    assert "sent nothing for 0.3 s" in failure(small_info(server.url("/a")))
    assert server.asked == ["/a"]  # whoever has waited so long is not made to wait twice more


def test_the_time_outs_are_those_that_are_documented(server, monkeypatch):
    seen = []
    downloader = pooch.HTTPDownloader

    def spy(**settings):
        seen.append(settings["timeout"])
        return downloader(**settings)

    monkeypatch.setattr(pooch, "HTTPDownloader", spy)
    server["/a"] = good()
    fetch(small_info(server.url("/a")))
    assert seen == [(5, 30)] and module.RETRIES == 2


def test_a_host_that_does_not_listen(server):
    import socket

    with socket.socket() as idle:  # bound but not listening: connections are refused
        idle.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{idle.getsockname()[1]}/a"
        assert "cannot be reached" in failure(small_info(url))


def test_a_redirect_to_a_good_file(server):
    server["/a"], server["/b"] = redirect("/b"), good()
    assert same(fetch(small_info(server.url("/a"))).content)
    assert server.asked == ["/a", "/b"]


@pytest.mark.parametrize(("target", "words"), [("/missing", "answered 404"), ("/page", "it is an HTML page"),
                                               ("/a", "cannot be used (Exceeded 30 redirects")])
def test_a_redirect_to_nowhere(server, target, words):
    server["/a"], server["/page"] = redirect(target), good(HTML)
    assert words in failure(small_info(server.url("/a")))


def full_disk(monkeypatch, after):
    """From now on the disk takes ``after`` more bytes of a download."""
    class Full:
        def __init__(self, path, mode):
            self.file, self.left = open(path, mode), after

        def write(self, data):
            self.left -= len(data)
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.file.write(data)

        def flush(self):
            self.file.flush()

        def close(self):
            self.file.close()

    monkeypatch.setattr("pooch.downloaders.open", Full, raising=False)


@pytest.mark.parametrize("after", [0, 100_000])
def test_a_disk_that_fills_up(server, monkeypatch, after):
    server["/a"] = good()
    with monkeypatch.context() as patched:
        full_disk(patched, after)
        message = failure(small_info(server.url("/a")))
        assert "is full" in message and "Nothing was left behind" in message
    # The disk was at fault, not the host: as soon as there is room, it works.
    assert same(fetch(small_info(server.url("/a"))).content)


def test_a_disk_that_is_too_small_is_noticed_before_the_download(server):
    server["/a"] = good()
    message = failure(small_info(server.url("/a"), size=10**18))
    assert "is full (1,000,000,000,000 MB are needed" in message
    assert server.asked == []


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting a small disk needs root on Linux")
def test_a_real_small_disk(server, machine):
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(machine)], capture_output=True)
    if mount.returncode:
        pytest.skip("this machine does not allow a mount")
    try:
        server["/a"] = good()
        assert "is full" in failure(small_info(server.url("/a"), size=None))
    finally:
        subprocess.run(["umount", str(machine)], check=True)


def test_nowhere_to_write(server, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(places, "PROJECT_CACHE", tmp_path / "file" / "cache")
    monkeypatch.setattr(places, "USER_CACHE", tmp_path / "file" / "user")
    with pytest.raises(DataNotFoundError, match="no folder can store a download"):
        fetch(small_info(server.url("/a")))


def test_a_course_folder_that_is_read_only_leaves_the_users_cache(server, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(places, "PROJECT_CACHE", tmp_path / "file" / "cache")
    server["/a"] = good()
    assert fetch(small_info(server.url("/a"))).paths["small.npz"] == tmp_path / "user" / "small.npz"
    assert fetch(small_info(server.url("/a"))).origin == "the user's cache"
    assert server.asked == ["/a"]
