"""A send window: the days and local hours in which an SMS may go out.

A variant of the slot `sms_timing` stands for one, written as the variant's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

SLOT: Final = "sms_timing"
"""The slot whose variants are send windows."""

Anchor = Literal["month", "cycle", "now"]
MOMENT: Final = 60.0
"""Seconds of allowed time in which the next allowed moment is: a minute, so that plans spread."""
AHEAD: Final = 35
"""Days in which the next allowed moment is looked for: more than the longest month."""


@dataclass(frozen=True, slots=True)
class Window:
    """A send window: days from an anchor, and hours of the visitor's clock.

    Attributes:
        anchor: start of the count of days: the calendar month, the day on which the next recharge
            is expected, or the moment of the question.
        first_day: `month`: 1 is its first day, -1 its last. `cycle`: 0 is the expected day, a
            negative day lies before it. `now`: 0 is the day of the question.
        last_day: counted likewise; included.
        hours: seconds of the local day: start (included), end (excluded).
        within: `now`: seconds of allowed time, from the first allowed moment on, in which the SMS
            goes out; 0 for the other anchors.
        purposes: of the contact policy; empty for all that no window of the slot names.
    """

    anchor: Anchor
    first_day: int
    last_day: int
    hours: tuple[int, int]
    within: float = 0.0
    purposes: tuple[str, ...] = ()


def windows_for(windows: Mapping[str, Window], purpose: str) -> dict[str, Window]:
    """Return the windows of a purpose: those that name it, or else those that name none."""
    own = {name: one for name, one in windows.items() if purpose in one.purposes}
    return own or {name: one for name, one in windows.items() if not one.purposes}
