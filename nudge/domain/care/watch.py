"""The watch over a visitor: facts, remembered signals, delayed rules, and past warnings. Pure."""

from __future__ import annotations

from itertools import starmap
from typing import Final, NamedTuple

import msgpack

from bandits.units import DAY
from nudge.domain.care.signal import Signal
from nudge.domain.care.trail import Trail, Trails
from nudge.errors import CorruptRecordError

KEEP: Final = 400.0 * DAY
"""Seconds for which a watch outlives its visitor's last signal."""
MOST_SIGNALS: Final = 50
"""Most signals that are remembered of one visitor: the latest."""
MOST_PENDING: Final = 50
MOST_WARNED: Final = 400
"""Most warnings of one visitor: each is known until its case is forgotten, so that an erasure finds
it. More say nothing new."""
_VERSION: Final = b"\x02"
_WITHOUT_TRAILS: Final = b"\x01"
"""The version before, which knew no trails."""


class Delay(NamedTuple):
    """A rule that waits for its time.

    Attributes:
        rule: its name.
        thing: that would be warned of.
        due: seconds.
        signal: that began it; an empty type where none did.
    """

    rule: str
    thing: str
    due: float
    signal: Signal


class PastWarning(NamedTuple):
    """A warning of a visitor: its thing is not warned of again.

    Attributes:
        topic: of its rule.
        thing: that it warned of.
        case: id.
        until: seconds until which the thing is silent once the case is closed.
        is_open: the case is not closed.
        number: of its records so far.
        event: id of the event that it told last.
        came_from: subject that left for this one and brought it; empty for an own one.
        since: seconds, of win-back: a payment from then on ends the case.
    """

    topic: str
    thing: str
    case: str
    until: float
    is_open: bool = True
    number: int = 1
    event: str = ""
    came_from: str = ""
    since: float = 0.0


class Watch(NamedTuple):
    """The watch over a visitor.

    Attributes:
        facts: the person's facts, an encoded `VisitorState`; empty for none.
        touched: seconds, of the latest entry.
        signals: remembered, in the order of their arrival.
        delays: in the order in which they began.
        past: warnings so far.
        look: seconds at which attributes are looked at again, as they change with time.
        into: subject and partition of the visitor whom this one turned out to be.
        trails: of visits that wait for a payment, the earliest first.
    """

    facts: bytes = b""
    touched: float = 0.0
    signals: tuple[Signal, ...] = ()
    delays: tuple[Delay, ...] = ()
    past: tuple[PastWarning, ...] = ()
    look: float | None = None
    into: tuple[str, int] | None = None
    trails: Trails = ()

    @property
    def due(self) -> float | None:
        """The second at which something is due first; None where nothing is."""
        if not (self.delays or self.trails):
            return self.look
        first = min([*(one.due for one in self.delays), *(one.due for one in self.trails)])
        return first if self.look is None else min(first, self.look)

    def of_thing(self, topic: str, thing: str) -> PastWarning | None:
        """Return the latest warning of a thing; None for none."""
        found = (one for one in reversed(self.past) if (one.topic, one.thing) == (topic, thing))
        return next(found, None)

    def with_past(self, one: PastWarning) -> Watch:
        """Return the watch with a warning, in the place of an earlier one of the same case."""
        rest = [x for x in self.past if x.case != one.case]
        return self._replace(past=(*rest, one))


NOTHING: Final = Watch()
GONE: Final = ("", -1)
"""Of `into`: the visitor was forgotten, and nothing more is taken for the subject."""


def recall_watch(watch: Watch, mark: float) -> Watch:
    """Return a watch as it is known at a watermark: an empty one where it is forgotten."""
    waits = watch.delays or watch.trails
    return NOTHING if watch.touched + KEEP < mark and not waits else watch


def encode_watch(watch: Watch) -> bytes:
    """Encode a watch as bytes."""
    packed: bytes = msgpack.packb(watch)
    return _VERSION + packed


def decode_watch(data: bytes | None) -> Watch:
    """Decode a watch that `encode_watch` encoded, also in the version before; None: an empty one.

    Raises:
        CorruptRecordError: bytes of another version.
    """
    if data is None:
        return NOTHING
    if data[:1] not in (_VERSION, _WITHOUT_TRAILS):
        raise CorruptRecordError("a watch is of another version; run `nudge rebuild --fold care`")
    facts, touched, signals, delays, past, look, into, *rest = msgpack.unpackb(
        data[1:], use_list=False
    )
    return Watch(
        facts,
        touched,
        tuple(starmap(Signal, signals)) if signals else (),
        tuple(Delay(r, thing, due, Signal(*of)) for r, thing, due, of in delays),
        tuple(starmap(PastWarning, past)) if past else (),
        look,
        into,
        tuple(starmap(Trail, rest[0])) if rest else (),
    )
