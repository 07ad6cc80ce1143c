"""Addresses of clients: only trusted proxies are believed, and garbage leads nowhere."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import settings as examples_of
from hypothesis import strategies as st

from nudge.limits.client_address import AddressRules

PROXIES = ("10.0.0.0/8", "fd00::/8", "unix")
RULES = AddressRules(PROXIES, ["203.0.113.0/24"])


def unit(text: str) -> bytes:
    return ip_address(text).packed[:8]


@pytest.mark.parametrize(
    ("peer", "x_forwarded_for", "forwarded", "expected"),
    [
        ("198.51.100.7", None, None, "198.51.100.7"),
        ("198.51.100.7", "192.0.2.1", "for=192.0.2.2", "198.51.100.7"),
        ("10.0.0.1", "192.0.2.1", None, "192.0.2.1"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.1", None, "192.0.2.1"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.1, 10.3.2.1", None, "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1:4711", None, "192.0.2.1"),
        ("10.0.0.1", "[2001:db8:1:2::9]:80", None, "2001:db8:1:2::"),
        ("10.0.0.1", "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::"),
        ("::ffff:10.0.0.1", "::ffff:192.0.2.1", None, "192.0.2.1"),
        ("fd00::1", None, 'for="[2001:db8:1:2::9]:80";proto=http', "2001:db8:1:2::"),
        ("10.0.0.1", None, "for=6.6.6.6, proto=https;For=192.0.2.1;by=_x", "192.0.2.1"),
        ("10.0.0.1", None, "for=_hidden", "10.0.0.1"),
        ("10.0.0.1", "unknown", None, "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1, garbage", None, "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1, <x>, 10.9.9.9", None, "10.9.9.9"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", None, "10.1.1.1"),
        ("10.0.0.1", "192.0.2.1, ", None, "10.0.0.1"),
        ("10.0.0.1", "", "for=192.0.2.1", "10.0.0.1"),
        ("", "192.0.2.1", None, "192.0.2.1"),
    ],
)
def test_s06_an_address_comes_from_trusted_proxies_only(
    peer: str, x_forwarded_for: str | None, forwarded: str | None, expected: str
) -> None:
    """The rightmost address that is no trusted proxy counts; behind garbage nothing is believed."""
    assert RULES.find(peer, x_forwarded_for, forwarded).unit == unit(expected)


def test_s06_a_unix_socket_is_a_proxy_only_if_it_is_listed() -> None:
    """Peers without an address share one unit, unless `unix` is trusted."""
    assert AddressRules().find("", "192.0.2.1", None).unit == b""
    assert RULES.find("", None, None).unit == b""


def test_s06_gateways_are_known_by_the_address_of_the_client() -> None:
    """A gateway is known behind a proxy too; a header does not make one."""
    assert RULES.find("10.0.0.1", "203.0.113.9", None).is_gateway
    assert not RULES.find("192.0.2.1", "203.0.113.9", None).is_gateway


@examples_of(max_examples=50)
@given(st.text(max_size=60), st.none() | st.text(max_size=60), st.none() | st.text(max_size=60))
def test_s06_no_header_moves_a_peer_that_is_not_trusted(
    peer: str, x_forwarded_for: str | None, forwarded: str | None
) -> None:
    """Whatever the headers hold, nothing fails, and an untrusted peer keeps its address."""
    RULES.find(peer, x_forwarded_for, forwarded)
    assert RULES.find("198.51.100.7", x_forwarded_for, forwarded).unit == unit("198.51.100.7")
    own = RULES.find("10.0.0.1", f"{x_forwarded_for}, 192.0.2.1", forwarded)
    assert own.unit == unit("192.0.2.1")
