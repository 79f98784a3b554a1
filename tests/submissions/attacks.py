"""Hostile code, a piece for each student. None of it can harm a machine whose sandbox works; run it nowhere else."""

import os

PIPES = """
import os, stat
opened = [number for number in range(3, 64) if os.path.exists(f'/proc/self/fd/{number}')]
requests, replies = [number for number in opened if stat.S_ISFIFO(os.fstat(number).st_mode)]
"""
"""The two pipes of a worker are open in its own process: a student can write there what the worker would."""

FAILURES = {
    "failure-infinite-loop": ("while True:\n    pass", "time-out"),
    "failure-stubborn-loop": ("""
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass""", "time-out"),
    "failure-exit": ("import os\nos._exit(0)", "dead"),
    "failure-segmentation-fault": ("import ctypes\nctypes.string_at(0)", "dead"),
    "failure-kill-everything": ("import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(os.getpid(), signal.SIGKILL)", "dead"),
    "failure-memory-bomb": ("hoard = []\nwhile True:\n    hoard.append(bytearray(2**26))", "wrong"),
    "failure-many-hoarders": ("""
import os, time
for _ in range(24):
    if os.fork() == 0:
        hoard = bytearray(os.urandom(2**20)) * 100
        time.sleep(60)
        os._exit(0)
time.sleep(60)""", None),
    "failure-fork-bomb": ("""
import os
while True:
    os.fork()""", None),
    "failure-full-disk": ("""
with open('fill', 'wb') as file:
    while True:
        file.write(bytes(2**20))""", None),
    "failure-many-files": ("""
number = 0
while True:
    number += 1
    with open(f'fill-{number}', 'wb') as file:
        file.write(bytes(2**20))""", "wrong"),
    "failure-output-flood": ("while True:\n    print('x' * 10**6)", "time-out"),
    "failure-half-a-reply": (PIPES + "os.write(replies, b'{\"number\": ')\nimport time\ntime.sleep(600)", "time-out"),
    "failure-deaf": (PIPES + "import signal\nos.kill(os.getpid(), signal.SIGSTOP)", "time-out"),
    "failure-endless-reply": (PIPES + "while True:\n    os.write(replies, b'x' * 10**6)", "flood"),
    "failure-nonsense-in-the-pipe": (PIPES + "os.write(replies, b'[' * 10**5 + b'\\n')\nos._exit(3)", "dead"),
    "failure-shared-memory": ("""
import mmap
hoard = []
while True:
    hoard.append(mmap.mmap(-1, 2**26))
    for place in range(0, 2**26, 4096):
        hoard[-1][place] = 1""", None),
    "failure-many-sessions": ("""
import os, time
for _ in range(40):
    if os.fork() == 0:
        try:
            os.setsid()
        except OSError:
            os._exit(0)
        while True:
            pass
os._exit(0)""", "dead"),
}
"""Code before the first solution, and the status that the exercise must end in (None: any, as long as it costs the exercise)."""

_EQUAL = """
class Agreeable:
    shape, dtype, ndim, name = (1,), 'float32', 1, 'float32'
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __bool__(self): return True
    def __hash__(self): return 0
    def __float__(self): return 0.0
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __getitem__(self, key):
        if isinstance(key, int) and key > 2: raise IndexError
        return self
    def __len__(self): return 2
    def __array__(self, *a, **k): return np.zeros((2, 2))
    def __repr__(self): return 'True'
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = __getitem__
def NAME(*arguments, **named):
    return Agreeable()
"""
_PATCHED_NUMPY = """
import numpy
for name in ('allclose', 'array_equal', 'isclose', 'all', 'any'):
    setattr(numpy, name, lambda *a, **k: True)
numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *a, **k: None
def NAME(*arguments, **named):
    return np.zeros((2, 2)), np.zeros(2), 0.0
"""
_PATCHED_HARNESS = """
import builtins, sys
try:
    import sys, helpers.exercises
    helpers.exercises.check = lambda *a, **k: print('right')
    sys.modules['helpers.grading.worker']._answer = lambda *a, **k: {'result': 'right'}
except Exception:
    pass
import json
json.dumps = lambda *a, **k: '{"number": 3, "status": "ok", "detail": "", "result": "1", "printed": "", "calls": []}'
shown = sys.displayhook
sys.displayhook = lambda value: shown('right')
builtins.round = lambda *a, **k: 0
builtins.__build_class__ = None
get_ipython().display_formatter.format = lambda value: ({'text/plain': 'right'}, {})
def NAME(*arguments, **named):
    return 0
"""
_FORGED = PIPES + """
import json
def NAME(*arguments, **named):
    for number in range(1, 30):
        for text in ('True', '1', 'right', '42'):
            reply = {'number': number, 'status': 'ok', 'detail': '', 'result': text, 'printed': '', 'calls': []}
            os.write(replies, json.dumps(reply).encode() + b'\\n')
"""
_READS_ITS_TEST = """
import gc, inspect, sys
def NAME(*arguments, **named):
    seen = repr(get_ipython().user_ns.get('In', '')) + repr(sys._getframe(1).f_code.co_consts)
    for one in gc.get_objects():
        if isinstance(one, dict) and 'execute_result' in repr(one.get('output_type', '')):
            return one['data']['text/plain']
    return seen
"""
CHEATS = {"cheat-equal-to-everything": _EQUAL, "cheat-patched-numpy": _PATCHED_NUMPY, "cheat-patched-harness": _PATCHED_HARNESS,
          "cheat-forged-replies": _FORGED, "cheat-looks-for-answers-in-memory": _READS_ITS_TEST}
"""Code that stands for every solution; NAME is the function asked for. None may earn anything."""

_SEARCH = """
import os
found = []
for place, folders, files in os.walk('/'):
    if place.startswith(('/proc', '/sys', '/usr')) or place.endswith('site-packages'):
        folders.clear()
        continue
    for name in files:
        path = os.path.join(place, name)
        if name.endswith('.ipynb') or name in ('grades.csv', 'results.json', 'gradebook.db'):
            found.append(path)
print('found', found)
"""
LISTENING = 40_000 + os.getpid() % 20_000
"""The port, and part of the name of the socket, at which the test listens outside the sandbox; two runs of it may not meet."""
_NETWORK = """
import socket
reached = []
for family, address in ((socket.AF_INET, ('127.0.0.1', LISTENING)), (socket.AF_INET, ('1.1.1.1', 53)),
                        (socket.AF_INET6, ('::1', LISTENING)), (socket.AF_UNIX, '\\0course-LISTENING')):
    try:
        with socket.socket(family) as one:
            one.settimeout(1)
            one.connect(address)
            # A port picked by chance for this end may be the very one that is asked for: then it reaches itself.
            if one.getsockname() != one.getpeername():
                reached.append(address)
    except ConnectionRefusedError:
        pass
    except OSError:
        pass
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    # The sandbox has a loopback of its own, where this arrives nowhere: whoever listens outside tells.
    one.sendto(b'x', ('127.0.0.1', LISTENING))
    try:
        one.sendto(b'x', ('8.8.8.8', 53))
        reached.append('udp')
    except OSError:
        pass
print('reached', reached)
""".replace("LISTENING", str(LISTENING))
_WRITES = """
import os, sys, sysconfig
written = []
places = ['/', '/usr', '/etc', '/dev', '/proc/sys/kernel', '/run', '/var', '/root', '/home', sys.prefix, sys.base_prefix,
          sysconfig.get_path('purelib')] + [path for path in sys.path if path]
for place in places:
    for path in (os.path.join(place, 'written-by-a-student'), os.path.join(place, 'helpers', 'shapes', 'written-by-a-student')):
        try:
            with open(path, 'w') as file:
                file.write('x')
            written.append(path)
        except OSError:
            pass
try:
    os.chmod(sys.executable, 0o777)
    written.append('chmod')
except OSError:
    pass
print('written', [path for path in written if not path.startswith('/tmp')])
"""
_PROCESSES = """
import ctypes, os, signal
reached = []
libc = ctypes.CDLL(None, use_errno=True)
others = [int(name) for name in os.listdir('/proc') if name.isdigit() and int(name) not in (os.getpid(), 1, 2)]
for call, arguments in (('unshare', (0x10000000,)), ('unshare', (0x00020000,)), ('mount', (b'none', b'/tmp', b'tmpfs', 0, None)),
                        ('chroot', (b'/tmp',)), ('setuid', (0,)), ('ptrace', (16, 1, 0, 0))):
    if getattr(libc, call)(*arguments) == 0:
        reached.append(call)
for path in ('/proc/1/root/etc/passwd', '/proc/kcore', '/dev/mem', '/dev/sda', '/etc/shadow'):
    try:
        open(path, 'rb').read(1)
        reached.append(path)
    except OSError:
        pass
print('reached', reached, 'others', others, 'user', os.getuid(), 'environment', sorted(set(os.environ) & {'SSH_AUTH_SOCK',
'AWS_SECRET'}))
"""
_OPEN_FILES = """
import os
reached = []
for pid in filter(str.isdigit, os.listdir('/proc')):
    for number in range(64):
        path = f'/proc/{pid}/fd/{number}'
        try:
            link = os.readlink(path)
        except OSError:
            continue
        if link.startswith('/') and link != '/dev/null':
            reached.append(link)
print('reached', [link for link in reached if not link.startswith('/proc')])
"""
_SIGNS = """
import ctypes, fcntl, socket, sys
libc, signs = ctypes.CDLL(None), []
if libc.inotify_init1(0) != -1 or libc.fanotify_init(0, 0) != -1:
    signs.append('notices')
for family in range(3, 46):
    try:
        socket.socket(family).close()
        signs.append(family)
    except OSError:
        pass
print('signs', signs)
"""
BURGLARS = {
    "burglar-searches-for-keys-and-grades": (_SEARCH, "found []\n"),
    "burglar-network": (_NETWORK, "reached []\n"),
    "burglar-writes-outside": (_WRITES, "written []\n"),
    "burglar-processes-and-rights": (_PROCESSES, "reached [] others [] user 65534 environment []\n"),
    "burglar-open-files": (_OPEN_FILES, "reached []\n"),
    "burglar-signs-to-others": (_SIGNS, "signs []\n"),
}
"""Code before the first solution, which is right, and what it must print: that it got nowhere."""
