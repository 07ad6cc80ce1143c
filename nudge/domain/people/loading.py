"""Rows of the operator's visitors, and the columns that a file of them must have. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from nudge.domain.identity.number import Number
from nudge.domain.people.person import MAX_KNOWN
from nudge.domain.slots.slot import Scalar
from nudge.domain.values.number_words import has_number

ID: Final = "visitor_id"
MSISDN: Final = "msisdn"
CONSENT: Final = "consent_"
"""Prefix of a column that says whether a channel may be used: `consent_sms`."""
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


class FileConsent(NamedTuple):
    """A consent or a refusal in a row.

    Attributes:
        given: True where the channel may be used.
        at: seconds, when it was given; None where the file does not say.
        text_version: of the text that was agreed to; empty where the file does not say.
        source: where it was said; empty where the file does not say.
    """

    given: bool
    at: float | None = None
    text_version: str = ""
    source: str = ""

    @property
    def digested(self) -> tuple[object, ...]:
        """The content as it is hashed: without what the version before did not know."""
        said = self.text_version, self.source
        return (self.given, self.at, *said) if any(said) else (self.given, self.at)


class VisitorRow(NamedTuple):
    """The content of a row: a visitor with attributes and consents.

    Attributes:
        visitor_id: external id.
        msisdn: the visitor's own number, if it is there.
        known: attribute -> value; empty cells are left out.
        consents: channel -> consent or refusal.
        warnings: one for each cell that was left out; none repeats anything of the row.
        masked: phone numbers that were masked in its attributes.
    """

    visitor_id: str
    msisdn: Number | None
    known: Mapping[str, Scalar]
    consents: Mapping[str, FileConsent]
    warnings: tuple[str, ...] = ()
    masked: int = 0

    def digest(self, key: bytes) -> str:
        """Return a keyed hash of the content: equal rows have equal ones, so each is loaded once.

        Args:
            key: at most 64 bytes: of a number in a row, a plain hash can be reversed.
        """
        number = self.msisdn.e164 if self.msisdn else ""
        consents = [(name, *one.digested) for name, one in sorted(self.consents.items())]
        parts = (self.visitor_id, number, sorted(self.known.items()), consents)
        return hashlib.blake2b(repr(parts).encode(), digest_size=12, key=key).hexdigest()


def column_problems(columns: Sequence[str], attributes: Sequence[str]) -> list[str]:
    """Return the problems of a file's columns, each with its cure.

    Args:
        columns: of the file.
        attributes: those of them that become attributes of the visitor.
    """
    problems = []
    if ID not in columns:
        problems.append(f"column {ID} is missing; it holds the id by which pages ask")
    problems += [
        f"column {name!r}: begin with a-z; use a-z, 0-9, _ only, at most 64 characters"
        for name in attributes
        if not NAME.match(name)
    ]
    problems += [
        "a column's name holds a phone number: columns are named after what they hold"
        for name in attributes
        if has_number(name)
    ]
    if len(attributes) > MAX_KNOWN:
        problems.append(f"{len(attributes)} attributes; at most {MAX_KNOWN} are kept of a visitor")
    return problems
