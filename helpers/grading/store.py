"""Keep finished results, each in a file of its own, so that a run that was killed goes on where it stopped."""

import dataclasses
import functools
import hashlib
import json
from pathlib import Path

from helpers.environment import installed
from helpers.grading.records import Key, LessonResult
from helpers.project import ROOT
from helpers.whole_files import write_whole


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of the packages that results can depend on; empty where one is not installed."""
    return {name: installed(name) or "" for name in ("ipython", "numpy", "tensorflow", "keras")}


@functools.cache
def _course():
    """Return what changes with any of the course's own modules, which keys and checks use."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def work_name(data: bytes, key: Key, options) -> str:
    """Return the name of a file's result: it changes when the file, the key, the options, the course or its packages change."""
    parts = [hashlib.sha256(data).hexdigest(), key.digest, sorted(vars(options).items()), versions(), _course()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


class Store:
    """The finished results in a folder, which is made when the first is kept."""

    def __init__(self, folder: str | Path):
        self._folder = Path(folder)

    def get(self, name: str) -> LessonResult | None:
        """Return a result, or None if there is none that can be read."""
        try:
            return LessonResult.from_dict(json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def put(self, name: str, result: LessonResult) -> None:
        """Keep a result."""
        kept = json.dumps(dataclasses.asdict(result), indent=1, sort_keys=True)
        write_whole(self._folder / f"{name}.json", f"{kept}\n", private=True)
