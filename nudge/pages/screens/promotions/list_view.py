"""The page of promotions: a sentence, the calendar, and a card for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from bandits.units import DAY
from nudge import clock
from nudge.pages.access import may
from nudge.pages.csv_file import csv_answer
from nudge.pages.formats import iso, moment
from nudge.pages.screens.promotions import promotion_words as words
from nudge.pages.screens.promotions.audience_view import mode_warning
from nudge.pages.screens.promotions.calendar_strip import make_strip
from nudge.pages.screens.promotions.promotion import Promotion, PromotionState
from nudge.pages.screens.promotions.promotion_source import (
    find_slot,
    operator_zone,
    promotion_slots,
    variant_figures,
)
from nudge.pages.screens.promotions.rule_rows import rows_of
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

blueprint = Blueprint("promotions", __name__, url_prefix="/promotions")

SOON: Final = 3.0 * DAY
"""Seconds before its end in which a promotion is said to end."""
ORDER: Final = tuple(PromotionState)
"""States in the order of the cards; among equals the order of creation stays."""
COLUMNS: Final = (
    *("name", "title_zh", "title_en", "state", "starts", "ends", "stock", "left"),
    *("channels", "rule", "exposures", "conversions", "rate", "share_now"),
)


@dataclass(frozen=True)
class Card:
    """A promotion with what its card tells.

    Attributes:
        title: in the reader's language.
        state: now.
        rule: phrases of whom it is for.
        heading: what precedes them.
        channels: names of its channels; none for all.
        figures: of the variant; empty where there are none.
        share_now: of the visitors; None where it is not running, or nobody knows.
    """

    promotion: Promotion
    title: str
    state: PromotionState
    heading: str
    rule: tuple[str, ...]
    channels: tuple[str, ...]
    figures: Mapping[str, Any]
    share_now: float | None


@blueprint.get("")
def promotions() -> str | Response:
    """Return the promotions of a slot."""
    slots = promotion_slots()
    if not slots:
        return render_template("promotions.html", slots=[], slot=None)
    chosen = request.args.get("slot") or slots[0]["slot"]
    slot, now = find_slot(chosen), clock.now()
    figures = variant_figures(slot.name)
    cards = [_card(one, figures.get(one.name, {}), now) for one in slot.promotions]
    cards.sort(key=lambda one: ORDER.index(one.state))
    if request.args.get("format") == "csv":
        return csv_answer(f"promotions-{slot.name}", COLUMNS, (_row(one) for one in cards))
    return render_template(
        "promotions.html",
        slots=slots,
        slot=slot,
        cards=cards,
        strip=make_strip(slot.promotions, request.args.get("month"), now, operator_zone()),
        verdict=_verdict(cards),
        warnings=[*filter(None, [mode_warning(slot.mode)]), *_warnings(cards, now)],
        editable=may("patchSlot"),
        words=words,
    )


def _card(one: Promotion, figures: Mapping[str, Any], now: float) -> Card:
    rules, state = rows_of(one.available.get("when")), one.state(now)
    share = figures.get("share_now") if state == PromotionState.RUNNING else None
    return Card(
        one,
        spoken(one.title),
        state,
        words.rule_heading(rules),
        tuple(map(words.row_words, rules.rows)) if rules else (),
        tuple(map(words.channel_label, one.available.get("channels", ()))),
        figures,
        share,
    )


def _verdict(cards: Sequence[Card]) -> str:
    states = Counter(one.state for one in cards)
    running, scheduled = states[PromotionState.RUNNING], states[PromotionState.SCHEDULED]
    if not running:
        return _("No promotion is running now.")
    values = {"running": running, "all": len(cards), "scheduled": scheduled}
    if scheduled:
        return _(
            "%(running)s of %(all)s promotions are running, and %(scheduled)s will begin later.",
            **values,
        )
    return _("%(running)s of %(all)s promotions are running.", **values)


def _warnings(cards: Sequence[Card], now: float) -> Iterator[str]:
    for one in cards:
        ends, running = one.promotion.ends, one.state == PromotionState.RUNNING
        if one.state == PromotionState.SOLD_OUT:
            yield _("“%(title)s” is sold out: only who has it already sees it.", title=one.title)
        elif running and ends is not None and ends - now < SOON:
            yield _("“%(title)s” ends on %(moment)s.", title=one.title, moment=moment(ends))


def _row(card: Card) -> list[object]:
    one, figures = card.promotion, card.figures
    stock = (None, None) if one.stock is None else (one.stock.total, one.stock.left)
    own = [one.name, one.title["zh"], one.title["en"], str(card.state), iso(one.starts)]
    return [
        *(*own, iso(one.ends), *stock, ", ".join(one.available.get("channels", ()))),
        "; ".join(card.rule) or card.heading,
        *(figures.get(name) for name in ("exposures", "conversions", "rate")),
        card.share_now,
    ]
