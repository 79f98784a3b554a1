"""A browser for the tests; a test skips, and says what is missing, where there is none."""

import contextlib
import shutil

import pytest


@contextlib.contextmanager
def chromium():
    """Yield a headless Chromium, driven by Playwright; skip the test where one of the two is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: python -m pip install playwright")
    place = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if place is None:
        pytest.skip("no Chromium on this machine: sudo apt install chromium")
    with playwright.sync_playwright() as driver:
        # The shared memory of a container is too small for Chromium, and root may not use its sandbox.
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        opened = driver.chromium.launch(executable_path=place, args=options)
        yield opened
        opened.close()
