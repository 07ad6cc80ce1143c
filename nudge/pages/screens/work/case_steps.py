"""Steps on one case: assign, contact, outcome, close, reopen, and the next case of an agent.

A step carries the revision that was seen. Where somebody else acted meanwhile the page says who,
shows the case as it is now, and keeps what was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, flash, make_response, redirect, request
from werkzeug.wrappers import Response as Redirect

from nudge.domain.identity.sealing import new_label
from nudge.pages.access import door
from nudge.pages.api_door import ApiAnswer, api_path
from nudge.pages.screens.work import lists
from nudge.pages.screens.work.case_panel import read_panel
from nudge.pages.screens.work.list_query import ListQuery
from nudge.pages.screens.work.step_draft import StepDraft
from nudge.pages.screens.work.work_setup import WorkSetup, read_setup
from nudge.pages.translation import gettext as _

blueprint = Blueprint("case_steps", __name__)

CHANGED: Final = 412
UNFIT: Final = frozenset({400, 422})
MINUTE: Final = 60.0
LONGEST: Final = 1_440
"""Minutes of a contact."""
ACTIONS: Final = ("assign", "contact", "outcome", "reopen")


@blueprint.post("/work/cases/<case>/steps")
def step(case: str) -> Response | Redirect:
    """Take a step on a case, and go back to its list."""
    values = {name: value.strip() for name, value in request.form.items()}
    query, setup = ListQuery.parse(values.get("back", "")), read_setup()
    body, draft = step_body(values, setup)
    if draft.problem:
        return _again(query.with_case_of(case), draft, setup, 422)
    path = api_path("/v1/worklist/{}/actions", case)
    answer = door().post(path, body, expect={CHANGED, *UNFIT})
    if answer.status == CHANGED:
        return _again(query.with_case_of(case), _taken(case, draft, setup), setup, CHANGED)
    if answer.status in UNFIT:
        return _again(query.with_case_of(case), _unfit(answer, draft), setup, answer.status)
    flash(_done(body, setup))
    if body["action"] == "close":
        return redirect(query.url(case=""), 303)
    return redirect(query.url(case=case, seen=str(answer.body["revision"])), 303)


@blueprint.post("/work/next")
def take_next() -> Redirect:
    """Take the next case for the agent who is signed in."""
    setup = read_setup()
    name = request.form.get("action_id") or new_label()
    told = door().post("/v1/worklist/next", {"agent": setup.me, "action_id": name})
    found = told.body["case"]
    if found is None:
        flash(_("There is no case of nobody that you take now."))
        return redirect("/work", 303)
    seen = str(found["revision"])
    return redirect(ListQuery("/work", {"whose": "mine"}).url(case=found["id"], seen=seen), 303)


def step_body(values: Mapping[str, str], setup: WorkSetup) -> tuple[dict[str, Any], StepDraft]:
    """Return the body of the API for a form, and its draft, with the problem where there is one.

    Args:
        values: of the form.
        setup: whose agent acts under their own name.
    """
    action, problem, wrong = values.get("action", ""), "", ""
    body: dict[str, Any] = {"action": action, "action_id": values.get("action_id") or new_label()}
    body |= {"by": setup.me} if setup.me else {}
    body |= {"note": values["note"]} if values.get("note") else {}
    revision = values.get("revision", "")
    body |= {"revision": int(revision)} if revision.isascii() and revision.isdecimal() else {}
    if action == "assign":
        body["to"] = values.get("to", "")
    elif action == "contact":
        more = _contact(values)
        problem, wrong = ("", "") if more else (_minutes_wrong(), "minutes")
        body |= more or {}
    elif action == "outcome":
        body |= {"outcome": values.get("outcome", "")}
        body |= {"action": "close"} if values.get("close") else {}
        if not body["outcome"]:
            problem, wrong = _("Choose the outcome first: nothing was saved."), "outcome"
    elif action not in ACTIONS:
        problem = _("This is not a step on a case. Use the buttons of the page.")
    return body, StepDraft(action, values, problem, wrong)


def _contact(values: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what is told of a contact; None where its minutes are no number."""
    found: dict[str, Any] = {"reached": values.get("reached") == "true"}
    if values.get("channel"):
        found["channel"] = values["channel"]
    minutes = values.get("minutes", "").replace(",", ".")
    if not minutes:
        return found
    try:
        length = float(minutes)
    except ValueError:
        return None
    return found | {"seconds": length * MINUTE} if 0 <= length <= LONGEST else None


def _minutes_wrong() -> str:
    return _("The minutes have to be a number from 0 to 1,440: nothing was saved.")


def _taken(case: str, draft: StepDraft, setup: WorkSetup) -> StepDraft:
    """Return the draft with who acted meanwhile."""
    panel = read_panel(case, setup)
    last = panel.last if panel else None
    if last is None:
        return draft.refused(_("Somebody else has just acted on this case. Look, and act again."))
    text = _(
        "%(who)s was faster: “%(what)s” Nothing of yours was saved; what you typed still stands "
        "below. Look, and act again.",
        who=last.who,
        what=last.sentence,
    )
    return draft.refused(text)


def _unfit(answer: ApiAnswer, draft: StepDraft) -> StepDraft:
    """Return the draft with why the step does not fit the case."""
    wrong = next(iter((answer.body or {}).get("errors") or {"": ""}))
    words = {
        "action": _("This step does not fit the case as it is now: nothing was saved."),
        "to": _("Nobody of this name takes cases: nothing was saved. Choose another."),
        "outcome": _("This outcome is not known any more: nothing was saved. Choose another."),
        "channel": _("This channel is not in the contact rules: nothing was saved."),
        "note": _("The note is too long: nothing was saved. Write at most 500 characters."),
    }
    text = words.get(wrong) or _("Something in the form does not fit: nothing was saved.")
    return draft.refused(text, wrong)


def _done(body: Mapping[str, Any], setup: WorkSetup) -> str:
    words = {
        "assign": _("Assigned to %(to)s.", to=setup.names.get(body.get("to", ""), "")),
        "contact": _("The contact is written down."),
        "outcome": _("The outcome is written down."),
        "close": _("The case is closed. The next one stands beside the list."),
        "reopen": _("The case is open again."),
    }
    return words[body["action"]]


def _again(query: ListQuery, draft: StepDraft, setup: WorkSetup, status: int) -> Response:
    """Return the list with the case as it is now, and with what was typed."""
    return make_response(lists.render(query, draft, setup), status)
