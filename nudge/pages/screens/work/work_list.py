"""The work list: open cases of all kinds, what is due first comes first, with one beside it."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request

from nudge import clock
from nudge.pages.access import door, may
from nudge.pages.csv_file import csv_answer
from nudge.pages.formats import duration
from nudge.pages.screens.work.case_list import (
    PAGE,
    CaseList,
    ListFilter,
    assignee_filter,
    level_filter,
    list_file,
    read_pages,
    render_list,
    state_filter,
)
from nudge.pages.screens.work.case_row import work_row
from nudge.pages.screens.work.case_words import kind_word
from nudge.pages.screens.work.list_query import ListQuery
from nudge.pages.screens.work.step_draft import EMPTY, StepDraft
from nudge.pages.screens.work.work_setup import WorkSetup, read_setup
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

blueprint = Blueprint("work_list", __name__)

PATH: Final = "/work"
API: Final = "/v1/worklist"
KINDS: Final = ("warning", "winback", "measure")
WHOSE: Final = ("mine", "nobody", "all")
TO_CALL: Final = ("open", "assigned")
"""States of cases that are on a call list."""


@blueprint.get(PATH)
def show() -> str | Response:
    """Return the work list; `format=csv` its file, with `calls` who may be called now."""
    query, setup = ListQuery.read(PATH, request.args), read_setup()
    if request.args.get("format") != "csv":
        return render(query, EMPTY, setup)
    if request.args.get("table") == "loads":
        return _loads_file()
    told, at = read_pages(API, "cases", parameters(query, setup)), clock.now()
    rows = (work_row(one, at) for one in told)
    if "calls" in request.args:
        rows = (one for one in rows if one.may_call and one.state in TO_CALL)
    return list_file("worklist", rows, setup)


def render(query: ListQuery, draft: StepDraft, setup: WorkSetup) -> str:
    """Return the page.

    Args:
        query: what is shown.
        draft: of a step that could not be taken, with why.
        setup: of work lists.
    """
    told, at = door().get(API, limit=PAGE, **parameters(query, setup)).body, clock.now()
    shown = CaseList(
        _("Work list"),
        [work_row(one, at) for one in told["cases"]],
        told["cursor"],
        _filters(setup),
        _tabs(query, setup),
        empty=_("No open case fits. Take the filters away, or take the next case of nobody."),
    )
    summary = door().get(f"{API}/summary").body if may("getWorkSummary") else None
    return render_list(shown, query, draft, setup, summary=summary)


def whose(query: ListQuery, setup: WorkSetup) -> str:
    """Return whose cases are listed: an agent sees their own first."""
    told = query.filters.get("whose", "")
    if told in WHOSE and (told != "mine" or setup.me):
        return told
    return "mine" if setup.is_agent and not query.filters.keys() & {"assignee", "team"} else "all"


def parameters(query: ListQuery, setup: WorkSetup) -> dict[str, Any]:
    """Return the parameters of the API for a query."""
    found = query.api(("kind", "state", "level", "assignee", "team", "overdue"))
    owner = whose(query, setup)
    if owner == "mine":
        return {**found, "assignee": setup.me}
    return {**found, "unassigned": "true"} if owner == "nobody" else found


def _tabs(query: ListQuery, setup: WorkSetup) -> list[tuple[str, str, bool]]:
    words = {"mine": _("Mine"), "nobody": _("Nobody's"), "all": _("All")}
    here = whose(query, setup)
    return [(one, words[one], one == here) for one in WHOSE if one != "mine" or setup.me]


def _filters(setup: WorkSetup) -> list[ListFilter]:
    kinds = [(one, kind_word(one)) for one in KINDS]
    overdue = [("", _("Any time")), ("true", _("Overdue"))]
    return [
        ListFilter("kind", _("Kind"), [("", _("Any kind")), *kinds]),
        state_filter(),
        level_filter(),
        assignee_filter(setup),
        ListFilter("team", _("Team"), [("", _("Any team")), *setup.teams], data=True),
        ListFilter("overdue", _("Due"), overdue),
    ]


def _loads_file() -> Response:
    told = door().get(f"{API}/summary").body
    head = [
        *(_("Agent or team"), _("Team"), _("Open cases"), _("Overdue"), _("Most cases at once")),
        *(_("Oldest"), _("Closed today"), _("Away today")),
    ]
    return csv_answer("loads", head, [_load(one) for one in told["agents"]])


def _load(one: dict[str, Any]) -> list[object]:
    name = spoken(one["title"]) or one["name"] or _("Nobody")
    figures = [one["open"], one["overdue"], one["capacity"] or None]
    away = _("yes") if one["away"] else _("no")
    return [name, one["team"], *figures, duration(one["oldest"]), one["closed_today"], away]
