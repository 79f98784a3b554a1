"""Write submissions that are not kind to a machine whose sandbox fails: no test grades them.

    python -m tests.submissions.unkind FOLDER
    python -m helpers.grading FOLDER --out RESULTS --jobs 1 --timeout 20 --memory 1024

Do this on a machine that you can restart, once as root and once as an ordinary user (without a cgroup), while `watch -n1 free -m`
runs beside it. `ada-innocent` must get all points each time, everybody else none for the first exercise, the run must end by
itself, and `/proc/sys/fs/epoll/max_user_watches` must never be used up.
"""

import argparse
from pathlib import Path

from tests.submissions.building import LESSON, as_bytes, solved, spoilt

UNKIND = {
    # 150 processes, each with as many registrations as its open files multiply to.
    "epoll": """
import os, select, time
for _ in range(150):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        opened, polls = [], []
        try:
            while True:
                opened.append(os.pipe()[0])
                polls.append(select.epoll())
        except OSError:
            pass
        for poll in polls:
            for one in opened:
                try:
                    poll.register(one)
                except OSError:
                    pass
        time.sleep(60)
time.sleep(60)""",
    # Each in a session of its own, which Linux would give a share of the processor as large as a whole student's.
    "sessions": """
import os
for _ in range(40):
    if os.fork() == 0:
        try:
            os.setsid()
        except OSError:
            pass
        while True:
            pass
while True:
    pass""",
    # Shared memory that no process has mapped any more counts for none of them.
    "forgotten-memory": """
import ctypes, mmap
libc, hoard = ctypes.CDLL(None, use_errno=True), []
while True:
    one = mmap.mmap(-1, 2**26)
    for place in range(0, 2**26, 4096):
        one[place] = 1
    one.madvise(mmap.MADV_DONTNEED)
    hoard.append(one)""",
    # What lies in the buffers of sockets is nobody's memory.
    "socket-buffers": """
import os, socket, time
for _ in range(60):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        pairs = []
        try:
            while True:
                pairs.append(socket.socketpair())
                for end in pairs[-1]:
                    end.setblocking(False)
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**24)
                    try:
                        while True:
                            end.send(bytes(2**16))
                    except BlockingIOError:
                        pass
        except OSError:
            time.sleep(60)
time.sleep(60)""",
}


def write(folder):
    """Write a folder for each, and an innocent's."""
    for name, notebook in {"ada-innocent": solved(), **{name: spoilt(code) for name, code in UNKIND.items()}}.items():
        place = Path(folder) / name
        place.mkdir(parents=True)
        (place / f"{LESSON}.ipynb").write_bytes(as_bytes(notebook))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)
