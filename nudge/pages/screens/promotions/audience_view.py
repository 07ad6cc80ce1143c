"""The view of whom a promotion would reach: the API's count, the least exposures, and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from nudge.pages.api_door import ApiAnswer
from nudge.pages.formats import number, rate
from nudge.pages.screens.promotions.promotion_form import PromotionForm, local_seconds
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

REFUSED: Final = 400
ENOUGH: Final = 20
"""Visitors from which it means something that hardly anybody is eligible."""


@dataclass(frozen=True)
class AudienceView:
    """The visitors whom a promotion would reach.

    Attributes:
        pending: a worker still counts.
        headline: the count in a sentence.
        remarks: what is not known, a sentence each.
        learning: what learning gives it at least; "" where nobody can say.
        hardly_anybody: the rule leaves hardly anybody.
        attributes: attribute -> frequent values.
    """

    pending: bool = False
    headline: str = ""
    remarks: tuple[str, ...] = ()
    learning: str = ""
    hardly_anybody: bool = False
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def audience_view(answer: ApiAnswer, floor: float) -> AudienceView:
    """Return the view of an answer of the API.

    Args:
        answer: to the question who is eligible.
        floor: least share of an eligible variant.
    """
    if answer.pending:
        return AudienceView(pending=True)
    body = answer.body
    if answer.status >= REFUSED:
        return AudienceView(headline=_("The visitors cannot be counted now. Try again later."))
    return AudienceView(
        headline=spoken(body["headline"]),
        remarks=tuple(spoken(one) for one in body["remarks"]),
        learning=_learning(body, floor),
        hardly_anybody=body["hidden"] and body["visitors"] >= ENOUGH,
        attributes={
            one["attribute"]: [str(value["value"]) for value in one["values"]]
            for one in body["attributes"]
        },
    )


def _learning(body: Mapping[str, Any], floor: float) -> str:
    exposures = body["exposures_a_day"] * (body["share"] or 0.0) * floor
    if not body["share"] or not body["exposures_a_day"] or floor <= 0:
        return ""
    return _(
        "While it learns, it gets at least %(floor)s of the visitors who may see it: about "
        "%(exposures)s exposures a day at the present traffic.",
        floor=rate(floor),
        exposures=number(max(round(exposures), 1)),
    )


def form_warnings(
    form: PromotionForm, view: AudienceView, mode: str, now: float, zone: ZoneInfo
) -> list[str]:
    """Return why the promotion of a form would be shown to nobody, a sentence each.

    Args:
        form: as it was typed.
        view: whom it would reach.
        mode: of the slot.
        now: seconds.
        zone: of the dates.
    """
    ends = local_seconds(form.text("ends"), zone)
    found = {
        _("The end has passed: nobody will see this promotion."): ends is not None and ends <= now,
        _("The stock is 0: nobody will see this promotion."): form.text("stock").strip("0") == ""
        and form.text("stock") != "",
        _("By this rule hardly anybody of the last week's visitors would see it."): (
            view.hardly_anybody
        ),
        mode_warning(mode): mode != "live",
    }
    return [text for text, holds in found.items() if holds]


def mode_warning(mode: str) -> str:
    """Return what the mode of a slot means for its promotions; "" while it is live."""
    told = {
        "off": _("The slot is switched off: everybody sees its fallback, and no promotion."),
        "shadow": _("The slot only records: everybody sees its fallback, and no promotion."),
        "frozen": _("The slot is frozen: a new promotion is not shown until it is live again."),
    }
    return told.get(mode, "")
