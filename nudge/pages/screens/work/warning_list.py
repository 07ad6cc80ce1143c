"""The list of churn warnings: who may leave, why, and what was done about it."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request

from nudge import clock
from nudge.pages.access import door
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
from nudge.pages.screens.work.case_panel import read_panel
from nudge.pages.screens.work.case_row import warning_row, work_row
from nudge.pages.screens.work.first_call import first_call_sentence, first_to_call
from nudge.pages.screens.work.list_query import ListQuery
from nudge.pages.screens.work.step_draft import EMPTY, StepDraft
from nudge.pages.screens.work.work_setup import WorkSetup, read_setup
from nudge.pages.translation import gettext as _

blueprint = Blueprint("warning_list", __name__)

PATH: Final = "/warnings"
API: Final = "/v1/warnings"
FIRST: Final = 20
"""Cases that are due first, among which somebody is looked for who may be called now."""


@blueprint.get(PATH)
def show() -> str | Response:
    """Return the warnings; `format=csv` their file."""
    query, setup = ListQuery.read(PATH, request.args), read_setup()
    if request.args.get("format") != "csv":
        return render(query, EMPTY, setup)
    rows = (warning_row(one) for one in read_pages(API, "warnings", parameters(query)))
    return list_file("warnings", rows, setup)


def render(query: ListQuery, draft: StepDraft, setup: WorkSetup) -> str:
    """Return the page; see the work list's `render`."""
    told = door().get(API, limit=PAGE, **parameters(query)).body
    shown = CaseList(
        _("Churn warnings"),
        [warning_row(one) for one in told["warnings"]],
        told["cursor"],
        _filters(setup),
        lead=_first_sentence(setup),
        empty=_("No warning fits these filters. Rules of warnings stand in config/warnings.toml."),
    )
    return render_list(shown, query, draft, setup)


def parameters(query: ListQuery) -> dict[str, Any]:
    """Return the parameters of the API for a query: all that are not closed by default."""
    found = query.api(("state", "level", "assignee", "scene", "rule"))
    return {"state": "unclosed", **found}


def _first_sentence(setup: WorkSetup) -> str:
    """Return who of all warnings is to be called first: the list itself is by opening."""
    told = door().get("/v1/worklist", kind="warning", limit=FIRST).body["cases"]
    first = first_to_call([work_row(one, clock.now()) for one in told])
    panel = read_panel(first.id, setup) if first else None
    return first_call_sentence(first, panel.who if panel else "", None)


def _filters(setup: WorkSetup) -> list[ListFilter]:
    return [
        state_filter(),
        level_filter(),
        assignee_filter(setup),
        ListFilter("rule", _("Rule"), [("", _("Any rule")), *setup.rules.items()], data=True),
        ListFilter("scene", _("Scene")),
    ]
