"""Words for slots: their titles, modes and dimensions in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_babel import gettext as _

Json = Mapping[str, Any]


def slot_title(slot: Json) -> str:
    """Return the title of a slot: in the reader's language where it is one of the product's."""
    known: dict[str, Callable[[], Any]] = {
        "denomination": lambda: _("Amount"),
        "prefill": lambda: _("Number prefill"),
        "banner": lambda: _("Banner"),
        "payment_retry": lambda: _("After a failed payment"),
        "sms_timing": lambda: _("SMS send time"),
        "retention_offer": lambda: _("Retention offer"),
    }
    name = str(slot["slot"])
    return str(known[name]()) if name in known else str(slot.get("title") or name)


def mode_pill(slot: Json) -> tuple[str, str]:
    """Return the state and the words of a slot's mode."""
    mode, serves = slot.get("mode", "live"), slot.get("frozen_serves", "policy")
    if slot["serving"].get("held"):
        return "attention", _("Earlier version held")
    if mode == "live":
        return "ok", _("Running")
    if mode == "shadow":
        return "attention", _("Shadow: only logged")
    if mode == "off":
        return "attention", _("Paused: fallback for all")
    if serves == "fallback":
        return "broken", _("Frozen: fallback for all")
    return "attention", _("Frozen")


def dimension_word(name: str) -> str:
    """Return the name of a report's dimension."""
    words: dict[str, Callable[[], Any]] = {
        "channel": lambda: _("Channel"),
        "page": lambda: _("Page"),
        "weekday": lambda: _("Weekday"),
        "hour": lambda: _("Hour of day"),
        "stage": lambda: _("Lifecycle stage"),
        "city_tier": lambda: _("City tier"),
        "tier": lambda: _("Value tier"),
        "method": lambda: _("Payment method"),
        "reason": lambda: _("Reason of the failure"),
    }
    own = name.removeprefix("context.")
    return str(words[own]()) if own in words else own


CHANNELS: Final = ("web", "wap", "app", "miniprogram", "sms")


def value_word(dimension: str, value: object) -> str:
    """Return the name of a dimension's value; data that has no word stays as it is."""
    words: dict[str, Callable[[], Any]] = {
        "web": lambda: _("Web"),
        "wap": lambda: "WAP",
        "app": lambda: "APP",
        "miniprogram": lambda: _("Mini program"),
        "sms": lambda: _("Text message"),
    }
    stages: dict[str, Callable[[], Any]] = {
        "growth": lambda: _("Growing"),
        "stable": lambda: _("Stable"),
        "warning": lambda: _("At risk"),
        "left": lambda: _("Has left"),
    }
    days = (
        lambda: _("Monday"),
        lambda: _("Tuesday"),
        lambda: _("Wednesday"),
        lambda: _("Thursday"),
        lambda: _("Friday"),
        lambda: _("Saturday"),
        lambda: _("Sunday"),
    )
    text, own = str(value), dimension.removeprefix("context.")
    if value is None or text == "":
        return str(_("Unknown"))
    if own == "channel" and text in words:
        return str(words[text]())
    if own == "stage" and text in stages:
        return str(stages[text]())
    if own == "weekday" and text in {"1", "2", "3", "4", "5", "6", "7"}:
        return str(days[int(text) - 1]())
    return text
