"""A promotion as the page shows it: a variant of a slot that makes offers, with its state now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from nudge.domain.slots.slot import PROMOTIONS

COLOURS: Final = 8
LANGUAGES: Final = ("zh", "en")


class PromotionState(StrEnum):
    """The state of a promotion now."""

    RUNNING = "running"
    SOLD_OUT = "sold_out"
    SCHEDULED = "scheduled"
    STOPPED = "stopped"
    ENDED = "ended"


@dataclass(frozen=True)
class Stock:
    """The limited stock of a promotion.

    Attributes:
        total: units that may ever be given.
        taken: that were given; None while nobody knows.
    """

    total: int
    taken: int | None

    @property
    def left(self) -> int | None:
        """Units that are left; None while nobody knows."""
        return None if self.taken is None else max(self.total - self.taken, 0)

    @property
    def share(self) -> float:
        """The share that is left, from 0 to 1."""
        return (self.left or 0) / self.total if self.total else 0.0


@dataclass(frozen=True)
class Promotion:
    """A promotion: one variant of a slot of promotions.

    Attributes:
        title: language -> its name.
        text: language -> what stands below the name.
        has_text: false where its content has another form, which the page does not edit.
        starts: seconds; None for always.
        ends: seconds; None for never.
        stock: None for no limit.
        available: table of its limits, as the API gives it.
        value: what pages receive.
        is_fallback: shown where nothing else can be.
        colour: class of its colour, the same on every page.
    """

    slot: str
    name: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    has_text: bool
    starts: float | None
    ends: float | None
    stock: Stock | None
    available: Mapping[str, Any]
    value: Any
    enabled: bool
    is_fallback: bool
    colour: str

    def state(self, at: float) -> PromotionState:
        """Return the state at a moment, in seconds."""
        if not self.enabled:
            return PromotionState.STOPPED
        if self.ends is not None and at >= self.ends:
            return PromotionState.ENDED
        if self.starts is not None and at < self.starts:
            return PromotionState.SCHEDULED
        if self.stock is not None and self.stock.left == 0:
            return PromotionState.SOLD_OUT
        return PromotionState.RUNNING


def is_promotion_slot(table: Mapping[str, Any]) -> bool:
    """Return True for a slot whose variants are offers that visitors see."""
    return table["slot"] == PROMOTIONS or "offers" in table


def read_promotions(table: Mapping[str, Any]) -> tuple[Promotion, ...]:
    """Read the promotions of a slot, as the API gives it, in the order of their creation."""
    stock = table.get("serving", {}).get("stock", {})
    shown = set(table["fallback"].values())
    return tuple(
        _promotion(table["slot"], one, stock.get(one["name"]), shown, f"c{i % COLOURS}")
        for i, one in enumerate(table["variants"])
    )


def _promotion(
    slot: str, one: Mapping[str, Any], stock: Mapping[str, int] | None, shown: set[str], colour: str
) -> Promotion:
    value, available = one["value"], one.get("available", {})
    texts = value if isinstance(value, Mapping) else {}
    title = texts_of(one.get("title")) or texts_of(texts.get("title")) or {}
    total = available.get("stock")
    return Promotion(
        slot=slot,
        name=one["name"],
        title=dict.fromkeys(LANGUAGES, one["name"]) | title,
        text=texts_of(texts.get("text")),
        has_text=bool(texts_of(texts.get("title"))),
        starts=seconds_of(available.get("starts")),
        ends=seconds_of(available.get("ends")),
        stock=None if total is None else Stock(total, stock["taken"] if stock else None),
        available=available,
        value=value,
        enabled=one["enabled"],
        is_fallback=one["name"] in shown,
        colour=colour,
    )


def texts_of(value: object) -> dict[str, str]:
    """Return the texts of a value by language; empty where it has none."""
    if not isinstance(value, Mapping):
        return {}
    found = {name: value.get(name) for name in LANGUAGES}
    return {name: text for name, text in found.items() if isinstance(text, str) and text}


def seconds_of(value: object) -> float | None:
    """Return a time of the API in seconds."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return float(value) if isinstance(value, int | float) else None
