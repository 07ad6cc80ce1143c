"""Rows of a file of visitors to plan, and of the file that comes out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from nudge.domain.basics.local_time import find_zone
from nudge.domain.contact.pressure_rules import MAX_TAG
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.people.loading import CONSENT, ID, MSISDN
from nudge.domain.slots.slot import Scalar
from nudge.domain.timing.plan_columns import CONTENT, PURPOSE
from nudge.domain.timing.plan_request import ZONE, PlanAnswer, PlanRequest, format_send_time
from nudge.domain.values.cells import parse_cell
from nudge.domain.values.number_words import mask_table
from nudge.domain.values.plain_text import trim
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.values.words import parse_word

INVALID: Final = "invalid"
"""Reason of a row that could not be read."""
LATER: Final = "later"
"""Reason of a row that is not in the pilot: it is planned when the file is planned as a whole."""
PROBLEM: Final = "#problem"
"""In place of its columns, what is wrong with a row that the reader could not take."""
NO_ZONE: Final = "is not a time zone; name one such as Asia/Shanghai"
_OTHERS: Final = frozenset({ID, MSISDN, ZONE, PURPOSE, CONTENT})
COLUMNS: Final = (
    "visitor_id",
    "send_at",
    "window",
    "decision_id",
    "propensity",
    "reason",
    "link_token",
    "sticky",
    "sent",
    "blocked",
    "decisions",
    "displaces",
    "content",
    "message",
    "line",
    "repeat_of",
)
"""Columns of the file that comes out. `blocked`, `decisions`, `displaces` are JSON; `line` is the
place of the row in the file that goes in, `repeat_of` that of the visitor's first row."""


@dataclass(frozen=True)
class PlanTerms:
    """The terms of a whole file: what a row does not say itself.

    Attributes:
        rules: for values from outside.
        purpose: used where the row has none.
        slots: other slots that are decided.
        content: tag of what the SMS says, where the row has none.
    """

    rules: InputRules
    purpose: str
    slots: tuple[str, ...] = ()
    content: str = ""

    def read_each(self, rows: Sequence[Mapping[str, object]]) -> list[PlanRequest | str]:
        """Return the question of each row, or the error in it; it repeats nothing of the row.

        Args:
            rows: column -> value; text where the file is CSV. What has no meaning of its own is
                context.
        """
        columns = next((row for row in rows if PROBLEM not in row), {})
        # Looked at once for all rows: a file may have millions.
        context = [x for x in columns if x not in _OTHERS and not x.startswith(CONSENT)]
        return [str(row[PROBLEM]) if PROBLEM in row else self._read(row, context) for row in rows]

    def _read(self, row: Mapping[str, object], columns: Sequence[str]) -> PlanRequest | str:
        name = ID
        try:
            written = row.get(ID)
            visitor_id = self.rules.visitor_id("" if written is None else written)
            name = PURPOSE
            own = row.get(PURPOSE)
            purpose = self.rules.purposes.parse(own) if _is_there(own) else self.purpose
            name = ZONE
            zone = _zone_of(row.get(ZONE))
            name = CONTENT
            told = row.get(CONTENT)
            content = parse_word(told, MAX_TAG) if _is_there(told) else self.content
            context: dict[str, Scalar] = {}
            for name in columns:
                found = parse_cell(row[name])
                if found is not None:
                    context[name] = found
        except ValueRefusedError as error:
            return f"{name}: {error}"
        tag = mask_table({CONTENT: content})
        content = str(tag.table[CONTENT]) if tag else content
        request = PlanRequest(visitor_id, self.slots, context, purpose, zone=zone, content=content)
        request = request._replace(masked=tag.numbers) if tag else request
        if masked := mask_table(context):
            words, count = masked
            return request._replace(context=words, masked=request.masked + count)
        return request


def _is_there(value: object) -> bool:
    return bool(trim(value)) if isinstance(value, str) else value is not None


def _zone_of(value: object) -> str | None:
    if not _is_there(value):
        return None
    zone = trim(value) if isinstance(value, str) else ""
    if find_zone(zone) is None:
        raise ValueRefusedError(NO_ZONE)
    return zone


Row = tuple[object, ...]
"""A value for each of `COLUMNS`."""


def refusal_row(visitor_id: object, place: str, line: int, message: str) -> Row:
    """Return the row that comes out for one that could not be read.

    `place` is what the number counts: `line` or `row`.
    """
    named = visitor_id if isinstance(visitor_id, str) else ""
    nothing = (None,) * (len(COLUMNS) - 5)
    told = f"{place} {line}: {message}"
    return (named, *nothing[:4], INVALID, *nothing[4:], told, line, None)


def later_row(wish: PlanRequest, line: int, repeat_of: int | None) -> Row:
    """Return the row of a visitor who is not in the pilot."""
    nothing = PlanAnswer(wish.visitor_id, None, "", None, None, None, None, LATER, {})
    return row_of(nothing, line, repeat_of)


def row_of(timing: PlanAnswer, line: int, repeat_of: int | None) -> Row:
    """Return the row of an answer: text and numbers."""
    decisions = {name: asdict(given) for name, given in timing.decisions.items()}
    return (
        timing.visitor_id,
        format_send_time(timing),
        timing.window,
        timing.decision_id,
        timing.propensity,
        timing.reason,
        timing.link_token,
        timing.sticky,
        timing.sent,
        _json(timing.blocked),
        _json(decisions),
        _json(timing.displaces),
        timing.content or None,
        None,
        line,
        repeat_of,
    )


def _json(value: object) -> str | None:
    return orjson.dumps(value).decode() if value else None
