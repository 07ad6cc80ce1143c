"""The win-back list: who left without paying, in the order in which to call."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from nudge import clock
from nudge.domain.figures.titles import FAILURES
from nudge.pages.access import door
from nudge.pages.screens.funnel import CHANNELS
from nudge.pages.screens.work.case_list import (
    PAGE,
    CaseList,
    ListFilter,
    assignee_filter,
    list_file,
    read_pages,
    render_list,
    state_filter,
)
from nudge.pages.screens.work.case_row import winback_row
from nudge.pages.screens.work.case_words import titled
from nudge.pages.screens.work.list_query import LISTS, ListQuery
from nudge.pages.screens.work.step_draft import EMPTY, StepDraft
from nudge.pages.screens.work.work_setup import WorkSetup, read_setup
from nudge.pages.translation import gettext as _
from nudge.pages.translation import language
from nudge.pages.words import named

blueprint = Blueprint("winback_list", __name__)

PATH: Final = "/winback"
API: Final = "/v1/winback"
NAMES: Final = LISTS[PATH]


@blueprint.get(PATH)
def show() -> str | Response:
    """Return the win-back list; `format=csv` its file."""
    query, setup = ListQuery.read(PATH, request.args), read_setup()
    if request.args.get("format") != "csv":
        return render(query, EMPTY, setup)
    told, at = read_pages(API, "winback", query.api(NAMES)), clock.now()
    return list_file("winback", (winback_row(one, at) for one in told), setup)


def render(query: ListQuery, draft: StepDraft, setup: WorkSetup) -> str:
    """Return the page; see the work list's `render`."""
    told, at = door().get(API, limit=PAGE, **query.api(NAMES)).body, clock.now()
    shown = CaseList(
        _("Win-back list"),
        [winback_row(one, at) for one in told["winback"]],
        told["cursor"],
        _filters(setup),
        empty=_(
            "Nobody who left fits these filters. Rules of win-back stand in config/winback.toml."
        ),
    )
    return render_list(shown, query, draft, setup)


def _filters(setup: WorkSetup) -> list[ListFilter]:
    reasons = [(name, title[language()]) for name, title in FAILURES.items()]
    stages = [(one, titled("stage", one)) for one in setup.stages]
    channels = [(name, named(name, "channel")) for name in CHANNELS]
    mended = [("", _("Any cause")), ("true", _("Mended cause")), ("false", _("Other causes"))]
    include = [("", _("Who may be contacted")), ("blocked", _("Also who may not be"))]
    return [
        ListFilter("stage", _("Left at"), [("", _("Any stage")), *stages]),
        ListFilter("reason", _("Reason of the failure"), [("", _("Any reason")), *reasons]),
        ListFilter("channel", _("Channel"), [("", _("All channels")), *channels]),
        ListFilter("mended", _("Cause"), mended),
        state_filter(),
        assignee_filter(setup),
        ListFilter("include", _("Contact rules"), include),
        ListFilter("from", _("Left from"), kind="date"),
        ListFilter("to", _("Left until"), kind="date"),
    ]
