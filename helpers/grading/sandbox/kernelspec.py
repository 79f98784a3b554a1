"""Install a kernel that runs in the sandbox: `python -m helpers.grading.sandbox.kernelspec`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

NAME = "python3-sandboxed"


def kernel_spec(**config):
    """Return the kernel specification.

    Parameters
    ----------
    **config
        `memory`, `disk` (megabytes), `processes`, `seconds`: see `provisioner.BubblewrapProvisioner`.
    """
    return KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="Python 3 (sandboxed)",
        language="python",
        interrupt_mode="message",
        metadata={"kernel_provisioner": {"provisioner_name": "bubblewrap-provisioner", "config": config}},
    )


def main(arguments=None):
    """Write the specification where Jupyter of this environment finds it."""
    parser = argparse.ArgumentParser(prog="python -m helpers.grading.sandbox.kernelspec", description=__doc__.splitlines()[0])
    parser.add_argument("--memory", type=int, default=2048, help="megabytes a kernel may take (default: 2048)")
    parser.add_argument("--prefix", default=sys.prefix, help="where to install it (default: this environment)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(kernel_spec(memory=options.memory).to_dict(), indent=1))
        place = KernelSpecManager().install_kernel_spec(folder, NAME, prefix=options.prefix)
    print(f"installed {NAME} in {place}")


if __name__ == "__main__":
    main()
