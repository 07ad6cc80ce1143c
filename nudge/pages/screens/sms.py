"""The screen of SMS: when sends work, what is planned, who may be contacted, and the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from nudge.pages.access import door, may
from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.sms_check import ContactAnswer, ask_check
from nudge.pages.screens.sms_maps import HeatMaps, heat_maps, map_rows
from nudge.pages.screens.sms_plans import SendPlan, noon, plan_rows, send_plan
from nudge.pages.translation import gettext as _

blueprint = Blueprint("sms", __name__)

BY: Final = ("month_day", "days_before")
FAILED: Final = frozenset({422, 503})
"""Statuses of a job that could not be done: the rest of the page stands without it."""


@blueprint.get("/sms")
def sms() -> Response | str:
    """Return the page, a part of it that lives, or one of its tables as a file."""
    policy = door().get("/v1/contact-policy").body
    table = request.args.get("table") if request.args.get("format") == "csv" else None
    if table is not None:
        return _file(table, policy)
    return _page(policy)


@blueprint.post("/sms")
def check() -> str:
    """Return the page with the answer whether somebody may be contacted.

    It stands in no address: a number would be in histories and logs.
    """
    policy = door().get("/v1/contact-policy").body
    return _page(policy, ask_check(request.form))


def _page(policy: Mapping[str, Any], checked: ContactAnswer | None = None) -> str:
    # The part that lives asks for the plans alone: the maps are a worker's work.
    whole = request.args.get("part") != "plan"
    return render_template(
        "sms.html",
        policy=policy,
        rules=_rules_by_code(policy),
        plan=_plan(),
        maps=_maps(policy) if whole and may("getSmsEffects") else None,
        whole=whole,
        by=_by(),
        purpose=_purpose(policy),
        purposes=[one["name"] for one in policy["purposes"] if not one["exempt"]],
        all_purposes=[one["name"] for one in policy["purposes"]],
        channels=[one["name"] for one in policy["channels"]],
        noon=noon,
        checked=checked,
        form=request.form,
    )


def _by() -> str:
    given = request.args.get("by", BY[0])
    return given if given in BY else BY[0]


def _purpose(policy: Mapping[str, Any]) -> str:
    """Return the purpose that is asked for, or the first of the usual ones that there is."""
    names = [one["name"] for one in policy["purposes"]]
    wanted = request.args.get("purpose", "reminder")
    return wanted if wanted in names else names[0]


def _maps(policy: Mapping[str, Any]) -> HeatMaps:
    answer = door().get(
        "/v1/sms/effects", expect=FAILED, by=_by(), purpose=_purpose(policy), channel="sms"
    )
    return heat_maps(answer, policy)


def _plan() -> SendPlan:
    return send_plan(door().get("/v1/sms/forecast", channel="sms").body)


def _rules_by_code(policy: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the sentences of the policy by the kind of their rule, in the policy's order."""
    found: dict[str, list[Any]] = {}
    for one in policy["rules"]:
        found.setdefault(one["code"], []).append(one["sentence"])
    return found


def _file(table: str, policy: Mapping[str, Any]) -> Response:
    files: Mapping[str, Callable[[], Response]] = {
        "effects": lambda: _effects_file(policy),
        "plan": lambda: csv_answer("sms-plan", *plan_rows(_plan())),
        "policy": lambda: _policy_file(policy),
        "closed": lambda: csv_answer(
            "sms-closed-days",
            (_("Date"), _("Reason")),
            ((one["date"], one["reason"]) for one in policy["closed_days"]),
        ),
    }
    return files.get(table, files["plan"])()


def _effects_file(policy: Mapping[str, Any]) -> Response:
    return csv_answer(f"sms-effects-{_by()}", *map_rows(_maps(policy)))


def _policy_file(policy: Mapping[str, Any]) -> Response:
    rows = ((one["code"], one["sentence"]["zh"], one["sentence"]["en"]) for one in policy["rules"])
    return csv_answer("contact-policy", (_("Rule"), _("In Chinese"), _("In English")), rows)
