"""Whose address counts: what trusted proxies vouch for, and nothing that anybody can write."""

import pytest

from holdfast.kit.http.addresses import UNKNOWN, Addresses

PROXIES = ("10.0.0.0/8", "fd00::/8")


def client_of(peer, *headers, trusted=PROXIES):
    scope = {"client": (peer, 4711) if peer is not None else None, "headers": list(headers)}
    return Addresses(trusted).client(scope)


def named(*hops):
    return (b"x-forwarded-for", ", ".join(hops).encode())


class TestTheClient:
    def test_is_who_connected_where_no_proxy_is_trusted(self):
        assert client_of("198.51.100.7", named("203.0.113.9"), trusted=()).address == "198.51.100.7"

    def test_is_who_connected_if_that_is_no_proxy_of_ours(self):
        assert client_of("198.51.100.7", named("203.0.113.9")).address == "198.51.100.7"

    @pytest.mark.parametrize(
        ("hops", "address"),
        [
            (("203.0.113.9",), "203.0.113.9"),
            (("1.1.1.1", "2.2.2.2", "203.0.113.9"), "203.0.113.9"),
            (("203.0.113.9", "10.1.1.1", "10.2.2.2"), "203.0.113.9"),
            (("6.6.6.6", "203.0.113.9", "10.2.2.2"), "203.0.113.9"),
            (("10.1.1.1",), "10.1.1.1"),
            (("203.0.113.9:5555",), "203.0.113.9"),
            (("[2001:db8::1]:443",), "2001:db8::1"),
            (("2001:db8::1",), "2001:db8::1"),
            (("::ffff:203.0.113.9",), "203.0.113.9"),
            (("203.0.113.9", "nonsense", "10.1.1.1"), "10.1.1.1"),
            (("unknown",), "10.0.0.1"),
            (("",), "10.0.0.1"),
            (("203.0.113.9", ""), "10.0.0.1"),
            (("x" * 5_000,), "10.0.0.1"),
        ],
    )
    def test_is_the_last_one_that_a_proxy_of_ours_saw(self, hops, address):
        assert client_of("10.0.0.1", named(*hops)).address == address

    def test_is_read_from_all_headers_of_the_name_in_order(self):
        assert client_of("10.0.0.1", named("6.6.6.6"), named("203.0.113.9")).address == "203.0.113.9"

    @pytest.mark.parametrize(
        ("forwarded", "address"),
        [
            (b"for=203.0.113.9", "203.0.113.9"),
            (b'for=6.6.6.6, for="[2001:db8::1]:4711";proto=https', "2001:db8::1"),
            (b"proto=https;For=203.0.113.9;by=10.0.0.1", "203.0.113.9"),
            (b"for=203.0.113.9, for=10.7.7.7", "203.0.113.9"),
            (b"for=_hidden", "10.0.0.1"),
            (b"for=unknown", "10.0.0.1"),
            (b"by=203.0.113.9", "10.0.0.1"),
        ],
    )
    def test_is_read_from_the_standard_header_too(self, forwarded, address):
        assert client_of("10.0.0.1", (b"forwarded", forwarded)).address == address

    def test_behind_a_unix_socket_is_whom_the_proxy_names(self):
        assert client_of(None, named("203.0.113.9")).address == "203.0.113.9"

    @pytest.mark.parametrize("peer", [None, "", "testclient"])
    def test_without_an_address_is_unknown(self, peer):
        assert client_of(peer, trusted=()).address == UNKNOWN


class TestItsPlace:
    def test_is_its_address(self):
        assert client_of("198.51.100.7").place == "198.51.100.7"

    def test_is_the_network_of_a_household_for_ipv6(self):
        places = {client_of("fd00::1", named(f"2001:db8:1:2:{each:x}::9")).place for each in range(1, 50)}
        assert places == {"2001:db8:1:2::/64"}

    def test_is_another_in_another_network(self):
        assert client_of("2001:db8:1:3::1").place != client_of("2001:db8:1:2::1").place
