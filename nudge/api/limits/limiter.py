"""The limiter of an app: token buckets of keys, addresses and devices, without a round trip."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import structlog
from prometheus_client import Counter

from nudge.clock import monotonic
from nudge.domain.journal.caller import Caller
from nudge.errors import TooManyRequestsError
from nudge.limits.bucket_table import BucketTable
from nudge.limits.client_address import AddressRules, ClientAddress
from nudge.settings.rate import Rate
from nudge.settings.settings import Settings

log = structlog.get_logger()

Kind = Literal["decisions", "events"]
Environ = Mapping[str, Any]
"""The variables of a request, as WSGI gives them."""
PAGE: Final = frozenset({"decide"})
"""Scopes of a key that sits in pages, where anybody can read it."""
GATEWAY: Final = 10.0
"""How many times as many claims count from an address that stands for many people."""
IPV4: Final = 4
"""Bytes of an address."""
TOLD_EVERY: Final = 60.0
"""Seconds between two lines in the log about refusals."""
UNTRUSTED: Final = (
    "a forwarding header came from a peer that is not in limits.trusted_proxies, and was ignored"
)
WRONG: Final = {
    "address": "too many calls at once from this address",
    "key": "too many calls at once with this key",
}


@dataclass(frozen=True)
class KindLimits:
    """The limits of one kind of calls with page keys.

    Attributes:
        kind: of what is counted.
        key: of unknown ones with one key.
        address: of unknown ones from one address with one key.
        gateway: the same, from an address that stands for many people.
        device: of one known device.
    """

    kind: Kind
    key: Rate
    address: Rate
    gateway: Rate
    device: Rate

    @cached_property
    def name(self) -> bytes:
        """The kind as part of a bucket's key."""
        return b"." + self.kind.encode() + b"."


class Limiter:
    """The limiter of an app; safe to share between threads.

    Args:
        settings: of the installation.
        table: of buckets, shared by the processes of this machine.
        refused: counter of what was refused, by `by` and `kind`.
        clock: seconds; never jumps, and is one for all processes of this machine.

    Attributes:
        counts_calls: calls with the keys of servers are limited.
    """

    def __init__(
        self,
        settings: Settings,
        table: BucketTable,
        refused: Counter,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._table = table
        self._refused = refused
        self._clock = clock
        self._rules = AddressRules(settings.limits_trusted_proxies, settings.limits_gateways)
        self._server = settings.limits_server
        self.counts_calls = not self._server.is_off
        self._failures = settings.limits_failures
        self._claims = settings.learning_page_claims
        self._told_at = -math.inf
        self._limits = {one.kind: one for one in _kind_limits(settings)}

    def knows(self, kind: Kind, device: bytes) -> bool:
        """Take one unit of a known device's own bucket; False where that is empty."""
        rate = self._limits[kind].device
        return not self._table.take(b"d" + device + kind.encode(), rate, 1, self._clock())

    def admit(
        self, kind: Kind, caller: Caller, environ: Environ, units: int, *, devices: int = 0
    ) -> None:
        """Take units of the key's and of the address's buckets, or of neither.

        Args:
            kind: of what is counted.
            caller: whose key it is.
            environ: of the request, tells the address.
            units: unknown visitors, or events of nobody known.
            devices: known devices above their own limit, beside these.

        Raises:
            TooManyRequestsError: they do not fit.
        """
        limits, client = self._limits[kind], self._client(environ)
        own = limits.gateway if client.is_gateway else limits.address
        name, all_units = limits.name + caller.key_id.encode(), units + devices
        bids = ((b"a" + client.unit + name, own, all_units), (b"k" + name, limits.key, all_units))
        address, key = self._table.take_all(bids, self._clock())
        if address or key:
            by = "address" if address else "key"
            if devices:
                self._refused.labels("device", kind).inc(devices)
            raise self._refusal(by, kind, max(address, key), units, environ)

    def count_call(self, caller: Caller) -> None:
        """Count a call with a key that is not for pages.

        Raises:
            TooManyRequestsError: the key calls too often.
        """
        if caller.scopes == PAGE:
            return
        name = b"s" + caller.key_id.encode()
        if wait := self._table.take(name, self._server, 1, self._clock()):
            raise self._refusal("key", "calls", wait, 1)

    def count_failure(self, environ: Environ) -> None:
        """Count a call whose key is missing, unknown or revoked.

        A right key is never refused for wrong ones beside it: a gateway is one address for many.

        Raises:
            TooManyRequestsError: too many such calls came from this address.
        """
        name = b"f" + self._client(environ).unit
        if wait := self._table.take(name, self._failures, 1, self._clock()):
            raise self._refusal("address", "unauthenticated", wait, 1, environ)

    def counts_claim(self, environ: Environ) -> bool:
        """Take one rewarding event of a page from its block of addresses; False where none is left.

        Who has one address has its neighbours.
        """
        client, rate = self._client(environ), self._claims
        if client.is_gateway and not rate.is_off:
            rate = Rate(rate.per_second * GATEWAY, rate.burst * GATEWAY)
        return not self._table.take(b"c" + _block(client.unit), rate, 1, self._clock())

    def _client(self, environ: Environ) -> ClientAddress:
        peer = environ.get("REMOTE_ADDR", "")
        # The usual page has neither header: a look costs less than a call.
        if "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ:
            told, other = environ.get("HTTP_X_FORWARDED_FOR"), environ.get("HTTP_FORWARDED")
            return self._rules.find(peer, told, other)
        return self._rules.find(peer, None, None)

    def _refusal(
        self, by: str, kind: str, wait: float, units: int, environ: Environ | None = None
    ) -> TooManyRequestsError:
        self._refused.labels(by, kind).inc(units)
        now = self._clock()
        if now - self._told_at >= TOLD_EVERY:
            self._told_at = now
            hint = UNTRUSTED if environ is not None and self._ignores_header(environ) else ""
            log.warning("limits_refuse", by=by, kind=kind, units=units, hint=hint)
        seconds = max(1, math.ceil(wait))
        return TooManyRequestsError(f"{WRONG[by]}; wait {seconds} s and repeat", seconds)

    def _ignores_header(self, environ: Environ) -> bool:
        """Return True where a header tells another address that nobody trusted vouches for."""
        peer = environ.get("REMOTE_ADDR", "")
        told = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"} & environ.keys()
        return bool(told) and self._client(environ) == self._rules.find(peer, None, None)


def _block(unit: bytes) -> bytes:
    """Return the block of an address: /24 of IPv4, /48 of IPv6."""
    return unit[:3] if len(unit) == IPV4 else unit[:6]


def _kind_limits(settings: Settings) -> tuple[KindLimits, KindLimits]:
    decisions = KindLimits(
        "decisions",
        settings.limits_key,
        settings.limits_address,
        settings.limits_gateway,
        settings.limits_device,
    )
    events = KindLimits(
        "events",
        settings.limits_key_events,
        settings.limits_address_events,
        settings.limits_gateway_events,
        settings.limits_device_events,
    )
    return decisions, events
