"""Files of visitors: the meaning of each column, and the content of each row. Pure.

A cell that does not fit costs itself: it is left out, told by its column, and the rest of the row
is kept. Only a row without a usable id is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from nudge.domain.identity.input_rules import InputRules
from nudge.domain.identity.number import Number
from nudge.domain.people.loading import (
    CONSENT,
    ID,
    MSISDN,
    FileConsent,
    VisitorRow,
    column_problems,
)
from nudge.domain.slots.slot import Scalar
from nudge.domain.values.cells import parse_cell
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.instants import parse_past
from nudge.domain.values.number_words import mask_numbers, mask_table
from nudge.domain.values.plain_text import parse_text
from nudge.domain.values.refusal import ValueRefusedError

TIME: Final = "_at"
"""Suffix of the column with a consent's time: `consent_sms_at`, or `sms_at`."""
VERSION: Final = "_text_version"
"""Suffix of the column with the version of the text that was agreed to."""
SOURCE: Final = "_source"
"""Suffix of the column that says where it was said."""
LONGEST: Final = 64

T = TypeVar("T")


class ConsentColumns(NamedTuple):
    """The columns of one channel's consent.

    Attributes:
        given: name of the column that says yes or no.
        at: name of the column with its time, if there is one.
        version: name of the column with the version of the text, if there is one.
        source: name of the column that says where it was said, if there is one.
    """

    channel: str
    given: str
    at: str | None = None
    version: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class VisitorColumns:
    """The columns of a file of visitors, each with its meaning.

    Attributes:
        id: name of the column of ids.
        msisdn: name of the column of numbers, if there is one.
        consents: of each channel.
        attributes: name of the column and of the attribute.
        problems: of the columns, each with its cure; such a file is not read.
    """

    rules: InputRules
    id: str
    msisdn: str | None
    consents: tuple[ConsentColumns, ...]
    attributes: tuple[str, ...]
    problems: tuple[str, ...]

    @classmethod
    def of(cls, columns: Sequence[str], rules: InputRules) -> VisitorColumns:
        """Find out what each column means.

        Args:
            columns: names, as the file has them.
            rules: of the installation.
        """
        problems: list[str] = []
        found, times = _consents(columns, rules, problems)
        taken = {ID, MSISDN, *(one.given for one in found), *times}
        attributes = tuple(name for name in columns if name not in taken)
        problems += column_problems(columns, attributes)
        number = MSISDN if MSISDN in columns else None
        return cls(rules, ID, number, found, attributes, tuple(problems))

    def row(self, row: Mapping[str, object], now: float) -> VisitorRow | str:
        """Return the content of a row, or the reason why it is refused.

        Args:
            row: column -> value; text where the file is CSV.
            now: seconds since the epoch; a consent's time lies before.
        """
        try:
            visitor_id = self.rules.visitor_id(_given(row.get(self.id)))
        except ValueRefusedError as error:
            return f"{self.id} {error}"
        warnings: list[str] = []
        number = self._number(row, warnings)
        known: dict[str, Scalar] = {}
        for name in self.attributes:
            value = row.get(name)
            if value is not None and value != "":
                cell = _tried(name, lambda of=value: parse_cell(of), warnings)  # type: ignore[misc]
                if cell is not None:
                    known[name] = cell
        masked = mask_table(known)
        consents = {
            one.channel: said
            for one in self.consents
            if (said := _consent(one, row, now, warnings)) is not None
        }
        if masked:
            known, count = masked.table, masked.numbers
            return VisitorRow(visitor_id, number, known, consents, tuple(warnings), count)
        return VisitorRow(visitor_id, number, known, consents, tuple(warnings))

    def _number(self, row: Mapping[str, object], warnings: list[str]) -> Number | None:
        value = row.get(self.msisdn) if self.msisdn else None
        if value is None or value == "":
            return None
        return _tried(MSISDN, lambda: self.rules.number(value), warnings)


def _consents(
    columns: Sequence[str], rules: InputRules, problems: list[str]
) -> tuple[tuple[ConsentColumns, ...], set[str]]:
    """Return the columns of consents, and the names of those that tell more of one."""
    given: dict[str, str] = {}
    for name in columns:
        if not name.lower().startswith(CONSENT) or _is_beside(name, columns):
            continue
        try:
            channel = rules.channels.parse(name[len(CONSENT) :])
        except ValueRefusedError as error:
            problems.append(f"column {name!r}: the channel {error}")
            continue
        if channel in given:
            problems.append(f"columns {given[channel]!r} and {name!r} are of one channel: keep one")
        given[channel] = name
    found, times = [], set()
    for channel, name in given.items():
        spellings = (f"{name}{TIME}", f"{name[len(CONSENT) :]}{TIME}", f"{channel}{TIME}")
        at = next((one for one in spellings if one in columns), None)
        more = [name + suffix if name + suffix in columns else None for suffix in (VERSION, SOURCE)]
        found.append(ConsentColumns(channel, name, at, *more))
        times |= set(filter(None, (at, *more)))
    return tuple(found), times


def _is_beside(name: str, columns: Sequence[str]) -> bool:
    """Return True for the column of a consent's time, text or source."""
    suffixes = (TIME, VERSION, SOURCE)
    return any(name.endswith(one) and name.removesuffix(one) in columns for one in suffixes)


def _consent(
    columns: ConsentColumns, row: Mapping[str, object], now: float, warnings: list[str]
) -> FileConsent | None:
    value = row.get(columns.given)
    if value is None or value == "":
        return None
    given = _tried(columns.given, lambda: parse_flag(value), warnings)
    if given is None:
        return None
    at = row.get(columns.at) if columns.at else None
    when = None
    if at is not None and at != "":
        when = _tried(columns.at or "", lambda: parse_past(at, now), warnings)
    words = (_word(name, row, warnings) for name in (columns.version, columns.source))
    return FileConsent(given, when, *words)


def _word(name: str | None, row: Mapping[str, object], warnings: list[str]) -> str:
    """Return the word of a cell, with numbers masked; empty where there is none."""
    value = row.get(name) if name else None
    if value is None or value == "":
        return ""
    return mask_numbers(_tried(name or "", lambda: parse_text(str(value), LONGEST), warnings) or "")


def _tried(name: str, parse: Callable[[], T], warnings: list[str]) -> T | None:
    """Return the value of a cell, or None with a warning."""
    try:
        return parse()
    except ValueRefusedError as error:
        warnings.append(f"{name} {error}")
        return None


def _given(value: object) -> object:
    return "" if value is None else value
