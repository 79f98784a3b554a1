"""Drives the real JupyterLab, started as the course starts it, as a student would with mouse and keyboard.

What a student does is done by clicks and keys. What a student sees by looking (is it still running? did a cell fail?) is asked of
JupyterLab's own model of the page, because a picture of the page cannot be waited for.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from helpers import start
from helpers.project import ROOT
from tests.support.open_course import end

PATIENCE = 900_000  # milliseconds that a lesson may take on a slow machine
PANEL = "jupyterapp.shell.currentWidget"
CELLS = f"[...{PANEL}.content.model.cells]"
KERNEL = f"{PANEL}.context.sessionContext.session?.kernel?.status"
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}  # JupyterLab would ask the internet for news, and the reader about it


def copy_of_the_course(folder):
    """Copy what belongs to the project into a folder, so that nothing a student does changes the project."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


@contextlib.contextmanager
def served(course, private):
    """Start JupyterLab on a course; yield its address; stop it and its kernels.

    Parameters
    ----------
    course : pathlib.Path
        The copy to serve.
    private : pathlib.Path
        An empty folder for JupyterLab's own files.
    """
    settings = private / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS), encoding="utf-8")
    environment = {**os.environ, "COURSE_DATA": "sample", "COURSE_PANELS": "live", "PYTHONPATH": str(course),
                   **{f"JUPYTER_{kind.upper()}_DIR": str(private / kind) for kind in ("config", "data", "runtime")}}
    options = ["--no-browser", "--port=0", "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"]
    with open(private / "log.txt", "w", encoding="utf-8") as log:
        process = subprocess.Popen(start.open_command(sys.executable, course, options), cwd=course, env=environment, stdout=log,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield _address(process, private)
    finally:
        end(process)


def _address(process, private, patience=120):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        for card in (private / "runtime").glob("jpserver-*.json"):
            with contextlib.suppress(ValueError, KeyError):  # it may still be being written
                return json.loads(card.read_text(encoding="utf-8"))["url"]
        time.sleep(0.2)
    raise RuntimeError("JupyterLab did not start: " + (private / "log.txt").read_text(encoding="utf-8")[-2000:])


class Lesson:
    """One lesson, open in JupyterLab.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        Where to open it.
    address : str
        Of the server.
    name : str
        Of the lesson.
    pictures : pathlib.Path
        Folder for screenshots.
    """

    def __init__(self, browser, address, name, pictures):
        self.name, self.pictures, self.script_errors = name, Path(pictures), []
        self.page = browser.new_page(viewport={"width": 1300, "height": 900})
        self.page.on("pageerror", lambda error: self.script_errors.append(str(error)))
        self.page.goto(f"{address}lab/tree/notebooks/{name}.ipynb?reset")
        self.page.wait_for_function(f"window.jupyterapp && {PANEL}?.context?.isReady && ({KERNEL}) === 'idle'", timeout=120_000)

    def cells(self):
        """Return all cells as a notebook file has them, in order."""
        return self.page.evaluate(f"{CELLS}.map(cell => cell.toJSON())")

    def choose(self, menu, entry):
        """Click an entry of the menu bar."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()

    def run_all(self):
        """Clear what the file brought along and run all cells; return when all have run, or one has failed."""
        self.choose("Edit", "Clear Outputs of All Cells")
        self.page.wait_for_function(f"{CELLS}.every(cell => cell.type !== 'code' || !cell.outputs.length)")
        self.choose("Run", "Run All Cells")
        self.page.wait_for_function(f"""() => {{
            const code = {CELLS}.filter(cell => cell.type === 'code' && cell.sharedModel.getSource().trim());
            const failed = code.some(cell => cell.outputs.toJSON().some(output => output.output_type === 'error'));
            return ({KERNEL}) === 'idle' && (failed || code.every(cell => cell.executionCount !== null));
        }}""", timeout=PATIENCE, polling=500)

    def element(self, number):
        """Bring a cell into view and return its element."""
        self.page.evaluate(f"number => {PANEL}.content.scrollToItem(number, 'center')", number)
        element = self.page.evaluate_handle(f"number => {PANEL}.content.widgets[number].node", number).as_element()
        element.scroll_into_view_if_needed()
        return element

    def rewrite(self, number, source):
        """Replace the text of a code cell by typing, and run it."""
        self.element(number).query_selector(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.run(number)

    def run(self, number):
        """Click into a code cell, press Shift+Enter, and wait until it has run."""
        self.element(number).query_selector(".cm-content").click()
        before = self.cells()[number]["execution_count"]
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(f"""([number, before]) => {{
            const count = {CELLS}[number].executionCount;
            return count !== null && count !== before && ({KERNEL}) === 'idle';
        }}""", arg=[number, before], timeout=PATIENCE)

    def screenshot(self, what):
        """Keep a picture of the window."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.pictures / f"{self.name}-{what}.png")

    def close(self):
        """Close the page, and stop its kernel so that the next lesson has the memory."""
        self.page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.close()
