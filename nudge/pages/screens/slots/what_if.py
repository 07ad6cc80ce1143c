"""Screen of a question: what another way to choose would have brought, as a sentence or refused."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from nudge.clock import now
from nudge.pages.api_door import ApiAnswer
from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.slots.slot_data import MISSING, SlotData
from nudge.pages.screens.slots.variant_names import variant_names
from nudge.pages.screens.slots.what_if_form import DAYS, ROWS, WAYS, WhatIfForm, condition_groups

blueprint = Blueprint("what_if", __name__)

DAY: Final = 86_400
REFUSED: Final = 422
ESTIMATORS: Final = ("dr", "snips", "ips", "dm")


@blueprint.get("/slots/<slot>/what-if")
def ask(slot: str) -> Response:
    """Return the form, and behind it the answer to what was asked in it."""
    data = SlotData.read(slot)
    names = variant_names(data.slot)
    form = WhatIfForm.read(request.args, names)
    groups = condition_groups(data.slot, data.model)
    problem = form.problem(groups) if form.asked else ""
    reply = _evaluate(data, form) if form.asked and not problem else None
    found = reply.body if reply is not None and reply.status == 200 else None  # noqa: PLR2004
    if found is not None and request.args.get("format") == "csv":
        return _file(slot, found)
    text = render_template(
        "slots/what_if.html",
        slot=data.slot,
        names=names,
        form=form,
        groups=groups,
        problem=problem,
        pending=reply is not None and reply.pending,
        refusal="" if reply is None or reply.status < 400 else _refusal(reply),  # noqa: PLR2004
        found=found,
        best=None if found is None else _best(found),
        policy=data.policy,
        ways=WAYS,
        periods=DAYS,
        row_numbers=range(ROWS),
    )
    return make_response(text, REFUSED if problem else 200)


def _evaluate(data: SlotData, form: WhatIfForm) -> ApiAnswer:
    asked: dict[str, object] = {"target": form.target}
    if form.days:
        # From the beginning of an hour: the same question again is the same job.
        asked["from"] = (int(now()) // 3600) * 3600 - int(form.days) * DAY
    return data.api.post(f"{data.path}/evaluations", asked, expect={MISSING, REFUSED})


def _refusal(reply: ApiAnswer) -> str:
    if reply.status == MISSING:
        return str(_("Nothing was archived of this slot yet. Ask again in a few minutes."))
    return str(_("The question does not fit the slot any more. Choose anew."))


def _best(found: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return the estimate that the sentence tells; None where there is none."""
    told = (found["estimators"].get(name) for name in ESTIMATORS[:2])
    return next((one for one in told if one and one["value"] is not None), None)


def _file(slot: str, found: Any) -> Response:  # noqa: ANN401 (JSON)
    header = [_("Estimator"), _("Estimate"), _("Low end of the interval")]
    header.append(_("High end of the interval"))
    rows = [
        (name.upper(), one["value"], one["low"], one["high"])
        for name in ESTIMATORS
        if (one := found["estimators"].get(name))
    ]
    return csv_answer(f"{slot}-what-if", header, rows)
