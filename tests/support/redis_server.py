"""Redis for tests: the real server where it is installed, else a stand-in that knows the few commands limits use.

The stand-in speaks RESP2 on a loopback port in a thread of its own, and does what Redis documents of WATCH: EXEC writes
nothing if a watched key changed since.
"""

import contextlib
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time

from support.polling import wait_until
from support.servers import die_with_parent, end_group, free_port

REAL = shutil.which("redis-server")
_HOST = "127.0.0.1"


@contextlib.contextmanager
def redis_url():
    """The URL of an empty Redis."""
    with _real() if REAL else _stand_in() as port:
        yield f"redis://{_HOST}:{port}/0"


@contextlib.contextmanager
def _real():
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="holdfast-redis-") as folder:
        command = [REAL, "--port", str(port), "--bind", _HOST, "--save", "", "--dir", folder]
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call, no lock is taken
        )
        try:
            assert wait_until(lambda: _listens(port), within_s=10)
            yield port
        finally:
            end_group(process, 15, 10)


def _listens(port):
    with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def _stand_in():
    server = StandIn((_HOST, 0), _Connection)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class StandIn(socketserver.ThreadingTCPServer):
    """Keys, their ends, and how often each was written."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.lock = threading.RLock()
        self.values = {}
        self.ends = {}
        self.writes = {}

    def get(self, key):
        if self.ends.get(key, float("inf")) <= time.monotonic():
            self.values.pop(key, None)
        return self.values.get(key)

    def set(self, key, value, *options):
        self.values[key] = value
        self.writes[key] = self.writes.get(key, 0) + 1
        self.ends.pop(key, None)
        if options:
            assert options[0].upper() == b"PX"
            self.ends[key] = time.monotonic() + int(options[1]) / 1000
        return b"+OK"


class _Connection(socketserver.StreamRequestHandler):
    """One client."""

    def setup(self):
        super().setup()
        self.watched = {}
        self.queued = None

    def handle(self):
        with contextlib.suppress(ConnectionError, ValueError):
            while line := self.rfile.readline():
                arguments = [self._bulk() for _ in range(int(line[1:]))]
                with self.server.lock:
                    answer = self._answer(arguments)
                self.wfile.write(answer)

    def _bulk(self):
        length = int(self.rfile.readline()[1:])
        return self.rfile.read(length + 2)[:-2]

    def _answer(self, arguments):
        name, rest = arguments[0].upper(), arguments[1:]
        if self.queued is not None and name not in {b"EXEC", b"DISCARD"}:
            self.queued.append((name, rest))
            return b"+QUEUED\r\n"
        return _resp(self._run(name, rest))

    def _run(self, name, rest):
        server = self.server
        if name == b"MGET":
            return [server.get(key) for key in rest]
        if name == b"SET":
            return server.set(*rest)
        if name == b"EXEC":
            return self._exec()
        if name == b"WATCH":
            self.watched |= {key: server.writes.get(key, 0) for key in rest}
        elif name == b"UNWATCH":
            self.watched = {}
        elif name == b"MULTI":
            self.queued = []
        else:
            assert name in {b"CLIENT", b"SELECT", b"PING"}, name
        return b"+OK"

    def _exec(self):
        queued, self.queued = self.queued, None
        watched, self.watched = self.watched, {}
        if any(self.server.writes.get(key, 0) != seen for key, seen in watched.items()):
            return None
        return [self._run(name, rest) for name, rest in queued]


def _resp(value):
    if value is None:
        return b"*-1\r\n"
    if isinstance(value, list):
        return b"*%d\r\n" % len(value) + b"".join(b"$-1\r\n" if each is None else _resp(each) for each in value)
    if value.startswith(b"+"):
        return value + b"\r\n"
    return b"$%d\r\n%s\r\n" % (len(value), value)
