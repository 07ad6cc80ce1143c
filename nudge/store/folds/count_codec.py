"""The encoding of counts: fields of the hashes `counts` and `totals`, and names of blocks.

A field is `<bucket>|<cell>|<variant>|<kind>` in a block of counts and
`<revision>|<reason>|<variant>|<kind>` in totals; a variant may hold a `|` of its own. The kinds are
t, c, r, q: trials, conversions, reward, squared reward; T, C, R, Q are what pages said of these
(`tally.Claims`). A block is named `<revision>:<day>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from nudge.domain.credit.booking import BookingKey
from nudge.domain.credit.tally import Tally

KINDS: Final = "tcrq"
CLAIMS: Final = KINDS.upper()
"""Kinds of what pages said, mostly absent."""


def counts_name(key: BookingKey) -> str:
    """Return the first part of the key's four fields in its block of counts."""
    return f"{key.bucket}|{key.cell}|{key.variant}"


def totals_name(revision: int, reason: str, variant: str) -> str:
    """Return the first part of the four fields of a total."""
    return f"{revision}|{reason}|{variant}"


def fields_of(name: str, tally: Tally, kinds: str = KINDS) -> Iterator[tuple[str, int]]:
    """Yield the four fields of a tally with their numbers."""
    for kind, number in zip(kinds, tally, strict=True):
        yield f"{name}|{kind}", number


def split_name(name: str) -> tuple[int, str, str]:
    """Split the first part of a field: bucket, cell, variant, or revision, reason, variant."""
    number, middle, variant = name.split("|", 2)
    return int(number), middle, variant


def moved_field(field: str, bucket: int) -> str:
    """Return the field of equal cell, variant and kind in another bucket."""
    return f"{bucket}|{field.split('|', 1)[1]}"


def bucket_of_field(field: str) -> int:
    """Return the start, in seconds, of the bucket that a field counts."""
    return int(field.split("|", 1)[0])


def tallies(fields: Mapping[str, int], kinds: str = KINDS) -> dict[str, Tally]:
    """Put a hash's fields together: first part -> tally; an absent kind is zero."""
    names = dict.fromkeys(field.rpartition("|")[0] for field in fields)
    t, c, r, q = tuple(kinds)
    return {
        name: (
            fields.get(f"{name}|{t}", 0),
            fields.get(f"{name}|{c}", 0),
            fields.get(f"{name}|{r}", 0),
            fields.get(f"{name}|{q}", 0),
        )
        for name in names
    }


def split_block(block: str) -> tuple[int, int]:
    """Split a block's name: the slot's revision, and the day since the epoch (UTC)."""
    revision, _, day = block.rpartition(":")
    return int(revision), int(day)
