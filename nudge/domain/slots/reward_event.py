"""The event that rewards an exposure: one type, several together, or any of several.

Terms name it by a short text: `paid`, `prefill_kept+paid` (both, inside the window), or
`pay_tapped|paid` (whichever comes). Slots, records and the lake hold this text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from nudge.domain.basics.slot_values import suggestion

PAID: Final = "paid"
STEP: Final = "step"
PAY_TAPPED: Final = "pay_tapped"
REWARDING_EVENTS: Final = (PAID, "clicked", "prefill_kept", "sms_clicked", PAY_TAPPED)
"""Types that may reward.

`shown` may not: it is the exposure itself. `pay_tapped` is the step of that name: the intent, which
a failing gateway does not take away.
"""
TOGETHER: Final = "+"
EITHER: Final = "|"


@dataclass(frozen=True, slots=True)
class RewardRule:
    """The rule that rewards an exposure.

    Attributes:
        types: of events, each once.
        every: all types are needed; otherwise any one is enough.
    """

    types: tuple[str, ...]
    every: bool

    def met(self, happened: Iterable[str]) -> bool:
        """Return True where events of these types are enough."""
        there = set(happened)
        found = (one in there for one in self.types)
        return all(found) if self.every else any(found)


@cache
def reward_rule(text: str) -> RewardRule:
    """Read the rule of the terms' text.

    A text that mixes both signs is refused where a slot is read.
    """
    every = TOGETHER in text
    return RewardRule(tuple(dict.fromkeys(text.split(TOGETHER if every else EITHER))), every)


def problem_of(text: str) -> str | None:
    """Return the problem of a text with its cure, or None."""
    if TOGETHER in text and EITHER in text:
        return f"{text!r} mixes + and |; use one of them"
    types = text.split(TOGETHER if TOGETHER in text else EITHER)
    for one in types:
        if one not in REWARDING_EVENTS:
            return f"{one!r} is not allowed; {suggestion(one, REWARDING_EVENTS)}"
    return None if len(set(types)) == len(types) else f"{text!r} repeats a type; name each once"
