"""A member's record: facts, segments with their since, and when time changes them. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgpack

from bandits.units import DAY
from nudge.domain.care.person_facts import FACT_FIELDS, decode_facts
from nudge.domain.people.visitor import KEEP, VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.errors import CorruptRecordError

_VERSION: Final = b"\x01"
_FIELDS: Final = (*FACT_FIELDS, "channels")
_NOBODY: Final = VisitorState()


class Group(NamedTuple):
    """A visitor's membership in a segment.

    Attributes:
        kind: of the segment.
        segment: its name.
        since: seconds.
    """

    kind: str
    segment: str
    since: float


class Member(NamedTuple):
    """The record of a visitor whose segments are followed.

    Attributes:
        facts: an encoded `VisitorState`; empty for none.
        touched: seconds, the beginning of the day of UTC of the latest fact or visit.
        keep: seconds for which it outlives that day, as a state does (`VisitorState.keep`).
        groups: by kind, in the order of the configuration.
        look: seconds at which time may change the segments; None for never.
        rules: digest of the rules by which they were judged last.
        is_gone: the visitor turned out to be another one, or was forgotten.
    """

    facts: bytes = b""
    touched: float = 0.0
    keep: float = KEEP
    groups: tuple[Group, ...] = ()
    look: float | None = None
    rules: str = ""
    is_gone: bool = False

    @property
    def state(self) -> VisitorState:
        """The facts as a state of the visitor."""
        return decode_facts(self.facts)

    @property
    def forget_at(self) -> float:
        """The second at which the visitor is forgotten."""
        return self.touched + DAY + self.keep

    @property
    def due(self) -> float | None:
        """The second at which something is due; None where there is no record."""
        if self == NO_MEMBER:
            return None
        return self.forget_at if self.look is None else min(self.look, self.forget_at)


NO_MEMBER: Final = Member()


def member_facts(state: VisitorState) -> bytes:
    """Return the encoded facts that attributes are made of; empty for none."""
    kept = _NOBODY.having(**{name: state.__dict__[name] for name in _FIELDS})
    return b"" if kept == _NOBODY else encode_state(kept)


def day_before(at: float) -> float:
    """Return the beginning of the day of UTC in which a moment lies, both in seconds."""
    return at // DAY * DAY


def encode_member(member: Member) -> bytes:
    """Encode a record as bytes."""
    packed: bytes = msgpack.packb(member)
    return _VERSION + packed


def decode_member(data: bytes | None) -> Member:
    """Decode a record that `encode_member` encoded; None gives an empty one.

    Raises:
        CorruptRecordError: bytes of another version.
    """
    if data is None:
        return NO_MEMBER
    if data[:1] != _VERSION:
        cure = "run `nudge rebuild --fold segment`"
        raise CorruptRecordError(f"a member is of another version; {cure}")
    facts, touched, keep, groups, *rest = msgpack.unpackb(data[1:])
    return Member(facts, touched, keep, tuple(Group(*one) for one in groups), *rest)
