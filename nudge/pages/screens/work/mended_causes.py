"""Mended causes of leaving: whoever left for one of them is called first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as Redirect

from nudge.domain.figures.titles import FAILURES, METHODS
from nudge.pages.access import EXTENSION, door
from nudge.pages.api_door import api_path
from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.work.case_words import titled
from nudge.pages.screens.work.work_setup import read_setup
from nudge.pages.translation import gettext as _
from nudge.pages.translation import language, spoken

blueprint = Blueprint("mended_causes", __name__)

API: Final = "/v1/winback/causes"
DIMENSIONS: Final = ("stage", "reason", "method", "channel", "city")
UNFIT: Final = frozenset({400, 422})
GONE: Final = 404


@blueprint.get("/winback/causes")
def show() -> str | Response:
    """Return the mended causes, with the form for one more; `format=csv` their file."""
    if request.args.get("format") == "csv":
        return _file()
    return _page({}, "")


@blueprint.post("/winback/causes")
def add() -> Response | Redirect:
    """Declare a cause mended; a repeated call changes nothing."""
    values = {name: value.strip() for name, value in request.form.items()}
    body = {name: values[name] for name in (*DIMENSIONS, "why") if values.get(name)}
    if not body.keys() & set(DIMENSIONS):
        return _again(values, _("Choose at least one of stage, reason, method, channel, city."))
    if not values.get("since"):
        return _again(values, _("Give the time when the fault began."))
    body |= {name: zoned(values[name]) for name in ("since", "until") if values.get(name)}
    told = door().post(API, body, expect=UNFIT)
    if told.status in UNFIT:
        return _again(values, _unfit(told.body))
    flash(spoken(told.body["sentence"]))
    return redirect("/winback?mended=true", 303)


@blueprint.post("/winback/causes/<cause>/back")
def take_back(cause: str) -> Redirect:
    """Take back that a cause was mended; a repeated call changes nothing."""
    path = api_path("/v1/winback/causes/{}/actions", cause)
    told = door().post(path, {"action": "take_back"}, expect={GONE})
    flash(
        _("This cause is not known any more.")
        if told.status == GONE
        else _("Taken back: whoever left for it is ranked like everybody else again.")
    )
    return redirect("/winback/causes", 303)


def zoned(text: str) -> str:
    """Return a time of a form with the operator's zone; any other text as it is."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if found.tzinfo or len(text) <= len("2026-11-28"):
        return text
    return found.replace(tzinfo=current_app.extensions[EXTENSION].zone).isoformat()


def _page(values: Mapping[str, str], problem: str) -> str:
    causes, lang = door().get(API).body["causes"], language()
    standing = [one for one in causes if not one["taken_back"]]
    return render_template(
        "work/causes.html",
        causes=causes,
        latest=standing[0] if standing else None,
        count=len(standing),
        values=values,
        problem=problem,
        stages=[(one, titled("stage", one)) for one in read_setup().stages],
        reasons=[(name, title[lang]) for name, title in FAILURES.items()],
        methods=[(name, title[lang]) for name, title in METHODS.items()],
        channels=[(one, titled("channel", one)) for one in ("web", "wap", "app", "miniprogram")],
    )


def _again(values: Mapping[str, str], problem: str) -> Response:
    return make_response(_page(values, problem), 422)


def _unfit(told: Mapping[str, Any]) -> str:
    wrong = next(iter(told.get("errors") or {"": ""}))
    words = {
        "from": _("Give the time when the fault began."),
        "to": _("The fault has to begin before it ends."),
        "since": _("The fault has to begin before it ends, and not in the future."),
        "until": _("Give the end as a time, such as 2026-11-28 19:20."),
    }
    return words.get(wrong) or _("Something in the form does not fit: nothing was saved.")


def _file() -> Response:
    head = [
        _("What was mended"),
        _("The fault began"),
        _("End of the fault"),
        _("Declared"),
        _("Who"),
        _("Taken back"),
    ]
    names = ("since", "until", "at", "who", "taken_back")
    rows = [
        [spoken(one["sentence"]), *(one[name] for name in names)]
        for one in door().get(API).body["causes"]
    ]
    return csv_answer("mended-causes", head, rows)
