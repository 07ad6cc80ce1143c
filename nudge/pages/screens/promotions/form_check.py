"""The check of a promotion's form: each mistake with its field and its cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from nudge.pages.screens.promotions.promotion_form import TEXTS, PromotionForm, local_seconds
from nudge.pages.translation import gettext as _

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
LINK: Final = re.compile(r"(?:/(?!/)|https://)[^\s\\\x00-\x1f]*")
LONGEST_TITLE: Final = 60
LONGEST_TEXT: Final = 200
LONGEST_LINK: Final = 1_000
MOST_STOCK: Final = 10**12
WHY: Final = "why"
_ROW: Final = re.compile(r"when\.(?:all|any)\[(\d+)\]")


def checked(
    form: PromotionForm, taken: set[str], zone: ZoneInfo, *, has_text: bool
) -> PromotionForm:
    """Return a form with its mistakes.

    Args:
        form: as it was typed.
        taken: names that another promotion has.
        zone: of the dates.
        has_text: whether its texts are edited.
    """
    rules = form.rules.checked() if form.rules else None
    found = replace(form, rules=rules, errors={})
    errors = _texts(found) if has_text else {}
    errors |= _name(found.text("name"), taken) | _dates(found, zone) | _stock(found.text("stock"))
    if found.text("link") and not _is_link(found.text("link")):
        errors["link"] = _(
            "Write a path of the shop such as /promotions/coffee, or an https address."
        )
    if not found.text(WHY):
        errors[WHY] = _("Write why: the reason stands in the audit.")
    return found.with_errors(errors)


def is_right(form: PromotionForm) -> bool:
    """Return True for a checked form without a mistake."""
    return not form.errors and not (form.rules and form.rules.has_errors)


def row_error(kind: str) -> str:
    """Return the cure of a row's mistake."""
    told = {
        "attribute": _("Choose an attribute."),
        "comparison": _("Choose a comparison."),
        "value": _("Write a value."),
        "list": _("Write one value or more, with commas between them."),
        "number": _("Write a number, such as 50."),
        "range": _("Write two numbers, the smaller one first, such as 10, 50."),
        "span": _("Write a span of time, such as 7d or 12h."),
    }
    return told.get(kind, kind)


def refused_form(form: PromotionForm, name: str, refusal: Mapping[str, Any]) -> PromotionForm:
    """Return a form with what the API refused, each mistake at its field or row."""
    errors: dict[str, str] = {}
    rows = list(form.rules.rows) if form.rules else []
    for key, texts in (refusal.get("errors") or {}).items():
        text = "; ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
        place = _place(str(key).removeprefix(f"variants.{name}."))
        row = _ROW.search(str(key))
        if row and int(row[1]) < len(rows):
            rows[int(row[1])] = replace(rows[int(row[1])], error=text)
        else:
            errors[place] = text
    if not errors and not any(one.error for one in rows):
        errors["form"] = str(refusal.get("message", ""))
    rules = replace(form.rules, rows=tuple(rows)) if form.rules else None
    return replace(form, rules=rules).with_errors(errors)


def _place(key: str) -> str:
    """Return the field of a key of the API; `form` for what no field stands for."""
    told = {
        "title.zh": "title_zh",
        "title.en": "title_en",
        "name": "name",
        "available.starts": "starts",
        "available.ends": "ends",
        "available.stock": "stock",
    }
    return told.get(key, "form")


def _texts(form: PromotionForm) -> dict[str, str]:
    errors = {}
    for name in TEXTS:
        part, tongue = name.split("_")
        text = form.texts(part)[tongue]
        most = LONGEST_TITLE if part == "title" else LONGEST_TEXT
        if not text:
            errors[name] = _("Write a text: visitors of both languages see the promotion.")
        elif len(text) > most:
            errors[name] = _("Write at most %(most)s characters.", most=most)
        elif not text.isprintable():
            errors[name] = _("Leave control characters and line breaks out.")
    if form.same_text:  # what is wrong with the Chinese text is said once
        errors = {name: text for name, text in errors.items() if name.endswith("zh")}
    return errors


def _name(name: str, taken: set[str]) -> dict[str, str]:
    if not name:
        return {}
    if not NAME.fullmatch(name):
        return {"name": _("Use a-z, 0-9, _ . - only, and begin with a letter or a digit.")}
    return (
        {"name": _("Another promotion has this name. Choose another one.")} if name in taken else {}
    )


def _dates(form: PromotionForm, zone: ZoneInfo) -> dict[str, str]:
    errors = {
        name: _("Write a date and a time.")
        for name in ("starts", "ends")
        if form.text(name) and local_seconds(form.text(name), zone) is None
    }
    starts, ends = (local_seconds(form.text(name), zone) for name in ("starts", "ends"))
    if starts is not None and ends is not None and ends <= starts:
        errors["ends"] = _("The end is not after the beginning. Give a later one.")
    return errors


def _stock(text: str) -> dict[str, str]:
    fits = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_STOCK))
    if not text or (fits and int(text) <= MOST_STOCK):
        return {}
    return {"stock": _("Write a whole number, or leave it empty for no limit.")}


def _is_link(text: str) -> bool:
    return len(text) <= LONGEST_LINK and LINK.fullmatch(text) is not None
