"""A server that misbehaves on purpose, and a machine of one's own."""

import threading

import pytest

from helpers.data import download, places
from tests.data.support import Server


@pytest.fixture
def server():
    """A running :class:`Server` on this machine."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield running
        running.release.set()
        running.shutdown()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with empty folders, no settings and no network but itself; yields its cache folder."""
    monkeypatch.setattr(places, "DATA_FOLDER", tmp_path / "course" / "data")
    monkeypatch.setattr(places, "PROJECT_CACHE", tmp_path / "course" / "data" / "cache")
    monkeypatch.setattr(places, "USER_CACHE", tmp_path / "user")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there: no test reaches the published addresses
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)
    monkeypatch.setattr(places, "_said", set())
    monkeypatch.setattr(download, "PAUSE", 0)
    places.PROJECT_CACHE.mkdir(parents=True)
    yield places.PROJECT_CACHE


@pytest.fixture
def given(tmp_path, monkeypatch, machine):
    """A folder named by COURSE_DATA_DIR."""
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
    return folder
