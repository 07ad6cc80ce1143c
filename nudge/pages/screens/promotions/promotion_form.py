"""The form of a promotion: its typed fields, and the table of the variant that it makes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from nudge.pages.screens.promotions.promotion import Promotion
from nudge.pages.screens.promotions.rule_rows import RuleRow, RuleRows, rows_of

LOCAL: Final = "%Y-%m-%dT%H:%M"
"""Form of a browser's field of a date and time."""
TEXTS: Final = ("title_zh", "title_en", "text_zh", "text_en")
FIELDS: Final = (*TEXTS, "name", "link", "starts", "ends", "stock", "why", "etag")
EDITED: Final = ("channels", "starts", "ends", "stock", "when")
"""Limits of a variant that the form edits; the others stay as they are."""
MOST_ROWS: Final = 20
LONGEST: Final = 2_000
"""Characters of a field that are read."""


@dataclass(frozen=True)
class PromotionForm:
    """The form of a promotion as somebody filled it in.

    Attributes:
        fields: name -> text as it was typed.
        same_text: the Chinese texts stand for the English ones, too.
        channels: on which it is shown; none for all.
        rules: whom it is for; None where the rule is one that rows cannot show.
        errors: field -> kind of the mistake, or a message of the API.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    same_text: bool = False
    channels: tuple[str, ...] = ()
    rules: RuleRows | None = field(default_factory=RuleRows)
    errors: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field without blanks at its ends."""
        return self.fields.get(name, "").strip()

    def texts(self, part: str) -> dict[str, str]:
        """Return the title or the text by language; English is Chinese where it is the same."""
        chinese = self.text(f"{part}_zh")
        english = chinese if self.same_text else self.text(f"{part}_en")
        return {"zh": chinese, "en": english}

    def with_errors(self, errors: Mapping[str, str]) -> PromotionForm:
        """Return the form with mistakes besides those that it has."""
        return replace(self, errors={**self.errors, **errors})


def read_form(sent: MultiDict[str, str]) -> PromotionForm:
    """Read a form as a browser sends it."""
    fields = {name: sent.get(name, "")[:LONGEST] for name in FIELDS}
    columns = [sent.getlist(f"row_{name}") for name in ("attribute", "comparison", "value")]
    rows = tuple(
        RuleRow(*(one[:LONGEST] for one in row))
        for row in list(zip(*columns, strict=False))[:MOST_ROWS]
    )
    kept = "keep_rule" in sent
    return PromotionForm(
        fields,
        same_text="same_text" in sent,
        channels=tuple(dict.fromkeys(sent.getlist("channels"))),
        rules=None if kept else RuleRows(sent.get("joint", "all"), rows),
    )


def form_of(promotion: Promotion, zone: ZoneInfo, *, copy: bool = False) -> PromotionForm:
    """Return the form of a promotion that is there, or of a copy without its dates."""
    link = promotion.value.get("link", "") if isinstance(promotion.value, Mapping) else ""
    fields = {
        **{f"title_{tongue}": text for tongue, text in promotion.title.items()},
        **{f"text_{tongue}": text for tongue, text in promotion.text.items()},
        "link": str(link),
        "stock": "" if promotion.stock is None else str(promotion.stock.total),
    }
    if not copy:
        fields |= {
            "name": promotion.name,
            "starts": local_text(promotion.starts, zone),
            "ends": local_text(promotion.ends, zone),
        }
    available = promotion.available
    channels, rules = tuple(available.get("channels", ())), rows_of(available.get("when"))
    return PromotionForm(fields, channels=channels, rules=rules)


def available_table(
    form: PromotionForm, before: Mapping[str, Any], zone: ZoneInfo
) -> dict[str, Any]:
    """Return the limits of the variant that a form without errors makes.

    Args:
        form: that was checked.
        before: limits that are there: what the form does not edit stays.
        zone: of the dates.
    """
    kept = {name: value for name, value in before.items() if name not in EDITED}
    rule = before.get("when") if form.rules is None else form.rules.table
    told = {
        "channels": sorted(form.channels),
        "starts": _moment(form.text("starts"), before.get("starts"), zone),
        "ends": _moment(form.text("ends"), before.get("ends"), zone),
        "stock": int(form.text("stock")) if form.text("stock") else None,
        "when": rule,
    }
    return kept | {name: value for name, value in told.items() if value not in (None, [])}


def variant_table(
    form: PromotionForm, promotion: Promotion | None, zone: ZoneInfo
) -> dict[str, Any]:
    """Return title, value and limits of the variant that a form without errors makes."""
    before = promotion.available if promotion else {}
    table: dict[str, Any] = {
        "title": form.texts("title"),
        "available": available_table(form, before, zone),
    }
    if promotion is None or promotion.has_text:
        value = dict(promotion.value) if promotion else {}
        value |= {"title": form.texts("title"), "text": form.texts("text")}
        value.pop("link", None)
        link = {"link": form.text("link")} if form.text("link") else {}
        table["value"] = value | link
    return table


def merge_difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch that makes one table of another: null takes a key away."""
    patch: dict[str, Any] = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            inner = merge_difference(before, value)
            patch |= {name: inner} if inner else {}
        elif name not in old or before != value:
            patch[name] = value
    return patch


def free_name(form: PromotionForm, taken: set[str]) -> str:
    """Return a name for a new variant: as it was typed, or made of the English title."""
    if form.text("name"):
        return form.text("name")
    words = re.sub(r"[^a-z0-9]+", "_", form.texts("title")["en"].lower()).strip("_")[:40]
    name = words or "promotion"
    return name if name not in taken and words else f"{name}_{secrets.token_hex(3)}"


def local_text(seconds: float | None, zone: ZoneInfo) -> str:
    """Return a moment as a browser's field has it, in the operator's zone."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, zone).strftime(LOCAL)


def local_seconds(text: str, zone: ZoneInfo) -> float | None:
    """Return the moment of a browser's field in seconds; None where it is none."""
    try:
        return datetime.strptime(text, LOCAL).replace(tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        return None


def _moment(text: str, before: object, zone: ZoneInfo) -> object:
    """Return the moment for the API; what nobody changed keeps its seconds."""
    if not text:
        return None
    if isinstance(before, str):
        known = datetime.fromisoformat(before).astimezone(zone)
        if known.strftime(LOCAL) == text:
            return before
    return datetime.strptime(text, LOCAL).replace(tzinfo=zone).isoformat()
