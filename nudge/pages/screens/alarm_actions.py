"""Actions on an alarm, in two steps: what it changes, then the change with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request

from nudge import clock
from nudge.pages.access import door, may
from nudge.pages.api_door import api_path
from nudge.pages.screens.alarms import held_exposures
from nudge.pages.translation import gettext as _
from nudge.pages.words import N_

blueprint = Blueprint("alarm_actions", __name__)

QUESTIONS: Final[Mapping[str, str]] = {
    "acknowledge": N_("Acknowledge this alarm?"),
    "silence": N_("Silence this alarm for a while?"),
    "resolve": N_("Resolve this alarm?"),
    "release": N_("Release the quarantined interval?"),
    "discard": N_("Discard the quarantined interval for good?"),
}
BUTTONS: Final[Mapping[str, str]] = {
    "acknowledge": N_("Acknowledge"),
    "silence": N_("Silence"),
    "resolve": N_("Resolve"),
    "release": N_("Release the interval"),
    "discard": N_("Discard the interval"),
}
DONE: Final[Mapping[str, str]] = {
    "acknowledge": N_("The alarm is acknowledged. Reminders stop; it stays until it is resolved."),
    "silence": N_("The alarm is silent until the chosen time."),
    "resolve": N_("The alarm is resolved."),
    "release": N_("The interval is released: it teaches again from the next publication on."),
    "discard": N_("The interval is discarded: it never counts."),
}
SPANS: Final[Mapping[str, str]] = {
    "2": N_("2 hours"),
    "8": N_("8 hours"),
    "24": N_("1 day"),
    "72": N_("3 days"),
}
HOUR: Final = 3600
LONGEST: Final = 500
UNFIT: Final = 422


@blueprint.get("/alarms/<name>/actions/<action>")
def preview(name: str, action: str) -> str:
    """Return what an action would change, with the form that does it."""
    return _page(name, action)


@blueprint.post("/alarms/<name>/actions/<action>")
def act(name: str, action: str) -> str | Response:
    """Take the step, and lead back to the alarm; a repeated step changes nothing."""
    _check(action)
    why = request.form.get("why", "").strip()[:LONGEST]
    hours = request.form.get("hours", "2")
    if not why:
        return _page(name, action, error=_("Tell the reason: it stands in the audit."))
    asked: dict[str, Any] = {"action": action, "note": why}
    if action == "silence":
        asked["until"] = clock.now() + HOUR * int(hours if hours in SPANS else "2")
    path = api_path("/v1/alarms/{}/actions", name)
    done = door().post(path, asked, expect={UNFIT})
    if done.status == UNFIT:
        return _page(name, action, why=why, problem=done.body.get("message", ""))
    flash(_(DONE[action]))
    return redirect(api_path("/alarms/{}", name), 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


def _check(action: str) -> None:
    """Refuse an action that does not exist, and anybody whose role allows none."""
    if action not in QUESTIONS:
        abort(404)
    if not may("patchAlarm"):
        abort(403)


def _page(name: str, action: str, *, why: str = "", error: str = "", problem: str = "") -> str:
    _check(action)
    alarm = door().get(api_path("/v1/alarms/{}", name)).body
    kept = {one["id"]: one for one in door().get("/v1/quarantines").body["quarantines"]}
    quarantine = kept.get(alarm["quarantine"])
    held = held_exposures(quarantine) if action in {"release", "discard"} else None
    return render_template(
        "alarm_action.html",
        alarm=alarm,
        action=action,
        question=_(QUESTIONS[action]),
        button=_(BUTTONS[action]),
        quarantine=quarantine,
        held=held,
        spans=[(hours, _(text)) for hours, text in SPANS.items()],
        why=why,
        error=error,
        problem=problem,
    )
