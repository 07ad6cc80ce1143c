"""The state of all monitors behind a minute, and its codec."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgpack
import numpy as np

from bandits.arrays import AnyArray
from nudge.domain.alarms.minute_counts import LONGEST_DELAY
from nudge.flows.alarms.limit_watch import LimitWatch
from nudge.flows.alarms.minute_sums import Stream
from nudge.flows.alarms.monitor_watch import MonitorWatch

VERSION: Final = 2
FORGET: Final = 0.9
"""Share of the counted delays that a day leaves."""


@dataclass(frozen=True)
class WatchState:
    """The state of all monitors.

    Attributes:
        minute: up to which everything is judged; the next one follows it.
        day: of that minute, in days since the epoch.
        watches: by name of the monitor.
        delays: stage -> (61,) successes by minutes of delay.
        laws: stage -> (K,) weights of the delay law, as they were fitted last.
        limits: by name of the monitor and stage, of monitors of plain limits.
    """

    minute: int = 0
    day: int = 0
    watches: Mapping[str, MonitorWatch] = field(default_factory=dict)
    delays: Mapping[str, AnyArray] = field(default_factory=dict)
    laws: Mapping[str, AnyArray] = field(default_factory=dict)
    limits: Mapping[str, LimitWatch] = field(default_factory=dict)


def no_delays() -> AnyArray:
    """Return counts of delays before the first success."""
    return np.zeros(LONGEST_DELAY + 1)


def encode_state(state: WatchState) -> bytes:
    """Encode a state: equal states have equal bytes."""
    watches = {
        name: ([list(s) for s in watch.streams], _packed(watch.arrays()))
        for name, watch in sorted(state.watches.items())
    }
    delays = _packed(dict(sorted(state.delays.items())))
    laws = _packed(dict(sorted(state.laws.items())))
    limits = {
        name: ([list(s) for s in watch.streams], _packed(watch.arrays()))
        for name, watch in sorted(state.limits.items())
    }
    plain = (VERSION, state.minute, state.day, watches, delays, laws, limits)
    return zlib.compress(msgpack.packb(plain), 1)


def decode_state(blob: bytes) -> WatchState | None:
    """Decode a state; None for none, and for one of another version: it is learned anew."""
    if not blob:
        return None
    version, *fields = msgpack.unpackb(zlib.decompress(blob))
    if version != VERSION:
        return None
    minute, day, watches, delays, laws, *more = fields
    try:
        read = {
            name: MonitorWatch.read(tuple(Stream(*s) for s in streams), _unpacked(arrays))
            for name, (streams, arrays) in watches.items()
        }
    except (TypeError, ValueError):
        return None
    limits = {
        name: LimitWatch.read(tuple(Stream(*s) for s in streams), _unpacked(arrays))
        for name, (streams, arrays) in (more[0] if more else {}).items()
    }
    return WatchState(minute, day, read, _unpacked(delays), _unpacked(laws), limits)


def _packed(arrays: Mapping[str, AnyArray]) -> dict[str, bytes]:
    found = {}
    for name, array in arrays.items():
        file = io.BytesIO()
        np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        found[name] = file.getvalue()
    return found


def _unpacked(arrays: Mapping[str, bytes]) -> dict[str, AnyArray]:
    return {name: np.load(io.BytesIO(blob), allow_pickle=False) for name, blob in arrays.items()}
