"""Columns of a file of visitors to plan for: which of them a plan uses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from nudge.domain.choosing.context_names import names_in_segments, names_in_slot
from nudge.domain.people.failures import FAILED_AT, METHOD, REASON
from nudge.domain.people.loading import CONSENT, ID, MSISDN
from nudge.domain.slots.segments import Segments
from nudge.domain.slots.slot import Slot
from nudge.domain.timing.plan_request import BLACKLISTED, ZONE

PURPOSE: Final = "purpose"
CONTENT: Final = "content"
OWN: Final = frozenset({ID, ZONE, PURPOSE, CONTENT})
"""Columns with a meaning of their own."""
KNOWN_TO_RULES: Final = frozenset({REASON, FAILED_AT, METHOD, "expected_at", "usual_amount"})
"""Attributes that every plan looks at, whatever the slots name."""
LOADED: Final = "is not used by a plan; load it with `nudge load visitors`"


def unused_columns(
    columns: Sequence[str], slots: Iterable[Slot], segments: Segments
) -> dict[str, str]:
    """Return the columns that change no plan, each with what to do.

    Args:
        columns: of the file.
        slots: that are decided for each visitor.
        segments: of the installation.
    """
    used = OWN | KNOWN_TO_RULES | set(segments) | set(_attributes(slots, segments))
    return {name: _cure(name) for name in columns if name not in used}


def _attributes(slots: Iterable[Slot], segments: Segments) -> Iterator[str]:
    """Yield the attributes that slots, their variants and segments ask for."""
    yield from (name for slot in slots for name, _ in names_in_slot(slot))
    yield from (name for name, _ in names_in_segments(segments))


def _cure(name: str) -> str:
    if name in (MSISDN, BLACKLISTED) or name.startswith(CONSENT):
        return LOADED
    return "is not used: no slot of this plan and no segment asks for it"
