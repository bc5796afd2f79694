"""Whose address a request comes from, behind proxies that are trusted and no others.

`X-Forwarded-For` and `Forwarded` are texts that anybody may send. They are read only when the connection comes from a
trusted proxy, from the right: each proxy appends whom it saw, so the rightmost address that is not a trusted proxy is
the last one that somebody trusted vouches for. What stands further left is hearsay.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

UNKNOWN: Final = "unknown"
"""What stands for an address that is not known: a connection over a Unix socket, or a proxy that hides it."""

_HOPS_MAX: Final = 50
_IPV6_BITS: Final = 64
"""Of an IPv6 address only the network counts: one household has 2**64 addresses in it."""
_FORWARDED_FOR: Final = re.compile(
    r'(?:^|;)\s*for\s*=\s*"?(\[[0-9a-fA-F:.]+\]|[^";,\s]+?)(?::[0-9]+)?"?\s*(?:;|$)', re.IGNORECASE
)
_CACHED: Final = 16_384


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from."""

    address: str
    """In its usual form; `unknown` where there is none."""
    place: str
    """What limits count by: the address, of IPv6 its network of 64 bits."""


class Addresses:
    """Finds the client of a request."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(ipaddress.ip_network(each) for each in trusted)
        self._client_of = lru_cache(_CACHED)(self._read_client)

    def client(self, scope: Scope) -> Client:
        """Return where a request comes from; costs a look-up where it comes straight from its client."""
        peer = scope.get("client")
        host: str = peer[0] if peer else ""
        if not self._trusted:
            return self._client_of(host)
        return self._behind_proxies(host, scope["headers"])

    def _behind_proxies(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> Client:
        address = _parsed(peer)
        # No address: a Unix socket, which only a proxy on this machine speaks to.
        if (address is None and peer) or (address is not None and not self._is_trusted(address)):
            return self._client_of(peer)
        last = peer
        for hop in reversed(_hops(headers)):
            address = _parsed(hop)
            if address is None:
                return self._client_of(last)
            last = hop
            if not self._is_trusted(address):
                break
        return self._client_of(last)

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._trusted)

    @staticmethod
    def _read_client(text: str) -> Client:
        address = _parsed(text)
        if address is None:
            return Client(UNKNOWN, UNKNOWN)
        if isinstance(address, ipaddress.IPv4Address):
            return Client(str(address), str(address))
        network = ipaddress.ip_network((address, _IPV6_BITS), strict=False)
        return Client(str(address), str(network))


def _parsed(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # an IPv4 address with a port
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> Sequence[str]:
    """Return the addresses a request passed, the nearest last; of `X-Forwarded-For` if there is one."""
    named: list[str] = []
    standard: list[str] = []
    for name, value in headers:
        if name == b"x-forwarded-for":
            named += value.decode("latin-1").split(",")
        elif name == b"forwarded":
            standard += value.decode("latin-1").split(",")
    if named:
        return named[-_HOPS_MAX:]
    found = (_FORWARDED_FOR.search(each) for each in standard[-_HOPS_MAX:])
    return [match[1] if match else "" for match in found]
