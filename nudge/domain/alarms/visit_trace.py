"""The trace of a visit: as much of it as is needed to count arrivals and successes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgpack

from bandits.units import DAY
from nudge.domain.alarms.drawn_shares import Draw, draw_of, encode_draw
from nudge.domain.alarms.minute_counts import SUCCEEDED, delay_field, field_of, tail_of
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.journal.records import Decision, Ref

KEEP: Final = float(DAY)
"""Seconds after its last change in which a trace is kept: what a page was shown in the morning
sticks, and says in the evening still where its visitor is."""
VERSION: Final = 2
_WITH_MAPS: Final = 1
"""The version before: attributes and draws were maps."""
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
        attributes: of the latest decision, as they stand in a leaf: channel, and those that are
            declared.
        method: of payment, the last that was chosen.
        seen: bits of events by stage, as far as stages were begun.
        waiting: stage -> arrival.
        paid: whether a server reported a payment in the visit.
        failed: minute of the last failed payment that was counted, and its method.
        drawn: slot -> latest draw, encoded, until it is shown.
    """

    changed: float = 0.0
    acted: float = 0.0
    attributes: str = ""
    method: str = ""
    seen: Mapping[str, int] = {}
    waiting: Mapping[str, Arrival] = {}
    paid: bool = False
    failed: tuple[int, str] = (0, "")
    drawn: Mapping[str, bytes] = {}


NEW: Final = VisitTrace()


def recall_trace(trace: VisitTrace, watermark: float) -> VisitTrace:
    """Return a trace as it is remembered at a moment: a new one where it is too long ago."""
    return trace if watermark - trace.changed <= KEEP else NEW


def decided(
    trace: VisitTrace, decision: Decision, ref: Ref, at: float, plan: WatchPlan
) -> VisitTrace:
    """Return the trace behind a decision: with its attributes, and its draw until it is shown.

    An SMS is no part of a visit.
    """
    draw, is_sms = draw_of(decision, ref), decision.channel == _SMS_CHANNEL
    if is_sms and draw is None:
        return trace
    attributes = trace.attributes
    if not is_sms:
        known = map(decision.context.get, plan.context_keys)
        attributes = tail_of(plan.attribute_names, *known, decision.channel)
    drawn = trace.drawn if draw is None else {**trace.drawn, decision.slot: draw}
    changed, acted, _, method, seen, waiting, paid, failed, _ = trace
    # Written out: `_replace` takes three times as long, and a page makes many decisions.
    return VisitTrace(
        max(changed, at), acted, attributes, method, seen, waiting, paid, failed, drawn
    )


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
        if version == _WITH_MAPS:
            fields = _of_maps(fields)
        elif version != VERSION:
            return NEW
        trace = VisitTrace(*fields)
        waiting = {name: Arrival(*one) for name, one in trace.waiting.items()}
        minute, method = trace.failed
    except (ValueError, TypeError, AttributeError, msgpack.UnpackException):
        return NEW
    return trace._replace(waiting=waiting, failed=(minute, method))


def _of_maps(fields: Sequence[Any]) -> list[Any]:
    """Return the fields of a trace that the version before wrote."""
    old = VisitTrace(*fields)
    known: Any = old.attributes
    drawn = {slot: encode_draw(Draw(*one)) for slot, one in old.drawn.items()}
    return [*old._replace(attributes=tail_of(tuple(known), *known.values()), drawn=drawn)]
