"""The trace of a visit: as much of it as is needed to count arrivals and successes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgpack

from bandits.units import DAY
from nudge.domain.alarms.drawn_shares import Draw, read_draw
from nudge.domain.alarms.minute_counts import SUCCEEDED, delay_field, field_of, value_text
from nudge.domain.alarms.watch_plan import CHANNEL, WatchPlan
from nudge.domain.journal.records import Decision

KEEP: Final = float(DAY)
"""Seconds after its last change in which a trace is kept: what a page was shown in the morning
sticks, and says in the evening still where its visitor is."""
VERSION: Final = 1
_SMS_CHANNEL: Final = "sms"

Count = Callable[[str], object]
"""Is told each field that rises by one."""


class Arrival(NamedTuple):
    """An arrival whose success is waited for.

    Attributes:
        minute: in which it was counted.
        leaf: under which it was counted.
    """

    minute: int
    leaf: str


class VisitTrace(NamedTuple):
    """The trace of a subject's latest visit.

    Attributes:
        changed: seconds of the last change.
        acted: seconds of the visitor's last act; 0 before the first.
        attributes: of the latest decision: channel, and those that are declared.
        method: of payment, the last that was chosen.
        seen: bits of events by stage, as far as stages were begun.
        waiting: stage -> arrival.
        paid: whether a server reported a payment in the visit.
        failed: minute of the last failed payment that was counted, and its method.
        drawn: slot -> latest draw, until it is shown.
    """

    changed: float = 0.0
    acted: float = 0.0
    attributes: Mapping[str, str] = {}
    method: str = ""
    seen: Mapping[str, int] = {}
    waiting: Mapping[str, Arrival] = {}
    paid: bool = False
    failed: tuple[int, str] = (0, "")
    drawn: Mapping[str, Draw] = {}


NEW: Final = VisitTrace()


def recall_trace(trace: VisitTrace, watermark: float) -> VisitTrace:
    """Return a trace as it is remembered at a moment: a new one where it is too long ago."""
    return trace if watermark - trace.changed <= KEEP else NEW


def decided(trace: VisitTrace, decision: Decision, at: float, plan: WatchPlan) -> VisitTrace:
    """Return the trace with the attributes of a decision; SMS are no part of a visit."""
    if decision.channel == _SMS_CHANNEL:
        return trace
    known = decision.context
    attributes = {
        name: value_text(known[key])
        for name, key in plan.dimensions.items()
        if known.get(key) is not None
    }
    attributes[CHANNEL] = decision.channel
    return trace._replace(changed=max(trace.changed, at), attributes=attributes)


def count_success(name: str, arrival: Arrival, minute: int, count: Count) -> None:
    """Count a success of an arrival, and its delay."""
    count(field_of(arrival.leaf, SUCCEEDED))
    count(delay_field(name, minute - arrival.minute))


def encode_trace(trace: VisitTrace) -> bytes:
    """Encode a trace as MessagePack."""
    packed: bytes = msgpack.packb((VERSION, *trace))
    return packed


def decode_trace(blob: bytes | None) -> VisitTrace:
    """Decode a trace; a new one where there is none, or one that cannot be read.

    One visitor's bytes must not stop the partition.
    """
    if blob is None:
        return NEW
    try:
        version, *fields = msgpack.unpackb(blob)
        trace = VisitTrace(*fields)
    except (ValueError, TypeError, msgpack.UnpackException):
        return NEW
    if version != VERSION:
        return NEW
    waiting = {name: Arrival(*one) for name, one in trace.waiting.items()}
    minute, method = trace.failed
    drawn = {slot: read_draw(*one) for slot, one in trace.drawn.items()}
    return trace._replace(waiting=waiting, failed=(minute, method), drawn=drawn)
