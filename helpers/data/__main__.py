"""``python -m helpers.data``: what data is on this machine, get it, check it.

    python -m helpers.data                     the same as status
    python -m helpers.data status [NAME ...]   what each loader would use, without asking the network
    python -m helpers.data download [NAME ...] get what is missing; all sets, or the named ones
    python -m helpers.data verify [NAME ...]   check every copy on this machine

Exit codes: 0 all is well; 1 a download failed, a copy is damaged, or a set named to ``verify`` has no copy;
2 a wrong command, name or setting; 130 stopped from the keyboard.
"""

from __future__ import annotations

import argparse
import os
import sys

from rich.console import Console
from rich.table import Table

from helpers.data.errors import DataNotFoundError, SettingsError, VerificationError
from helpers.data.finding import copies, obtain
from helpers.data.places import folders, shown
from helpers.data.sources import named

__all__ = ["main"]


def _megabytes(size):
    return f"{size / 1e6:,.1f} MB"


def _table(*headers):
    table = Table(show_edge=False, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold", justify="right" if header == "Size" else "left")
    return table


def _examined(source):
    """Yield every copy with the fault found in it, or None."""
    for copy in copies(source):
        try:
            copy.form.verified(copy.paths)
            yield copy, None
        except VerificationError as error:
            yield copy, str(error)


def _where(copy):
    return ", ".join(shown(path) for path in copy.paths.values())


def status(sources, console):
    """Show for each data set the copy that its loader would take."""
    table = _table("Data set", "On this machine", "Size", "License", "Without it")
    for source in sources:
        good = next((copy for copy, fault in _examined(source) if fault is None), None)
        form = next((form for form in source.forms if form.downloadable), None)
        if good is not None:
            here, size = f"yes, verified: {_where(good)}", _megabytes(good.size)
        elif form is not None:
            here, size = "no, to be downloaded", _megabytes(sum(file.size or 0 for file in form.files))
        else:
            here, size = "no", ""
        table.add_row(f"{source.name} ({source.title})", here, size, source.license, source.sample)
    console.print(table)
    for variable in ("COURSE_DATA", "COURSE_DATA_DIR"):
        console.print(f"{variable}: {os.environ.get(variable) or 'not set'}")
    console.print("Searched: " + ", ".join(shown(place.path) for place in folders()))
    return 0


def verify(sources, console, demanded):
    """Check every copy; a set that was asked for by name must have one."""
    table, failed = _table("Data set", "Copy", "Size", "Result"), False
    for source in sources:
        found = list(_examined(source))
        for copy, fault in found:
            failed |= fault is not None
            table.add_row(source.name, _where(copy), _megabytes(copy.size), fault or "verified")
        if not found:
            failed |= demanded
            table.add_row(source.name, "none", "", "no copy on this machine")
    console.print(table)
    if failed:
        console.print("Not all is well. Delete a damaged copy or put a good one in its place; "
                      "python -m helpers.data download gets one.")
    return int(failed)


def download(sources, console):
    """Get every set that is not here; one that fails does not stop the others."""
    table, failed = _table("Data set", "Result"), []
    for source in sources:
        try:
            found = obtain(source)
        except DataNotFoundError as error:
            failed.append(str(error))
            table.add_row(source.name, "not to be had")
            continue
        news = found.origin if found.origin.startswith("downloaded") else f"already here ({found.origin})"
        table.add_row(source.name, f"{news}, verified: {', '.join(shown(path) for path in found.paths.values())}")
    console.print(table)
    for message in failed:
        console.print(message)
    return int(bool(failed))


def main(arguments=None):
    """Run a command.

    Parameters
    ----------
    arguments : list of str, optional
        As on the command line.

    Returns
    -------
    int
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m helpers.data", description=__doc__.replace("``", ""),
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", default="status", choices=("status", "download", "verify"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="the data sets meant; all if none is named")
    options = parser.parse_args(arguments)
    console = Console(markup=False, emoji=False)
    try:
        sources = named(options.names)
        if options.command == "status":
            return status(sources, console)
        if options.command == "verify":
            return verify(sources, console, demanded=bool(options.names))
        return download(sources, console)
    except SettingsError as error:
        print(f"python -m helpers.data: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; no half-written file was left behind", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
