"""Rows of the operator's visitors: the meaning of each column. Pure."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from nudge.domain.identity.number import InvalidNumberError, Number, parse_number
from nudge.domain.people.person import MAX_KNOWN
from nudge.domain.slots.slot import Scalar

ID: Final = "visitor_id"
MSISDN: Final = "msisdn"
CONSENT: Final = "consent_"
"""Prefix of a column that says whether a channel may be used: `consent_sms`."""
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
NUMERIC: Final = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?\Z")
"""Pattern of numbers as text; 0571 does not match, since it may be an area code."""
FLAGS: Final[Mapping[str, bool]] = {"true": True, "false": False, "yes": True, "no": False}
LONGEST: Final = 200


class FileConsent(NamedTuple):
    """A consent or a refusal in a row.

    Attributes:
        given: True where the channel may be used.
        at: seconds, when it was given; None where the file does not say.
    """

    given: bool
    at: float | None = None


class VisitorRow(NamedTuple):
    """The content of a row: a visitor with attributes and consents.

    Attributes:
        visitor_id: external id.
        msisdn: the visitor's own number, if it is there.
        known: attribute -> value; empty cells are left out.
        consents: channel -> consent or refusal.
        warnings: one for each cell that was left out; none repeats anything of the row.
    """

    visitor_id: str
    msisdn: Number | None
    known: Mapping[str, Scalar]
    consents: Mapping[str, FileConsent]
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """A hash of the content: equal rows have equal digests, so that each is loaded once."""
        number = self.msisdn.e164 if self.msisdn else ""
        consents = [(name, *one) for name, one in sorted(self.consents.items())]
        parts = (self.visitor_id, number, sorted(self.known.items()), consents)
        return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def column_problems(columns: Sequence[str]) -> list[str]:
    """Return the problems of a file's columns, each with its cure."""
    problems = []
    if ID not in columns:
        problems.append(f"column {ID} is missing; it holds the id by which pages ask")
    attributes = [name for name in columns if name not in (ID, MSISDN)]
    problems += [
        f"column {name!r}: begin with a-z; use a-z, 0-9, _ only, at most 64 characters"
        for name in attributes
        if not NAME.match(name)
    ]
    if len(attributes) > MAX_KNOWN:
        problems.append(f"{len(attributes)} attributes; at most {MAX_KNOWN} are kept of a visitor")
    return problems


def visitor_row(row: Mapping[str, object], region: str) -> VisitorRow | str:
    """Return the content of a row, or its problem; the message repeats nothing of the row.

    Args:
        row: column -> value; text where the file is CSV.
        region: country of numbers that name none.
    """
    visitor_id = row.get(ID)
    written = "" if visitor_id is None else str(visitor_id)
    if not 1 <= len(written) <= LONGEST or not written.isprintable():
        return f"{ID}: give 1 to {LONGEST} printable characters"
    try:
        number = (
            parse_number(str(row[MSISDN]), region) if row.get(MSISDN) not in (None, "") else None
        )
    except InvalidNumberError as error:
        return f"{MSISDN}: {error}"
    known: dict[str, Scalar] = {}
    consents: dict[str, FileConsent] = {}
    for name, value in row.items():
        if name in (ID, MSISDN) or value is None or value == "":
            continue
        found = scalar(value)
        if found is None:
            return f"{name}: give text of at most {LONGEST} characters, a number, true or false"
        if name.startswith(CONSENT):
            if not isinstance(found, bool):
                return f"{name}: give true or false"
            consents[name.removeprefix(CONSENT)] = FileConsent(found)
        else:
            known[name] = found
    return VisitorRow(written, number, known, consents)


def scalar(value: object) -> Scalar:
    """Convert a cell to an attribute: times in seconds, dates as text; None for an unusable value.

    Args:
        value: of a typed file, or text.
    """
    if isinstance(value, str):
        return _read(value.strip())
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int) else None


def _read(text: str) -> Scalar:
    if text.lower() in FLAGS:
        return FLAGS[text.lower()]
    if NUMERIC.match(text):
        return float(text) if "." in text else int(text)
    return text if len(text) <= LONGEST and text.isprintable() else None
