"""`holdfast` as a process of its own: started on a free port, asked over HTTP, stopped or killed."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from support.polling import wait_until
from support.servers import die_with_parent, end_group, free_port

_HOST = "127.0.0.1"
_ENTRY = "from holdfast.app.cli import main; main()"
_STOP_WITHIN_S = 20.0
LIMITS_TIMES = "100000"


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without any setting of the product, and with `extra`.

    Tests and benchmarks do all from one address; limits that are so many times as high are met by none of them.
    A process may keep the bytecode it compiled, else each of the many that follow would compile the product anew.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**own, "PYTHONUNBUFFERED": "1", "HOLDFAST_LIMITS_TIMES": LIMITS_TIMES, **(extra or {})}


def run_holdfast(
    *arguments: str, env: Mapping[str, str] | None = None, within_s: float = 120.0, cwd: Path | None = None
) -> subprocess.CompletedProcess:
    """Run a command of the product to its end, and return its exit code, `stdout` and `stderr`."""
    return subprocess.run(
        [sys.executable, "-c", _ENTRY, *arguments],
        env=clean_environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within_s,
        cwd=cwd or tempfile.gettempdir(),  # no .env file is found by accident
        check=False,
    )


class HoldfastServer:
    """A server under test: `with HoldfastServer("--database", url) as server: ... server.base_url`."""

    def __init__(self, *arguments: str, command: str = "serve", env: Mapping[str, str] | None = None) -> None:
        self._arguments = [command, *arguments]
        self._env = dict(env or {})
        self._process: subprocess.Popen | None = None
        self._folder = tempfile.TemporaryDirectory(prefix=f"holdfast-serve-{os.getpid()}-", ignore_cleanup_errors=True)
        self.port = free_port()

    @property
    def base_url(self) -> str:
        """Where the server answers."""
        return f"http://{_HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the server's first process, which leads its process group."""
        assert self._process
        return self._process.pid

    def start(self, within_s: float = 60.0) -> Self:
        """Start the server, on the same port as before if it was killed, and wait until `/readyz` says yes.

        Raises:
            AssertionError: It did not become ready; the text is what it printed.
        """
        command = [sys.executable, "-c", _ENTRY, *self._arguments, "--host", _HOST, "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=clean_environment(self._env),
                cwd=self._folder.name,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call, no lock is taken
            )
        wait_until(lambda: self._process.poll() is not None or self.ready(), within_s)
        if not self.ready():
            self.kill()
            raise AssertionError(f"holdfast did not become ready:\n{self.output()}")
        return self

    def ready(self) -> bool:
        """Ask `/readyz` once."""
        connection = http.client.HTTPConnection(_HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> int:
        """Ask the server to stop, as an operator would, and return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the server and its workers with SIGKILL."""
        self._end(signal.SIGKILL)

    def output(self) -> str:
        """Return everything the server has printed, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def __enter__(self) -> Self:
        try:
            return self.start()
        except AssertionError:
            self._folder.cleanup()
            raise

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()
        self._folder.cleanup()

    @property
    def _log(self) -> Path:
        return Path(self._folder.name) / "output"

    def _end(self, how: int) -> int:
        assert self._process
        end_group(self._process, how, _STOP_WITHIN_S)
        code = self._process.returncode
        self._process = None
        return code
