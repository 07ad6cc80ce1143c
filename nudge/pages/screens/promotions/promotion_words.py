"""Words of the promotions: attributes, comparisons, channels and states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nudge.domain.slots.rule import ALL
from nudge.pages.screens.promotions.promotion import PromotionState
from nudge.pages.screens.promotions.rule_rows import COMPARISONS, RuleRow, RuleRows
from nudge.pages.translation import gettext as _

CHANNELS: Final = ("web", "wap", "app", "miniprogram")
COMMON: Final = (
    *("city", "province", "carrier", "city_tier", "stage", "tier", "last_amount"),
    *("usual_amount", "payments", "last_paid_at", "first_paid_at", "overdue_days"),
)
"""Attributes that the form offers, whether or not they are known of anybody by now."""
PILLS: Final = {
    PromotionState.RUNNING: "ok",
    PromotionState.SCHEDULED: "quiet",
    PromotionState.ENDED: "quiet",
    PromotionState.STOPPED: "quiet",
    PromotionState.SOLD_OUT: "attention",
}
"""State -> class of its pill."""


def attribute_label(name: str) -> str:
    """Return the words for an attribute; its name where there are none."""
    told = {
        "city": _("city"),
        "province": _("province"),
        "carrier": _("carrier"),
        "city_tier": _("city tier"),
        "stage": _("lifecycle stage"),
        "tier": _("value tier"),
        "channel": _("channel"),
        "page": _("page"),
        "last_amount": _("last amount (yuan)"),
        "usual_amount": _("usual amount (yuan)"),
        "payments": _("number of payments"),
        "last_paid_at": _("time of the last payment"),
        "first_paid_at": _("time of the first payment"),
        "overdue_days": _("days overdue"),
        "expected_at": _("time of the expected recharge"),
        "spending_change": _("change of spending"),
        "alive": _("chance of still being a customer"),
        "mobile_before": _("came by a mobile channel before"),
        "failure_reason": _("reason of the last failed payment"),
        "failed_at": _("time of the last failed payment"),
        "method": _("payment method"),
    }
    return told.get(name, name)


def attribute_options(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the attributes of the form's choice with their words: common ones, then others."""
    every = dict.fromkeys([*COMMON, *sorted(names)])
    return [("", _("Choose an attribute")), *((name, attribute_label(name)) for name in every)]


def comparison_options() -> list[tuple[str, str]]:
    """Return the comparisons of the form's choice with their words."""
    told = {
        "is": _("is"),
        "is_not": _("is not"),
        "in": _("is one of"),
        "not_in": _("is none of"),
        "at_least": _("is at least"),
        "at_most": _("is at most"),
        "above": _("is above"),
        "below": _("is below"),
        "between": _("lies between"),
        "matches": _("looks like (with * and ?)"),
        "since": _("is not longer ago than"),
        "known": _("is known"),
        "unknown": _("is not known"),
    }
    return [(name, told[name]) for name in COMPARISONS]


def row_words(row: RuleRow) -> str:
    """Return a row of a rule as a phrase."""
    values = {"attribute": attribute_label(row.attribute), "value": row.value}
    told = {
        "is": _("%(attribute)s is %(value)s", **values),
        "is_not": _("%(attribute)s is not %(value)s", **values),
        "in": _("%(attribute)s is one of %(value)s", **values),
        "not_in": _("%(attribute)s is none of %(value)s", **values),
        "at_least": _("%(attribute)s is at least %(value)s", **values),
        "at_most": _("%(attribute)s is at most %(value)s", **values),
        "above": _("%(attribute)s is above %(value)s", **values),
        "below": _("%(attribute)s is below %(value)s", **values),
        "between": _("%(attribute)s lies between %(value)s", **values),
        "matches": _("%(attribute)s looks like %(value)s", **values),
        "since": _("%(attribute)s is not longer ago than %(value)s", **values),
        "known": _("%(attribute)s is known", **values),
        "unknown": _("%(attribute)s is not known", **values),
    }
    return told.get(row.comparison, "")


def rule_heading(rules: RuleRows | None) -> str:
    """Return what precedes the phrases of a rule."""
    if rules is None:
        return _("A rule of several levels, written in the slot's file.")
    if not rules.rows:
        return _("For all visitors")
    if len(rules.rows) == 1:
        return _("For visitors of whom this holds:")
    if rules.joint == ALL:
        return _("For visitors of whom all of this holds:")
    return _("For visitors of whom any of this holds:")


def channel_label(name: str) -> str:
    """Return the name of a channel."""
    told = {"web": _("web"), "wap": "WAP", "app": _("app"), "miniprogram": _("mini-program")}
    return told.get(name, name)


def state_label(state: PromotionState) -> str:
    """Return the name of a promotion's state."""
    return {
        PromotionState.RUNNING: _("Running"),
        PromotionState.SCHEDULED: _("Scheduled"),
        PromotionState.ENDED: _("Ended"),
        PromotionState.STOPPED: _("Stopped"),
        PromotionState.SOLD_OUT: _("Sold out"),
    }[state]
