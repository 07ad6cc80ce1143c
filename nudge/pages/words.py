"""Words of people for the codes of the API: reasons, states and values, as filters of templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Flask

from nudge.domain.contact.contact_words import REASON_SENTENCES
from nudge.domain.figures.titles import attribute_title, value_title
from nudge.pages.translation import gettext as _
from nudge.pages.translation import language, spoken


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a message that is translated where it is shown."""
    return text


WEEKDAYS: Final = {
    "1": N_("Monday"),
    "2": N_("Tuesday"),
    "3": N_("Wednesday"),
    "4": N_("Thursday"),
    "5": N_("Friday"),
    "6": N_("Saturday"),
    "7": N_("Sunday"),
}
DECISION_REASONS: Final[Mapping[str, str]] = {
    "policy": N_("The policy drew it; what comes of it is learned from."),
    "holdout": N_("The visitor is in the holdout and gets the fallback; this measures the lift."),
    "usual": N_("The visitor is in the group that gets the operator's own rule."),
    "only_eligible": N_("Nothing else could be shown, so there was nothing to choose."),
    "forced": N_("An administrator asked for this variant; nothing is learned from it."),
    "fallback": N_("The slot showed its fallback; nothing is learned from it."),
    "shadow": N_("The choice was only logged and not shown; nothing is learned from it."),
}
REMOVALS: Final[Mapping[str, str]] = {
    "disabled": N_("It is switched off."),
    "channel": N_("It is not for this channel."),
    "page": N_("It is not for this page."),
    "rule": N_("Its conditions do not hold for this visitor."),
    "rule_unknown": N_("An attribute of its conditions is not known of this visitor."),
    "not_yet": N_("It has not begun."),
    "expired": N_("It has ended."),
    "state_unknown": N_("What the visitor has was not known at that moment."),
    "unaffordable": N_("It is far above what the visitor usually pays."),
    "sold_out": N_("It is sold out."),
    "stock_unknown": N_("Its stock was not known at that moment."),
    "past": N_("Its send window is over."),
    "off": N_("The slot is switched off."),
    "frozen": N_("The slot is frozen and shows its fallback."),
}
NAMED_REMOVALS: Final[Mapping[str, str]] = {
    "requires": N_("It needs the attribute %(name)s, which is missing."),
    "exclusive": N_("The visitor already has a benefit of the group %(name)s."),
    "contradicts": N_("The visitor was offered another benefit of the group %(name)s."),
}
"""Reasons that name something behind a colon."""


def decision_reason(code: str) -> str:
    """Return why a decision was made as it was; the code where it is not known."""
    return _(DECISION_REASONS[code]) if code in DECISION_REASONS else code


def removal_reason(code: str) -> str:
    """Return why a variant could not be shown; the code where it is not known."""
    kind, _colon, name = code.partition(":")
    if kind in NAMED_REMOVALS and name:
        return _(NAMED_REMOVALS[kind], name=attribute_title(name, language()))
    return _(REMOVALS[kind]) if kind in REMOVALS else contact_reason(code)


def contact_reason(code: str) -> str:
    """Return why nothing may go out to a visitor now; the code where it is not known."""
    return spoken(REASON_SENTENCES.get(code, code))


def named(value: str | None, attribute: str) -> str:
    """Return an attribute's value in words, such as the title of a stage."""
    if attribute == "weekday" and value in WEEKDAYS:
        return _(WEEKDAYS[value])
    return value_title(attribute, value or "", language())


def known(name: str) -> str:
    """Return the name of a visitor's attribute for `titled` and `named`.

    The attribute `stage` is that of the life of a customer, and no stage of the funnel.
    """
    return "lifecycle" if name == "stage" else name


def titled(attribute: str) -> str:
    """Return the title of an attribute."""
    return attribute_title(attribute, language())


FILTERS: Final = (contact_reason, decision_reason, known, named, removal_reason, titled)


def register_words(app: Flask) -> None:
    """Add the words to the templates of an app."""
    for one in FILTERS:
        app.add_template_filter(one)
