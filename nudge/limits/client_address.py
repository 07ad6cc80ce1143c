"""Addresses of clients: the peer's, or what proxies that the operator trusts say of it.

An address is a person's data. It is held in memory while a call is answered, and reaches the
table of buckets as a keyed hash only: no record, log or file has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

from nudge.settings.schema import UNIX

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PREFIX: Final = 64
"""Bits of an IPv6 address that are one subscriber's; the others are free to choose (RFC 6177)."""
REMEMBERED: Final = 4096
"""Addresses whose reading is kept in memory."""
_PORT: Final = re.compile(r"(?:\[(?P<six>[^]]*)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?", re.ASCII)
_FOR: Final = re.compile(r'(?:^|;)\s*for\s*=\s*"?(?P<node>[^";]*)"?\s*(?:;|$)', re.IGNORECASE)


class ClientAddress(NamedTuple):
    """The address from which a client calls, as far as it is limited.

    Attributes:
        unit: what counts as one address: four bytes of IPv4, the first eight of IPv6, empty for a
            unix socket.
        is_gateway: many people share it.
    """

    unit: bytes
    is_gateway: bool


class AddressRules:
    """The operator's rules of addresses: whom to believe, and who stands for many.

    Args:
        trusted_proxies: networks whose word about addresses counts, and `unix`.
        gateways: networks of which each address stands for many people.
    """

    def __init__(self, trusted_proxies: Sequence[str] = (), gateways: Sequence[str] = ()) -> None:
        self._trusts_unix = UNIX in trusted_proxies
        self._trusted = [parse_network(one) for one in trusted_proxies if one != UNIX]
        self._gateways = [parse_network(one) for one in gateways]
        self.find = lru_cache(REMEMBERED)(self._find)

    def _find(self, peer: str, x_forwarded_for: str | None, forwarded: str | None) -> ClientAddress:
        """Find the client's address.

        Args:
            peer: address of who is connected; anything else for a unix socket.
            x_forwarded_for: the header of this name; where it is missing, `forwarded` counts.
            forwarded: the header `Forwarded` (RFC 7239).
        """
        here = parse_address(peer)
        if self._trusts(here):
            here = self._told(here, _hops(x_forwarded_for, forwarded))
        if here is None:
            return ClientAddress(b"", is_gateway=False)
        unit = here.packed if isinstance(here, IPv4Address) else here.packed[: PREFIX // 8]
        return ClientAddress(unit, any(here in one for one in self._gateways))

    def _told(self, peer: Address | None, hops: Iterator[str]) -> Address | None:
        """Return the nearest address that is no proxy; behind garbage nothing is believed."""
        last = peer
        for hop in hops:
            found = parse_address(_without_port(hop))
            if found is None:
                return last
            last = found
            if not self._trusts(found):
                return last
        return last

    def _trusts(self, address: Address | None) -> bool:
        if address is None:
            return self._trusts_unix
        return any(address in one for one in self._trusted)


def parse_address(text: str) -> Address | None:
    """Parse an address; IPv4 inside IPv6 is IPv4. None where it is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped or found
    return found


def parse_network(text: str) -> Network:
    """Parse a network, such as `10.0.0.0/8`, or one address.

    Raises:
        ValueError: it is none.
    """
    return ip_network(text, strict=False)


def _hops(x_forwarded_for: str | None, forwarded: str | None) -> Iterator[str]:
    """Yield what each hop says of the one before, the nearest first."""
    if x_forwarded_for is not None:
        return (one.strip() for one in reversed(x_forwarded_for.split(",")))
    told = (_FOR.search(one) for one in reversed((forwarded or "").split(","))) if forwarded else ()
    return (found["node"].strip() if found else "" for found in told)


def _without_port(text: str) -> str:
    found = _PORT.fullmatch(text)
    return (found["six"] or found["four"] or "") if found else text
