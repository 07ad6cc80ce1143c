"""Explain: one decision as a story, or what a visitor would get now, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request

from nudge.pages.access import door
from nudge.pages.api_door import ApiAnswer, api_path
from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.funnel import CHANNELS
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken
from nudge.pages.words import named

blueprint = Blueprint("explain", __name__)

DRAWN: Final = frozenset({"policy", "shadow"})
"""Reasons of decisions that hang on the draw."""
WHOLE: Final = 2**64
COLOURS: Final = 8
OK: Final = 200
MISSING: Final = frozenset({404, 410, 422, 429, 503})
LONGEST: Final = 64
Row = Mapping[str, Any]


@dataclass(frozen=True)
class DrawnPart:
    """The part of a distribution that belongs to a variant.

    Attributes:
        start: share of the whole at which it begins.
        colour: class of the variant's colour.
        hit: true for the variant that was shown.
    """

    variant: str
    title: str
    share: float
    start: float
    colour: str
    hit: bool


@dataclass(frozen=True)
class DecisionStory:
    """A decision as the page tells it.

    Attributes:
        row: the API's explanation.
        title: of the variant that was shown.
        parts: the distribution, in the order in which the draw walks through it.
        point: share of the whole at which the draw fell; None where nothing was drawn.
        removed: variants that could not be shown, with their titles and reasons.
    """

    row: Row
    title: str
    parts: tuple[DrawnPart, ...]
    point: float | None
    removed: tuple[tuple[str, str], ...]


@blueprint.get("/explain")
def explain() -> str | Response:
    """Return the story of the decision that the address names, and the questions."""
    name = request.args.get("decision", "").strip()[:LONGEST]
    if not name:
        return _page()
    kept = door().get(api_path("/v1/decisions/{}", name), expect=MISSING)
    came = door().get(api_path("/v1/decisions/{}/outcome", name), expect=MISSING)
    row = kept.body if kept.status == OK else (_found(came) or {}).get("decision")
    if row is None:
        return _page(decision=name, waits=came.pending, unknown=not came.pending)
    story = tell_story(row, _titles(row["slot"]))
    if request.args.get("format") == "csv":
        return _file(story)
    outcome = (_found(came) or {}).get("outcome")
    return _page(decision=name, story=story, outcome=outcome, counting=came.pending)


@blueprint.get("/explain/next")
def begin() -> Response:
    """Lead to the form: an address holds nobody's id, so a link cannot ask."""
    return redirect("/explain", 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


@blueprint.post("/explain/next")
def next_offer() -> str:
    """Return what a visitor would get now; the id stands in no address and in no log."""
    visitor = request.form.get("visitor_id", "").strip()
    channel = request.form.get("channel", "")
    if not visitor:
        return _page(error=_("Give the id or the phone number of a visitor."))
    path = api_path("/v1/visitors/{}/next", visitor)
    found = door().get(path, channel=channel, expect={404, 422})
    if found.status != OK:
        return _page(visitor=visitor, channel=channel, error=_("Nobody is known by this id."))
    return _page(visitor=visitor, channel=channel, offer=found.body)


def tell_story(row: Row, titles: Mapping[str, str]) -> DecisionStory:
    """Return an explanation as a story.

    Args:
        row: the API's explanation.
        titles: variant of the slot -> title, by order of creation.
    """
    order = [*titles, *(one for one in row["distribution"] if one not in titles)]
    start, parts = 0.0, []
    for variant, share in row["distribution"].items():
        colour, hit = f"c{order.index(variant) % COLOURS}", variant == row["variant"]
        title = titles.get(variant, variant)
        parts.append(DrawnPart(variant, title, share, start, colour, hit))
        start += share
    return DecisionStory(
        row,
        titles.get(row["variant"], row["variant"]),
        tuple(parts),
        int(row["u"]) / WHOLE if row["reason"] in DRAWN else None,
        tuple((titles.get(name, name), why) for name, why in row["removed"].items()),
    )


def _page(**more: object) -> str:
    channels = [(one, named(one, "channel")) for one in CHANNELS]
    told: dict[str, object] = {"decision": "", "visitor": "", "channel": "web", "error": ""}
    return render_template("explain.html", channels=channels, **told | more)


def _found(answer: ApiAnswer) -> Row | None:
    return answer.body if answer.status == OK else None


def _titles(slot: str) -> dict[str, str]:
    """Return the titles of a slot's variants by their order; empty where the slot is gone."""
    found = door().get(api_path("/v1/slots/{}", slot), expect={404})
    if found.status != OK:
        return {}
    return {one["name"]: _title(one) for one in found.body["variants"]}


def _title(variant: Row) -> str:
    """Return the title of a variant as visitors see it; its name where it has none."""
    value = variant["value"]
    title = value.get("title") if isinstance(value, Mapping) else None
    return spoken(title) or str(variant["name"])


def _file(story: DecisionStory) -> Response:
    eligible = [[one.variant, one.share, ""] for one in story.parts]
    removed = [[name, None, why] for name, why in story.row["removed"].items()]
    return csv_answer("decision", ("variant", "chance", "removed"), [*eligible, *removed])
