"""A browser for the tests; a test skips, and says what is missing, where there is none."""

import contextlib
import importlib.util
import shutil
from pathlib import Path

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


def serious_findings(page, within="html"):
    """Return the serious findings of axe-core in a part of a page, each as rule and element; skip where axe-core is missing.

    The script is read here: its package reads it with the encoding of the machine, and fails where that is not UTF-8.
    """
    package = importlib.util.find_spec("axe_playwright_python")
    if package is None:
        pytest.skip("no axe-core: python -m pip install axe-playwright-python")
    page.evaluate(Path(package.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("within => axe.run(within, {resultTypes: ['violations']})", within)["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]
