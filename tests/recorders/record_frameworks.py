"""Record what the listings of lesson 05 return: figures of PyTorch, JAX, safetensors and ONNX, for readers without them.

Environment: that of the course with the extra "frameworks". For seconds that can be compared, give it one core.

    taskset --cpu-list 0 python -m tests.recorders.record_frameworks

The functions are the lesson's own: the whole page runs, and each that it hands to `frameworks.live` is run and kept.
"""

import datetime
import importlib.metadata
import json

import helpers.quiet_start  # noqa: F401

from helpers import frameworks
from tests.support.lesson_code import code_of

PACKAGES = ("keras", "tensorflow-cpu", "torch", "jax", "optax", "safetensors", "onnx", "onnxruntime")


def figures(lesson="05_frameworks"):
    """Run a lesson and return what its listings returned."""
    found = {}

    def record(listing, *packages):
        found[listing.__name__] = frameworks.rounded(frameworks.run(listing))
        return frameworks.as_arrays(frameworks.with_seconds(found[listing.__name__], None))

    usual, frameworks.live = frameworks.live, record
    try:
        exec(compile(code_of(lesson), f"{lesson}.ipynb", "exec"), {"__name__": "lesson"})
    finally:
        frameworks.live = usual
    return found


def main():
    """Write the file."""
    content = {"about": "what the listings of lesson 05 returned, each number to seven digits; seconds on one core",
               "date": datetime.date.today().isoformat(),
               "versions": {name: importlib.metadata.version(name).partition("+")[0] for name in PACKAGES},
               "figures": figures()}
    frameworks.PLACE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
