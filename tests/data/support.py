"""What the tests of the data machinery share: a small data set, a server that misbehaves on purpose, a machine of one's own."""

import functools
import gzip
import hashlib
import http.server
import io
import threading

import numpy as np
import pytest

from helpers.data import finding, places
from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.errors import DataNotFoundError
from helpers.data.storage import read_npz

HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body>Please accept.</body></html>"
LFS_POINTER = (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 11490434\n")


def small_arrays(seed=0):
    """A set laid out like MNIST, small enough to download a hundred times."""
    generator = np.random.default_rng(seed)
    return {"x_train": generator.integers(0, 256, (300, 28, 28), dtype=np.uint8),
            "y_train": generator.integers(0, 10, 300).astype(np.uint8),
            "x_test": generator.integers(0, 256, (50, 28, 28), dtype=np.uint8),
            "y_test": generator.integers(0, 10, 50).astype(np.uint8)}


def npz_bytes(arrays, compressed=False):
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return stream.getvalue()


ARRAYS = small_arrays()
NPZ = npz_bytes(ARRAYS)
SIZE = len(NPZ)
EXPECTED = {name: (array.shape, hashlib.sha256(array.tobytes()).hexdigest()) for name, array in ARRAYS.items()}


def _read(paths, file_name):
    return read_npz(paths[file_name], EXPECTED)


def small_info(url=None, name="small.npz", checksum=None, size=SIZE):
    """A data set of one file, described as the real ones are."""
    file = DataFile(name, url, checksum, size)
    return DatasetInfo(name="small", title="Small", layouts=(FileLayout((file,), functools.partial(_read, file_name=name)),),
                  license="MIT", citation="nobody", sample="nothing much")


def traffic_arrays(**changes):
    """Three tracks of two frames of each class, laid out as in gtsrb_32.npz; a change to None leaves an array out."""
    labels = np.repeat(np.arange(43, dtype=np.uint8), 6)
    made = {"images": np.random.default_rng(0).integers(0, 256, (len(labels), 32, 32, 3), dtype=np.uint8), "labels": labels,
            "tracks": np.tile(np.repeat(np.arange(3, dtype=np.uint16), 2), 43)}
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def same(arrays):
    return all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)


class Server(http.server.ThreadingHTTPServer):
    """Answers each path as the test has said: ``server["/path"] = behavior``, a function of the request handler."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviors, self.asked = {}, []
        self.release = threading.Event()  # lets stalled answers end when the test does

    def __setitem__(self, path, behavior):
        self.behaviors[path] = behavior

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.server_port}{path}"

    def handle_error(self, request, client_address):
        pass  # a client that gave up is what many tests want


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.behaviors.get(self.path, status(404))(self)
        self.close_connection = True

    def log_message(self, *arguments):
        pass

    def start(self, code, length=None, **headers):
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()


def good(content=NPZ):
    def behavior(handler):
        handler.start(200, len(content))
        handler.wfile.write(content)
    return behavior


def zipped(content=NPZ):
    """The server compresses what it sends, so Content-Length is not the size of the file."""
    packed = gzip.compress(content)

    def behavior(handler):
        handler.start(200, len(packed), Content_Encoding="gzip")
        handler.wfile.write(packed)
    return behavior


def status(code):
    def behavior(handler):
        handler.start(code, 0)
    return behavior


def redirect(target):
    def behavior(handler):
        handler.start(302, 0, Location=target)
    return behavior


def truncated(part=0.5, tell_length=True):
    """Close the connection in the middle; without a Content-Length HTTP itself cannot notice."""
    def behavior(handler):
        handler.start(200, len(NPZ) if tell_length else None)
        handler.wfile.write(NPZ[:int(len(NPZ) * part)])
    return behavior


def stalled(sent=None, before_headers=False):
    """Send half, tell the test through the event ``sent``, then say nothing until the test is over."""
    def behavior(handler):
        if not before_headers:
            handler.start(200, len(NPZ))
            handler.wfile.write(NPZ[:len(NPZ) // 2])
        if sent is not None:
            sent.set()
        handler.server.release.wait(60)
    return behavior


def in_turn(*behaviors):
    """One behavior after another, the last one for good."""
    left = list(behaviors)

    def behavior(handler):
        (left.pop(0) if len(left) > 1 else left[0])(handler)
    return behavior


def put(folder, content=NPZ, name="small.npz"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def failure(info):
    """The message of a download that must fail, and leave nothing."""
    with pytest.raises(DataNotFoundError) as caught:
        finding.obtain(info)
    assert files_in(places.PROJECT_CACHE) == []
    return str(caught.value)
