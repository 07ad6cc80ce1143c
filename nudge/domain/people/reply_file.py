"""Files of replies to SMS, as gateways hand them out: columns and rows. Pure.

A row without somebody to whom it belongs, or without text, is refused; so is one whose time does
not fit: of a refusal the time decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nudge.domain.identity.input_rules import InputRules
from nudge.domain.identity.number import Number
from nudge.domain.people.loading import ID, MSISDN
from nudge.domain.values.ids import MAX_EVENT_ID, parse_id
from nudge.domain.values.instants import parse_past
from nudge.domain.values.plain_text import trim
from nudge.domain.values.refusal import ValueRefusedError

TEXT: Final = "text"
AT: Final = "at"
EVENT_ID: Final = "event_id"
COLUMNS: Final = (ID, MSISDN, TEXT, AT, EVENT_ID)
MAX_REPLY: Final = 1000


class ReplyRow(NamedTuple):
    """A row of a file of replies.

    Attributes:
        visitor_id: external id; empty where the number says who it is.
        msisdn: from which the reply came; None where the id says who it is.
        text: of the reply.
        at: seconds; None for the time of loading.
        event_id: the gateway's; empty for one made of the content.
    """

    visitor_id: str
    msisdn: Number | None
    text: str
    at: float | None
    event_id: str

    def digest(self, key: bytes) -> str:
        """Return a keyed hash of the content: equal rows have equal ones."""
        number = self.msisdn.e164 if self.msisdn else ""
        parts = (self.visitor_id, number, self.text, self.at)
        return hashlib.blake2b(repr(parts).encode(), digest_size=12, key=key).hexdigest()


@dataclass(frozen=True)
class ReplyColumns:
    """The columns of a file of replies.

    Attributes:
        rules: of the installation.
        problems: of the columns, each with its cure; such a file is not read.
    """

    rules: InputRules
    problems: tuple[str, ...]

    @classmethod
    def of(cls, columns: Sequence[str], rules: InputRules) -> ReplyColumns:
        """Check the names of a file's columns."""
        problems = [
            f"column {name!r} is none of {', '.join(COLUMNS)}; leave it out"
            for name in columns
            if name not in COLUMNS
        ]
        if TEXT not in columns:
            problems.append(f"column {TEXT} is missing; it holds what the reply says")
        if ID not in columns and MSISDN not in columns:
            problems.append(f"give a column {ID} or {MSISDN}: whose reply it is")
        return cls(rules, tuple(problems))

    def row(self, row: Mapping[str, object], now: float) -> ReplyRow | str:
        """Return the content of a row, or the reason why it is refused.

        Args:
            row: column -> value.
            now: seconds; a reply lies before.
        """
        cells = {name: value for name, value in row.items() if value is not None and value != ""}
        doors: dict[str, Callable[[object], object]] = {
            ID: self.rules.visitor_id,
            MSISDN: self.rules.number,
            TEXT: _text,
            AT: lambda value: parse_past(value, now),
            EVENT_ID: lambda value: parse_id(value, MAX_EVENT_ID),
        }
        read: dict[str, object] = {}
        for name, door in doors.items():
            try:
                if name in cells:
                    read[name] = door(cells[name])
            except ValueRefusedError as error:
                return f"{name} {error}"
        if TEXT not in read:
            return f"{TEXT} is empty; give what the reply says"
        if ID not in read and MSISDN not in read:
            return f"{ID} and {MSISDN} are empty; give one of them"
        return _row(read)


def _row(read: Mapping[str, object]) -> ReplyRow:
    number, at = read.get(MSISDN), read.get(AT)
    return ReplyRow(
        visitor_id=str(read.get(ID, "")),
        msisdn=number if isinstance(number, Number) else None,
        text=str(read[TEXT]),
        at=at if isinstance(at, float) else None,
        event_id=str(read.get(EVENT_ID, "")),
    )


def _text(value: object) -> str:
    text = trim(str(value))
    if not 1 <= len(text) <= MAX_REPLY:
        raise ValueRefusedError(f"is empty or too long; give 1 to {MAX_REPLY} characters")
    return text
