"""A send window: on which days, and in which hours of the customer's clock, an SMS may go out.

It is what a variant of the slot `sms_timing` stands for, written as the variant's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SLOT: Final = "sms_timing"
"""The slot whose variants are windows."""

Anchor = Literal["month", "cycle"]


@dataclass(frozen=True, slots=True)
class Window:
    """Days and hours.

    Attributes:
        anchor: from what days are counted: the calendar month, or the day on which the next
            recharge is expected.
        first_day: `month`: 1 is its first day, -1 its last. `cycle`: 0 is the expected day, what
            is below lies before it.
        last_day: the same; it is in the window.
        hours: seconds of the local day: from (in it), to (not in it).
    """

    anchor: Anchor
    first_day: int
    last_day: int
    hours: tuple[int, int]
