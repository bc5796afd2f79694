"""The socket a server listens on."""

import errno
import socket
from typing import Final

from holdfast.app.errors import CannotStart

BACKLOG: Final = 2048


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        CannotStart: The address is taken, not this machine's, or not for everybody to take.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotStart(_problem(error, host, port)) from error


def _problem(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken by another process; choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this process has; choose one above 1023 with --port"
    return f"cannot listen on {host}: {error.strerror or error}"
