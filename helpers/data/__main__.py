"""``python -m helpers.data``: what data is on this machine, get it, check it.

    python -m helpers.data                     the same as status
    python -m helpers.data status [NAME ...]   what each loader would use, without asking the network
    python -m helpers.data download [NAME ...] get what is missing; all sets, or the named ones
    python -m helpers.data verify [NAME ...]   check every copy on this machine

Exit codes: 0 success; 1 a download failed, a copy is damaged or unreadable, or a data set named to ``verify`` has no copy;
2 a wrong command, name or setting; 130 interrupted from the keyboard.
"""

from __future__ import annotations

import argparse
import os
import sys

from rich.console import Console
from rich.table import Table

from helpers.data.catalog import DatasetInfo, named
from helpers.data.errors import DataNotFoundError, FileAccessError, SettingsError, VerificationError
from helpers.data.finding import copies, obtain
from helpers.data.places import folders, shown

__all__ = ["main"]


def _megabytes(size):
    return f"{size / 1e6:,.1f} MB"


def _table(*headers):
    table = Table(show_edge=False, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold", justify="right" if header == "Size" else "left")
    return table


def _examined(info):
    """Yield every copy with the error that its verification raised, or None."""
    for copy in copies(info):
        try:
            copy.layout.verified(copy.paths)
            yield copy, None
        except VerificationError as error:
            yield copy, error


def _where(copy):
    return ", ".join(shown(path) for path in copy.paths.values())


def status(infos: list[DatasetInfo], console: Console) -> int:
    """Show for each data set the copy that its loader would take."""
    table = _table("Data set", "On this machine", "Size", "License", "Offline sample")
    for info in infos:
        good = next((copy for copy, error in _examined(info) if error is None), None)
        here, size = "no", ""
        if good is not None:
            here, size = f"yes, verified: {_where(good)}", _megabytes(good.size)
        elif info.download_layout is not None:
            here, size = "no, can be downloaded", _megabytes(sum(file.size or 0 for file in info.download_layout.files))
        table.add_row(f"{info.name} ({info.title})", here, size, info.license, info.sample)
    console.print(table)
    for variable in ("COURSE_DATA", "COURSE_DATA_DIR"):
        console.print(f"{variable}: {os.environ.get(variable) or 'not set'}")
    console.print("Searched: " + ", ".join(shown(place.path) for place in folders()))
    return 0


def verify(infos: list[DatasetInfo], console: Console, required: bool) -> int:
    """Check every copy; with ``required``, each data set must have one."""
    table, errors, missing = _table("Data set", "Copy", "Size", "Result"), [], False
    for info in infos:
        found = list(_examined(info))
        errors += [error for _, error in found if error is not None]
        for copy, error in found:
            table.add_row(info.name, _where(copy), _megabytes(copy.size), str(error or "verified"))
        if not found:
            missing |= required
            table.add_row(info.name, "none", "", "no copy on this machine")
    console.print(table)
    if missing or any(not isinstance(error, FileAccessError) for error in errors):
        console.print("Delete or replace a damaged copy; `python -m helpers.data download` gets what is missing.")
    return int(missing or bool(errors))


def download(infos: list[DatasetInfo], console: Console) -> int:
    """Get every data set that is not here; one that fails does not stop the others."""
    table, failed = _table("Data set", "Result"), []
    for info in infos:
        try:
            found = obtain(info)
        except DataNotFoundError as error:
            failed.append(str(error))
            table.add_row(info.name, "unavailable")
            continue
        news = found.origin if found.origin.startswith("downloaded") else f"already here ({found.origin})"
        table.add_row(info.name, f"{news}, verified: {', '.join(shown(path) for path in found.paths.values())}")
    console.print(table)
    for message in failed:
        console.print(message)
    return int(bool(failed))


def main(arguments: list[str] | None = None) -> int:
    """Run a command, given as on the command line, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m helpers.data", description=__doc__.replace("``", ""),
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", default="status", choices=("status", "download", "verify"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="the data sets; all if none is named")
    options = parser.parse_args(arguments)
    console = Console(markup=False, emoji=False)
    try:
        infos = named(options.names)
        if options.command == "status":
            return status(infos, console)
        if options.command == "verify":
            return verify(infos, console, required=bool(options.names))
        return download(infos, console)
    except SettingsError as error:
        print(f"python -m helpers.data: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; no half-written file was left behind", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
