"""The audit: who did what to what, when and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from nudge.pages.access import door
from nudge.pages.csv_file import csv_answer
from nudge.pages.translation import gettext as _

blueprint = Blueprint("audit", __name__)

Json = Mapping[str, Any]
FILTERS: Final = ("who", "object", "action", "from", "to")
MOST: Final = 1_000
KINDS: Final = {"slot": "/slots/{}", "alarm": "/alarms/{}"}
"""Kind of an object -> path of its page."""


@blueprint.get("/audit")
def audit() -> str | Response:
    """Return the page of the audit, or the lines of its filters as CSV."""
    asked = {name: request.args.get(name, "").strip() for name in FILTERS}
    query: dict[str, Any] = asked | {"cursor": request.args.get("cursor", "")}
    if request.args.get("format") == "csv":
        return _file(door().get("/v1/audit", **query, limit=MOST).body)
    found = door().get("/v1/audit", **query, expect={422})
    wrong = found.body.get("errors", {}) if found.status == 422 else {}  # noqa: PLR2004 (of HTTP)
    page = {"lines": [], "cursor": ""} if wrong else found.body
    return render_template(
        "audit.html",
        page=page,
        asked=asked,
        wrong=wrong,
        filtered=any(asked.values()),
        words=action_words(),
        path_of=path_of,
    )


def path_of(named: str) -> str:
    """Return the path of the page of an object; empty where it has none."""
    kind, _colon, name = named.partition(":")
    safe = name.replace("_", "").replace("-", "").isalnum() and name.isascii()
    return KINDS[kind].format(name) if kind in KINDS and safe else ""


def action_words() -> dict[str, str]:
    """Return the words of the actions; a call of the API that has none is told by its name."""
    words: dict[str, Callable[[], str]] = {
        "slot_made": lambda: _("Slot added"),
        "slot_changed": lambda: _("Slot changed"),
        "policy_held": lambda: _("Policy held at a version"),
        "policy_released": lambda: _("Policy let go on"),
        "document_made": lambda: _("Document added"),
        "document_changed": lambda: _("Document changed"),
        "alarm_open": lambda: _("Alarm opened"),
        "alarm_reopen": lambda: _("Alarm opened again"),
        "alarm_acknowledge": lambda: _("Alarm acknowledged"),
        "alarm_silence": lambda: _("Alarm silenced"),
        "alarm_resolve": lambda: _("Alarm resolved"),
        "alarm_release": lambda: _("Interval of the alarm released"),
        "alarm_discard": lambda: _("Interval of the alarm discarded"),
        "quarantine_mark": lambda: _("Interval put under quarantine"),
        "quarantine_extend": lambda: _("Quarantine extended"),
        "quarantine_release": lambda: _("Quarantine lifted"),
        "quarantine_discard": lambda: _("Quarantined interval discarded"),
        "key_made": lambda: _("API key made"),
        "key_revoked": lambda: _("API key revoked"),
        "user_added": lambda: _("User added"),
        "first_admin_named": lambda: _("First administrator named"),
        "role_set": lambda: _("Role given"),
        "user_disabled": lambda: _("User shut out"),
        "user_enabled": lambda: _("User let in again"),
        "user_renamed": lambda: _("User renamed"),
        "password_set": lambda: _("Password set"),
        "language_set": lambda: _("Language set"),
        "link_made": lambda: _("Sign-in link made"),
        "signed_in": lambda: _("Signed in"),
        "signed_in_by_link": lambda: _("Signed in by a link"),
        "signed_out": lambda: _("Signed out"),
        "sign_in_locked": lambda: _("Sign-in locked after failures"),
        "sessions_ended": lambda: _("Sessions ended"),
    }
    return {name: text() for name, text in words.items()}


def _file(page: Json) -> Response:
    words = action_words()
    header = (
        _("Time"),
        _("Who"),
        _("Action"),
        _("Object"),
        _("Revision"),
        _("Reason given"),
        _("Changes"),
    )
    rows = [
        (
            *(one["at"], one["who"], words.get(one["action"], one["action"]), one["object"]),
            *(one["revision"], one["why"], "; ".join(one["diff"])),
        )
        for one in page["lines"]
    ]
    return csv_answer("audit", header, rows)
