"""The schema of a send window: the value of a variant of the slot `sms_timing`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from bandits.units import DAY
from nudge.config.contact_schema import LocalHours
from nudge.config.slot_fields import OneOf, StrictTable, field_texts
from nudge.domain.slots.slot import Slot
from nudge.domain.slots.window import SLOT, Window

MOST_DAYS: Final = 31


def _day() -> ma.Integer:
    right = f"give a day from -{MOST_DAYS} to {MOST_DAYS}"
    within = validate.Range(-MOST_DAYS, MOST_DAYS, error=f"is out of range; {right}")
    return ma.Integer(required=True, strict=True, validate=within, **field_texts(right))


class WindowSchema(StrictTable):
    """The value of a variant of `sms_timing`: days from an anchor, and local hours."""

    anchor = ma.String(
        load_default="month", validate=OneOf("month", "cycle"), **field_texts("use month or cycle")
    )
    first_day = _day()
    last_day = _day()
    hours = LocalHours(load_default=(0, DAY))


_SCHEMA: Final = WindowSchema()


def windows_of(slot: Slot) -> dict[str, Window]:
    """Return the send window of each variant; none in a slot other than `sms_timing`.

    Raises:
        ValueError: a value is not a window, which the check of a slot refuses.
    """
    if slot.name != SLOT:
        return {}
    return {one.name: window_of(one.value) for one in slot.variants}


def window_of(value: object) -> Window:
    """Return the send window of a variant's value.

    Raises:
        ValueError: it is not a window; the text names the mistake and the cure.
    """
    if not isinstance(value, Mapping):
        raise ValueError('is not a window; write { anchor = "month", first_day = 1, ... }')  # noqa: TRY004 (a value of a file)
    try:
        data: dict[str, Any] = _SCHEMA.load(value)
    except ValidationError as error:
        lines = [f"{key}: {' '.join(map(str, x))}" for key, x in error.messages_dict.items()]
        raise ValueError("; ".join(lines)) from error
    window = Window(data["anchor"], data["first_day"], data["last_day"], data["hours"])
    for wrong in (check(window) for check in _CHECKS):
        if wrong is not None:
            raise ValueError(wrong)
    return window


def _midnight(window: Window) -> str | None:
    start, end = window.hours
    return "hours: span midnight; write two windows" if end <= start else None


def _backwards(window: Window) -> str | None:
    first, last = window.first_day, window.last_day
    # A day from the front and one from the back can be told apart only in a month.
    comparable = window.anchor == "cycle" or (first > 0) == (last > 0)
    if comparable and last < first:
        return "last_day: lies before first_day; give the same or a later one"
    return None


def _day_zero(window: Window) -> str | None:
    if window.anchor == "month" and 0 in (window.first_day, window.last_day):
        return "first_day, last_day: a month has no day 0; 1 is its first day, -1 its last"
    return None


_CHECKS: Final[tuple[Callable[[Window], str | None], ...]] = (_midnight, _day_zero, _backwards)
