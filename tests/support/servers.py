"""Database servers for tests and benchmarks: found on the machine, run in folders of their own, stopped at exit.

Nothing here knows pytest. `shared(engine)` gives the one server of this process, started when first asked for;
`PostgreSQL()` and `MariaDB()` give a private one, for whoever wants to kill it. Both are as durable as the product
demands (fsync on, every commit flushed) and listen on the loopback only. A server that the operating system already
runs is never touched. Start servers from the main thread: they die with the thread that started them.
"""

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import ClassVar, Self

from support.polling import wait_until

ENGINES = ("sqlite", "postgresql", "mysql")
"""Engines by the name their URLs begin with; `mysql` is served by MariaDB."""

_PREFIX = "holdfast-"
_HOST = "127.0.0.1"
_START_WITHIN_S = 30.0
_STOP_WITHIN_S = 20.0
_PR_SET_PDEATHSIG = 1


class ServerMissingError(LookupError):
    """The machine has no such server; the text says how to install it."""


class ServerFailedError(RuntimeError):
    """A server or one of its tools ended with an error; the text is its output."""


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]


def required() -> frozenset[str]:
    """Return the engines that must not be skipped, from `HOLDFAST_REQUIRE` (`mariadb` is another name of `mysql`)."""
    names = (name.strip() for name in os.environ.get("HOLDFAST_REQUIRE", "").split(","))
    return frozenset("mysql" if name == "mariadb" else name for name in names if name)


def die_with_parent(death_signal: int = signal.SIGKILL) -> None:
    """Ask the kernel, where it can, to signal this process when its parent dies. Runs between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(death_signal))


def end_group(process: subprocess.Popen, how: int, within_s: float) -> None:
    """Signal the process group of a child that leads one, and kill the group if the child outlives the deadline."""
    for each in (how, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, each)
            try:
                process.wait(within_s)
            except subprocess.TimeoutExpired:
                continue
    process.wait()


def _find(program: str, *patterns: str) -> Path | None:
    """Return a program from the newest folder that matches, else from the PATH."""
    folders = sorted((folder for pattern in patterns for folder in Path("/").glob(pattern)), key=_version, reverse=True)
    found = next((folder / program for folder in folders if (folder / program).is_file()), None)
    if found is None and (on_path := shutil.which(program)):
        found = Path(on_path).resolve()
    return found


def _version(folder: Path) -> list[int]:
    return [int(digits) for part in folder.parts if (digits := "".join(filter(str.isdigit, part)))]


def _sweep() -> None:
    """Remove the folders of runs that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*-*"):
        owner = folder.name.split("-")[2]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Server(ABC):
    """One database server in a temporary folder. `start` it, take databases from it, `stop` it."""

    engine: ClassVar[str]
    install: ClassVar[str]
    """What to type to get the server."""
    account: ClassVar[str]
    """The system user that runs the server when the tests run as root, which these servers refuse to be."""
    graceful: ClassVar[int]

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        self._programs = self.find()
        self._options = dict(options or {})
        self._process: subprocess.Popen | None = None
        self._databases = 0
        self.port = 0
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{self.engine}-{os.getpid()}-"))
        self._user = self._unprivileged()
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        atexit.register(self.stop)

    # ------------------------------------------------------------------ for tests
    def start(self) -> Self:
        """Start and wait for answers: the first time with new data on a free port, after a kill as it was before.

        Raises:
            ServerFailedError: It does not come up; the text is its log.
        """
        if not self.data.exists():
            self._run(self._initialize())
        movable = self.port == 0
        if not wait_until(lambda: self._comes_up(movable=movable), _START_WITHIN_S):
            raise ServerFailedError(self.log())
        self._prepare()
        return self

    def stop(self) -> None:
        """Stop the server and remove its folder. Stopping twice changes nothing."""
        self._end(self.graceful)
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.stop)

    def kill(self) -> None:
        """Kill the server and all its processes at once; `start` brings it back with what it had committed."""
        self._end(signal.SIGKILL)

    def create_database(self) -> str:
        """Make an empty database and return its URL."""
        self._databases += 1
        name = f"test_{os.getpid()}_{self._databases}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    @abstractmethod
    def url(self, database: str) -> str:
        """Return the URL of a database as the product takes it."""

    @abstractmethod
    def drop_database(self, url: str) -> None:
        """Drop a database, ending whoever is still connected to it."""

    @abstractmethod
    def execute(self, sql: str, database: str = "") -> str:
        """Run SQL with the server's own client as its administrator and return what it prints, tab separated."""

    def log(self) -> str:
        """Return what the server has written to its log."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self.folder / "data"

    @property
    def pid(self) -> int:
        """The process id of the server's first process."""
        assert self._process
        return self._process.pid

    # ------------------------------------------------------------------ for the two engines
    @classmethod
    @abstractmethod
    def find(cls) -> Mapping[str, Path]:
        """Return the programs needed.

        Raises:
            ServerMissingError: One of them is not on this machine.
        """

    @abstractmethod
    def _initialize(self) -> list[str]: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _prepare(self) -> None:
        """Do what the server needs once it answers; runs again after a restart."""

    @classmethod
    def _locate(cls, programs: tuple[str, ...], *patterns: str) -> dict[str, Path]:
        found = {program: _find(program, *patterns) for program in programs}
        missing = [program for program, path in found.items() if path is None]
        if missing:
            raise ServerMissingError(f"{', '.join(missing)} not found; install with: {cls.install}")
        return {program: path for program, path in found.items() if path}

    def _unprivileged(self) -> pwd.struct_passwd | None:
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return pwd.getpwnam(self.account if self.account in names else "nobody")

    def _identity(self) -> dict[str, object]:
        if not self._user:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _spawn(self) -> subprocess.Popen:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the tests, they stop the server in order
                preexec_fn=partial(die_with_parent, self.graceful),  # noqa: PLW1509 - one prctl call, no lock is taken
                **self._identity(),
            )

    def _run(self, command: list[str], text: str | None = None, *, as_account: bool = True) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            input=text,
            capture_output=True,
            text=True,
            timeout=_START_WITHIN_S,
            check=False,
            **(self._identity() if as_account else {}),
        )
        if done.returncode != 0:
            raise ServerFailedError(
                f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}\n{self.log()}"
            )
        return done.stdout

    def _comes_up(self, *, movable: bool) -> bool:
        self.kill()  # what an earlier try left behind
        if movable:
            self.port = free_port()  # somebody may have taken the last one between looking and starting
        self._process = self._spawn()
        wait_until(lambda: self._exited() or self._answers(), _START_WITHIN_S)
        return not self._exited()

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except ServerFailedError:
            return False
        return True

    def _exited(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _end(self, how: int) -> None:
        if self._process is not None:
            end_group(self._process, how, _STOP_WITHIN_S)
            self._process = None


class PostgreSQL(Server):
    """PostgreSQL with its defaults, so fsync, full_page_writes and synchronous_commit are on."""

    engine = "postgresql"
    install = "apt-get install postgresql"
    account = "postgres"
    graceful = signal.SIGINT  # end the sessions, write a checkpoint, stop

    @classmethod
    def find(cls) -> Mapping[str, Path]:
        return cls._locate(
            ("initdb", "postgres", "psql"),
            "usr/lib/postgresql/*/bin",
            "usr/pgsql-*/bin",
            "opt/homebrew/opt/postgresql@*/bin",
        )

    def url(self, database: str) -> str:
        return f"postgresql://holdfast:holdfast@{_HOST}:{self.port}/{database}"

    def drop_database(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, sql: str, database: str = "") -> str:
        command = [str(self._programs["psql"]), "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", _HOST]
        command += ["-p", str(self.port), "-U", "holdfast", "-d", database or "postgres"]
        return self._run(command, sql, as_account=False)

    def _initialize(self) -> list[str]:
        # Only the initial files skip the sync: they are made anew if the machine stops now.
        options = ["--username=holdfast", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        return [str(self._programs["initdb"]), "-D", str(self.data), *options]

    def _command(self) -> list[str]:
        options = {
            "listen_addresses": _HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
            **self._options,
        }
        command = [str(self._programs["postgres"]), "-D", str(self.data)]
        return command + [part for name, value in options.items() for part in ("-c", f"{name}={value}")]

    def _prepare(self) -> None:
        """Need nothing: the administrator made by initdb is the user of the tests."""


class MariaDB(Server):
    """MariaDB with a flush at every commit; it stands for the `mysql` engine."""

    engine = "mysql"
    install = "apt-get install mariadb-server"
    account = "mysql"
    graceful = signal.SIGTERM

    @classmethod
    def find(cls) -> Mapping[str, Path]:
        return cls._locate(
            ("mariadb-install-db", "mariadbd", "mariadb"),
            "usr/sbin",
            "usr/bin",
            "opt/homebrew/opt/mariadb*/bin",
        )

    def url(self, database: str) -> str:
        return f"mysql://holdfast:holdfast@{_HOST}:{self.port}/{database}"

    def drop_database(self, url: str) -> None:
        name = url.rpartition("/")[2]
        guests = self.execute(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'").split()  # noqa: S608 - a name made here
        for guest in guests:
            with suppress(ServerFailedError):  # it may have left by itself meanwhile
                self.execute(f"KILL {guest}")
        self.execute(f"DROP DATABASE IF EXISTS {name}")

    def execute(self, sql: str, database: str = "") -> str:
        command = [str(self._programs["mariadb"]), "--no-defaults", f"--socket={self._socket}", "--user=root"]
        return self._run([*command, "--batch", "--skip-column-names", *([database] if database else [])], sql)

    def _initialize(self) -> list[str]:
        self._temporary.mkdir(exist_ok=True)
        if self._user:
            os.chown(self._temporary, self._user.pw_uid, self._user.pw_gid)
        options = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        options.append(f"--tmpdir={self._temporary}")
        return [str(self._programs["mariadb-install-db"]), "--no-defaults", f"--datadir={self.data}", *options]

    def _command(self) -> list[str]:
        options = {
            "datadir": str(self.data),
            "tmpdir": str(self._temporary),
            "socket": str(self._socket),
            "pid-file": str(self.folder / "pid"),
            "bind-address": _HOST,
            "port": str(self.port),
            "max-connections": "200",
            "innodb-buffer-pool-size": "64M",
            "innodb-flush-log-at-trx-commit": "1",
            "skip-name-resolve": "1",
            **self._options,
        }
        return [
            str(self._programs["mariadbd"]),
            "--no-defaults",
            *(f"--{name}={value}" for name, value in options.items()),
        ]

    def _prepare(self) -> None:
        self.execute(
            "CREATE USER IF NOT EXISTS holdfast@'127.0.0.1' IDENTIFIED BY 'holdfast';"
            "GRANT ALL PRIVILEGES ON *.* TO holdfast@'127.0.0.1'"
        )

    @property
    def _temporary(self) -> Path:
        """Where the server keeps its temporary files: in one folder for all, two servers can take each other's."""
        return self.folder / "tmp"

    @property
    def _socket(self) -> Path:
        return self.folder / "s"


_SERVERS: Mapping[str, Callable[[], Server]] = {"postgresql": PostgreSQL, "mysql": MariaDB}


def missing(engine: str) -> str | None:
    """Return why tests on an engine cannot run on this machine and what to install, or None if they can."""
    try:
        if engine in _SERVERS:
            _SERVERS[engine].find()
    except ServerMissingError as problem:
        return str(problem)
    return None


@cache
def shared(engine: str) -> Server:
    """Return this process's server of an engine (`postgresql`, `mysql`), started when first asked for.

    Raises:
        ServerMissingError: The machine has no such server.
        ServerFailedError: It does not start.
    """
    return _SERVERS[engine]().start()


@contextmanager
def fresh_database(engine: str) -> Iterator[str]:
    """Lend the URL of an empty database of the shared server (or of a new SQLite file) and drop it afterwards."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(
            prefix=f"{_PREFIX}sqlite-{os.getpid()}-", ignore_cleanup_errors=True
        ) as folder:
            yield f"sqlite:///{folder}/test.db"
        return
    server = shared(engine)
    url = server.create_database()
    try:
        yield url
    finally:
        server.drop_database(url)
