"""The effect of win-back: what a contact adds, to whom, and whether that can be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.work_reports.report_query import UNFIT, ask_report, report_query
from nudge.pages.screens.work_reports.work_loop import group_title
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

blueprint = Blueprint("winback_effect", __name__)

API: Final = "/v1/winback/effect"
NAMES: Final = ("from", "to", "by", "kept_within")


@blueprint.get("/winback/effect")
def show() -> str | Response:
    """Return the report; `format=csv` its groups as a file."""
    query = report_query(NAMES)
    answer = ask_report(API, query)
    ready = answer.status not in UNFIT and not answer.pending
    report = answer.body if ready else None
    groups = named_groups(report) if report else []
    if report and request.args.get("format") == "csv":
        return csv_answer("winback-effect", _head(), [_row(name, one) for name, one in groups])
    return render_template(
        "work/effect.html",
        query=query,
        pending=answer.pending,
        report=report,
        groups=groups,
        scale=scale_of(report["effect"]["fifths"]) if report else (0.0, 1.0),
        words=_words(),
    )


def named_groups(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return all cases and each group, with its title."""
    groups = [(group_title(report["by"], one), one) for one in report["groups"]]
    return [(_("All cases"), report["whole"]), *groups]


def scale_of(parts: list[Mapping[str, Any]]) -> tuple[float, float]:
    """Return least and most of the intervals of some increments, 0 among them."""
    ends = [end for one in parts for end in one["interval"]]
    return min([0.0, *ends]), max([0.0, *ends])


def _words() -> list[tuple[str, str]]:
    return [
        ("", _("Not divided")),
        ("stage", _("By stage")),
        ("reason", _("By reason")),
        ("rule", _("By rule")),
        ("tier", _("By value tier")),
    ]


def _head() -> list[str]:
    return [
        *(_("Group"), _("Cases"), _("Held out"), _("Not over yet"), _("Share kept")),
        *(_("Share kept of the held out"), _("Difference"), _("Lower end"), _("Upper end")),
        _("In words"),
    ]


def _row(name: str, group: Mapping[str, Any]) -> list[object]:
    told = group["holdout"]
    kept, held, change = told["kept"], told["kept_held"], told["difference"]
    low, high = (change and change["interval"]) or (None, None)
    figures = [one["value"] if one else None for one in (kept, held, change)]
    counts = [group["cases"], group["held_out"], group["not_over"]]
    return [name, *counts, *figures, low, high, spoken(told)]
