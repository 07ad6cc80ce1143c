"""The grant of the measure of a case: what it may be and may cost, then the grant itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as Redirect

from nudge.domain.identity.sealing import new_label
from nudge.pages.access import door
from nudge.pages.api_door import api_path
from nudge.pages.screens.work.case_panel import NOT_FOUND, read_panel
from nudge.pages.screens.work.list_query import ListQuery
from nudge.pages.screens.work.work_setup import read_setup
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

blueprint = Blueprint("case_grant", __name__)

REFUSED: Final = 409
CHANGED: Final = 412


@blueprint.get("/work/cases/<case>/grant")
def look(case: str) -> str:
    """Return what may be granted; nothing is decided by looking."""
    return _page(case, ListQuery.parse(request.args.get("back", "")), "")


@blueprint.post("/work/cases/<case>/grant")
def grant(case: str) -> Response | Redirect:
    """Grant the measure; a repeated call grants nothing more."""
    query, setup = ListQuery.parse(request.form.get("back", "")), read_setup()
    body: dict[str, Any] = {"action_id": request.form.get("action_id") or new_label()}
    body |= {"note": request.form.get("why", "").strip()[:500]}
    body |= {"by": setup.me} if setup.me else {}
    revision = request.form.get("revision", "")
    body |= {"revision": int(revision)} if revision.isascii() and revision.isdecimal() else {}
    path = api_path("/v1/worklist/{}/measure", case)
    told = door().post(path, body, expect={REFUSED, CHANGED})
    if told.status == CHANGED:
        problem = _("Somebody else has just acted on this case: nothing was granted. Look again.")
        return make_response(_page(case, query, problem), CHANGED)
    if told.status == REFUSED:
        problem = _("Nothing may be granted now: the reason stands below.")
        return make_response(_page(case, query, problem), REFUSED)
    flash(_("Granted: %(variant)s.", variant=_granted_title(told.body)))
    return redirect(query.url(case=case), 303)


def _page(case: str, query: ListQuery, problem: str) -> str:
    panel = read_panel(case, read_setup())
    if panel is None or panel.measure is None:
        abort(NOT_FOUND)
    may = [one for one in panel.measure["variants"] if one["may"]]
    return render_template(
        "work/grant.html",
        panel=panel,
        measure=panel.measure,
        choices=may,
        most=max((one["cost"] for one in may), default=0.0),
        back=query.url(case=case),
        problem=problem,
        fresh=new_label,
    )


def _granted_title(told: Mapping[str, Any]) -> str:
    """Return the title of what was granted."""
    name = told["granted"]["variant"]
    titles = {one["variant"]: spoken(one["title"]) for one in told["variants"]}
    return titles.get(name) or name
