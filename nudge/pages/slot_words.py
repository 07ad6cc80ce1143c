"""Words for slots: their titles, modes and dimensions in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext

Json = Mapping[str, Any]
CHANNELS: Final = ("web", "wap", "app", "miniprogram", "sms")
_TITLES: Final = {
    "denomination": lazy_gettext("Amount"),
    "prefill": lazy_gettext("Number prefill"),
    "banner": lazy_gettext("Banner"),
    "payment_retry": lazy_gettext("After a failed payment"),
    "sms_timing": lazy_gettext("SMS send time"),
    "retention_offer": lazy_gettext("Retention offer"),
}
"""The product's own slots; others have the title that the operator gave them."""
_MODES: Final = {
    "live": ("ok", lazy_gettext("Serving")),
    "shadow": ("attention", lazy_gettext("Shadow: only logged")),
    "off": ("attention", lazy_gettext("Paused: fallback for all")),
    "frozen": ("attention", lazy_gettext("Frozen")),
}
_STOPPED: Final = ("broken", lazy_gettext("Frozen: fallback for all"))
_HELD: Final = ("attention", lazy_gettext("Earlier version held"))
_DIMENSIONS: Final = {
    "channel": lazy_gettext("Channel"),
    "page": lazy_gettext("Page"),
    "weekday": lazy_gettext("Weekday"),
    "hour": lazy_gettext("Hour of day"),
    "stage": lazy_gettext("Lifecycle stage"),
    "city_tier": lazy_gettext("City tier"),
    "tier": lazy_gettext("Value tier"),
    "method": lazy_gettext("Payment method"),
    "failure_reason": lazy_gettext("Reason of the failure"),
    "last_amount": lazy_gettext("Last amount"),
    "mobile_before": lazy_gettext("Used WAP or the app before"),
}
_VALUES: Final = {
    "channel": {
        "web": lazy_gettext("Web"),
        "wap": "WAP",
        "app": "APP",
        "miniprogram": lazy_gettext("Mini program"),
        "sms": lazy_gettext("Text message"),
    },
    "stage": {
        "growth": lazy_gettext("Growing"),
        "stable": lazy_gettext("Stable"),
        "warning": lazy_gettext("At risk"),
        "left": lazy_gettext("Has left"),
    },
    "failure_reason": {
        "soft": lazy_gettext("May pass at once"),
        "hard": lazy_gettext("Fails again"),
    },
    "mobile_before": {"true": lazy_gettext("Yes"), "false": lazy_gettext("No")},
    "weekday": {
        "1": lazy_gettext("Monday"),
        "2": lazy_gettext("Tuesday"),
        "3": lazy_gettext("Wednesday"),
        "4": lazy_gettext("Thursday"),
        "5": lazy_gettext("Friday"),
        "6": lazy_gettext("Saturday"),
        "7": lazy_gettext("Sunday"),
    },
}
_UNKNOWN: Final = lazy_gettext("Unknown")


def slot_title(slot: Json) -> str:
    """Return the title of a slot: in the reader's language where it is one of the product's."""
    name = str(slot["slot"])
    return str(_TITLES.get(name) or slot.get("title") or name)


def mode_pill(slot: Json) -> tuple[str, str]:
    """Return the state and the words of a slot's mode."""
    mode = slot.get("mode", "live")
    state, words = _MODES[mode]
    if mode == "frozen" and slot.get("frozen_serves") == "fallback":
        state, words = _STOPPED
    elif slot["serving"].get("held"):
        state, words = _HELD
    return state, str(words)


def dimension_word(name: str) -> str:
    """Return the name of a report's dimension; an operator's attribute has its own."""
    own = name.removeprefix("context.")
    return str(_DIMENSIONS.get(own, own))


def value_word(dimension: str, value: object) -> str:
    """Return the name of a dimension's value; data that has no word stays as it is."""
    if value is None or value == "":
        return str(_UNKNOWN)
    known = _VALUES.get(dimension.removeprefix("context."), {})
    return str(known.get(str(value), value))
