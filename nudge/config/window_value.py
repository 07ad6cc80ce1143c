"""The schema of a send window: the value of a variant of the slot `sms_timing`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from bandits.units import DAY
from nudge.config.contact_schema import LocalHours
from nudge.config.slot_fields import Duration, Items, OneOf, StrictTable, field_texts
from nudge.config.slot_schema import NAME
from nudge.domain.slots.slot import Slot
from nudge.domain.slots.window import AHEAD, MOMENT, SLOT, Window

MOST_DAYS: Final = 31
NOW: Final = "now"


def _day() -> ma.Integer:
    right = f"give a day from -{MOST_DAYS} to {MOST_DAYS}"
    within = validate.Range(-MOST_DAYS, MOST_DAYS, error=f"is out of range; {right}")
    return ma.Integer(strict=True, validate=within, **field_texts(right))


class WindowSchema(StrictTable):
    """The value of a variant of `sms_timing`: days from an anchor, local hours and purposes."""

    anchor = ma.String(
        load_default="month",
        validate=OneOf("month", "cycle", NOW),
        **field_texts("use month, cycle or now"),
    )
    first_day = _day()
    last_day = _day()
    hours = LocalHours(load_default=(0, DAY))
    within = Duration('write a duration up to a day, such as "2h"', longest=DAY, required=False)
    purposes = Items(
        ma.String(validate=NAME, **field_texts("name a purpose of the contact policy")),
        load_default=list,
        validate=validate.Length(1, error="is empty; name a purpose, or leave it out"),
        **field_texts('list purposes of the contact policy, such as ["payment_failed"]'),
    )


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
    for wrong in (check(data) for check in _KEY_CHECKS):
        if wrong is not None:
            raise ValueError(wrong)
    window = Window(
        data["anchor"],
        data.get("first_day", 0),
        data.get("last_day", AHEAD - 1),
        data["hours"],
        within=data.get("within", MOMENT) if data["anchor"] == NOW else 0.0,
        purposes=tuple(data["purposes"]),
    )
    for wrong in (check(window) for check in _CHECKS):
        if wrong is not None:
            raise ValueError(wrong)
    return window


def _missing_day(data: Mapping[str, Any]) -> str | None:
    if data["anchor"] == NOW:
        return None
    lacking = [key for key in ("first_day", "last_day") if key not in data]
    right = f"give a day from -{MOST_DAYS} to {MOST_DAYS}"
    return f"{lacking[0]}: is missing; {right}" if lacking else None


def _days_of_now(data: Mapping[str, Any]) -> str | None:
    given = [key for key in ("first_day", "last_day") if key in data]
    if data["anchor"] == NOW and given:
        return f"{given[0]}: counts from no day; leave it out, or use month or cycle"
    return None


def _within_elsewhere(data: Mapping[str, Any]) -> str | None:
    if data["anchor"] != NOW and "within" in data:
        return 'within: belongs to anchor = "now"; leave it out'
    return None


_KEY_CHECKS: Final[tuple[Callable[[Mapping[str, Any]], str | None], ...]] = (
    _missing_day,
    _days_of_now,
    _within_elsewhere,
)


def _midnight(window: Window) -> str | None:
    start, end = window.hours
    return "hours: span midnight; write two windows" if end <= start else None


def _backwards(window: Window) -> str | None:
    first, last = window.first_day, window.last_day
    # A day from the front and one from the back can be told apart only in a month.
    comparable = window.anchor != "month" or (first > 0) == (last > 0)
    if comparable and last < first:
        return "last_day: lies before first_day; give the same or a later one"
    return None


def _day_zero(window: Window) -> str | None:
    if window.anchor == "month" and 0 in (window.first_day, window.last_day):
        return "first_day, last_day: a month has no day 0; 1 is its first day, -1 its last"
    return None


_CHECKS: Final[tuple[Callable[[Window], str | None], ...]] = (_midnight, _day_zero, _backwards)
