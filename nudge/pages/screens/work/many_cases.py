"""Steps on many cases at once: assign, close, hand over; each is shown before it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from nudge.domain.identity.sealing import new_label
from nudge.pages.access import door
from nudge.pages.screens.work.list_query import ListQuery
from nudge.pages.screens.work.work_setup import WorkSetup, read_setup
from nudge.pages.translation import gettext as _
from nudge.pages.translation import ngettext

blueprint = Blueprint("many_cases", __name__)

MOST: Final = 1_000
"""Cases of one call of the API."""
PARTS: Final = 20
"""Calls of one hand-over; who has more hands over once more."""
ASSIGNED: Final = "/v1/worklist/assignments"
HANDOVER: Final = "/v1/worklist/handovers"


@blueprint.get("/work/many/assign")
def look_at_assignment() -> str | Redirect:
    """Return what an assignment of the chosen cases would change; nothing is changed by looking."""
    back, picks = _back(), _picks(request.args.getlist("pick"))
    if not picks:
        return _none_chosen(back)
    setup, to = read_setup(), request.args.get("to", "")
    told = None
    if to in dict(setup.assignees):
        told = door().post(ASSIGNED, {"ids": picks, "to": to, "dry_run": True}).body
    return render_template(
        "work/assign.html",
        picks=picks,
        to=to,
        back=back,
        setup=setup,
        told=told,
        shares=_shares(told, setup),
        fresh=new_label,
    )


@blueprint.post("/work/many/assign")
def assign() -> Redirect:
    """Assign the chosen cases."""
    picks, to = _picks(request.form.getlist("pick")), request.form.get("to", "")
    body = {"ids": picks, "to": to, "action_id": request.form.get("action_id") or new_label()}
    told = door().post(ASSIGNED, body | _by(read_setup())).body
    _tell(told["counts"])
    return redirect(_back().url(), 303)


@blueprint.get("/work/many/close")
def look_at_closing() -> str | Redirect:
    """Return the form that closes the chosen cases with one outcome."""
    back, picks = _back(), _picks(request.args.getlist("pick"))
    if not picks:
        return _none_chosen(back)
    return _closing(back, picks, read_setup(), "")


@blueprint.post("/work/many/close")
def close() -> Response | Redirect:
    """Close the chosen cases with one outcome; a case that is closed by now stays as it is."""
    back, picks, setup = _back(), _picks(request.form.getlist("pick")), read_setup()
    outcome = request.form.get("outcome", "")
    if outcome not in dict(setup.outcomes):
        told = _("Choose the outcome first: nothing was saved.")
        return make_response(_closing(back, picks, setup, told), 422)
    row = {"outcome": outcome, "close": True, "note": request.form.get("note", "").strip()[:500]}
    row |= {"agent": setup.me} if setup.me else {}
    rows = [{"case": one, **row} for one in picks]
    counts = door().post("/v1/worklist/outcomes", {"rows": rows}).body["counts"]
    flash(ngettext("%(num)s case is closed.", "%(num)s cases are closed.", counts["taken"]))
    _tell_refused(counts["refused"])
    return redirect(back.url(), 303)


@blueprint.get("/work/handover")
def look_at_handover() -> str:
    """Return the form of a hand-over; with both names what it would change."""
    setup = read_setup()
    who, to = request.args.get("from", setup.me), request.args.get("to", "")
    known, told = dict(setup.assignees), None
    if who in known and to in known and who != to:
        told = door().post(HANDOVER, {"from": who, "to": to, "dry_run": True}).body
    return render_template(
        "work/handover.html",
        setup=setup,
        who=who,
        to=to,
        told=told,
        same=bool(to) and who == to,
        shares=_shares(told, setup),
        fresh=new_label,
    )


@blueprint.post("/work/handover")
def hand_over() -> Redirect:
    """Hand an agent's open cases over."""
    name = request.form.get("action_id") or new_label()
    body = {"from": request.form.get("from", ""), "to": request.form.get("to", "")}
    counts: Counter[str] = Counter()
    more: dict[str, Any] = _by(read_setup())
    for _part in range(PARTS):
        told = door().post(HANDOVER, body | {"action_id": name} | more).body
        counts.update(told["counts"])
        if not told["cursor"]:
            break
        more["cursor"] = told["cursor"]
    _tell(counts)
    return redirect("/work", 303)


def _closing(back: ListQuery, picks: Sequence[str], setup: WorkSetup, problem: str) -> str:
    return render_template(
        "work/close.html", back=back, picks=picks, setup=setup, problem=problem, form=request.form
    )


def _back() -> ListQuery:
    """Return the list to go back to: one of this site, whatever the form says."""
    return ListQuery.parse(request.values.get("back", ""))


def _picks(names: Sequence[str]) -> list[str]:
    """Return the ids of the chosen cases, each once."""
    return list(dict.fromkeys(one for one in names if one))[:MOST]


def _by(setup: WorkSetup) -> dict[str, Any]:
    """Return under whose name the step is taken: an agent's own, else the account's."""
    return {"by": setup.me} if setup.me else {}


def _shares(told: Mapping[str, Any] | None, setup: WorkSetup) -> list[tuple[str, int]]:
    """Return how many cases each would get, by title."""
    cases = told["cases"] if told else []
    found = Counter(one["to"] for one in cases if one["status"] == "assigned")
    return [(setup.names.get(name, name), count) for name, count in found.most_common()]


def _none_chosen(back: ListQuery) -> Redirect:
    flash(_("No case is chosen: tick the boxes before the cases first."))
    return redirect(back.url(), 303)


def _tell(counts: Mapping[str, int]) -> None:
    flash(ngettext("%(num)s case is assigned.", "%(num)s cases are assigned.", counts["assigned"]))
    _tell_refused(counts["refused"])


def _tell_refused(count: int) -> None:
    if count:
        flash(
            ngettext(
                "%(num)s case stays as it is: somebody else acted on it, or it is closed.",
                "%(num)s cases stay as they are: somebody else acted on them, or they are closed.",
                count,
            )
        )
