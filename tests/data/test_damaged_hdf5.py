"""HDF5 files with damaged bytes: refused in one sentence, or harmless.

libhdf5 itself crashes or hangs on some of them, which no Python code can prevent. So a process of its own reads them; what it
does not survive is counted, and most it must survive.
"""

import subprocess
import sys
import textwrap

from helpers.project import ROOT

FILES = 120
PROGRAM = textwrap.dedent("""
    import pathlib, signal, sys
    import numpy as np
    from helpers.data.errors import VerificationError
    from helpers.data.storage import read_hdf5
    try:
        import resource  # a damaged shape may ask for all memory
        resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
    except ImportError:
        pass
    whole, first, last = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    arrays = dict(images=np.arange(60, dtype=np.uint8).reshape(5, 4, 3), labels=np.array([0, 1, 2, 2, 0]))
    damaged = whole.with_name("damaged.h5")
    for number in range(first, last):
        random, content = np.random.default_rng(number), bytearray(whole.read_bytes())
        if number % 8 == 0:
            del content[random.integers(len(content)):]
        used = np.flatnonzero(np.frombuffer(bytes(content), np.uint8))  # most of a small file is padding
        for place in random.choice(used, min(len(used), random.integers(1, 6)), replace=False) if number % 8 else ():
            content[place] = random.integers(256)
        damaged.write_bytes(bytes(content))
        print(number, end=" ", flush=True)
        if hasattr(signal, "setitimer"):  # a damaged length may keep libhdf5 busy: the end after 3 s of the processor's time
            signal.setitimer(signal.ITIMER_PROF, 3)
        try:
            found, _ = read_hdf5(damaged, arrays)
        except VerificationError as error:
            str(error).encode()  # it can be printed
            print("refused", flush=True)
        else:
            assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
            print("harmless", flush=True)
""")


def test_damaged_files_are_refused_or_harmless(tmp_path):
    import numpy as np

    from helpers.data.storage import write_hdf5

    write_hdf5(tmp_path / "whole.h5", {"images": np.arange(60, dtype=np.uint8).reshape(5, 4, 3),
                                       "labels": np.array([0, 1, 2, 2, 0])}, {"convnet_course": 1})
    outcomes, first = [], 0
    while first < FILES:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "whole.h5"), str(first), str(FILES)]
        try:
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
            output, code = run.stdout, run.returncode
        except subprocess.TimeoutExpired as error:
            output, code = (error.stdout or b"").decode(), "hung"
        lines = [line.split() for line in output.splitlines()]
        outcomes += [line[1] for line in lines if len(line) == 2]
        first = int(lines[-1][0]) + 1 if lines else FILES
        if code == 0:
            break
        assert code == "hung" or code < 0, f"damaged file {first - 1} gave something else than a VerificationError:\n{run.stderr}"
        outcomes.append("not survived")
    counted = {outcome: outcomes.count(outcome) for outcome in ("refused", "harmless", "not survived")}
    assert sum(counted.values()) == FILES and counted["refused"] > FILES / 4 and counted["not survived"] < FILES / 10, counted
