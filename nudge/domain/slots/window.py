"""A send window: the days and local hours in which an SMS may go out.

A variant of the slot `sms_timing` stands for one, written as the variant's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SLOT: Final = "sms_timing"
"""The slot whose variants are send windows."""

Anchor = Literal["month", "cycle"]


@dataclass(frozen=True, slots=True)
class Window:
    """A send window: days from an anchor, and hours of the visitor's clock.

    Attributes:
        anchor: start of the count of days: the calendar month, or the day on which the next
            recharge is expected.
        first_day: `month`: 1 is its first day, -1 its last. `cycle`: 0 is the expected day, a
            negative day lies before it.
        last_day: counted likewise; included.
        hours: seconds of the local day: start (included), end (excluded).
    """

    anchor: Anchor
    first_day: int
    last_day: int
    hours: tuple[int, int]
