"""Factors of leaving as a page: scores and behaviours, how surely, and for whom, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from nudge.domain.care.experience.leaving import TITLES
from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.work_reports.report_query import UNFIT, ask_report, report_query
from nudge.pages.translation import gettext as _
from nudge.pages.translation import language, spoken

blueprint = Blueprint("leaving_factors", __name__)

API: Final = "/v1/warnings/factors"
NAMES: Final = ("from", "to", "segment", "scene", "kind")
SURE: Final = ("lowers", "raises")
"""Verdicts of factors that can be told; the order of a report is kept among the others."""


@blueprint.get("/warnings/factors")
def show() -> str | Response:
    """Return the report; `format=csv` its effects as a file."""
    query = report_query(NAMES)
    answer = ask_report(API, query)
    ready = answer.status not in UNFIT and not answer.pending
    report = answer.body if ready else None
    if report and request.args.get("format") == "csv":
        return csv_answer("factors", _head(), _rows(report))
    return render_template(
        "work/factors.html",
        query=query,
        pending=answer.pending,
        report=report,
        cuts=[sorted_cut(one) for one in report["cuts"]] if report else [],
        kinds=_kinds(),
    )


def sorted_cut(cut: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cut with what can be told of it apart from what cannot."""
    sure = [one for one in cut["effects"] if one["verdict"] in SURE]
    return {**cut, "sure": sure, "rest": [one for one in cut["effects"] if one not in sure]}


def _kinds() -> list[tuple[str, str]]:
    titles = [(name, title[language()]) for name, title in TITLES.items()]
    return [("", _("Every kind of leaving")), *titles]


def _head() -> list[str]:
    return [
        *(_("Group"), _("Factor"), _("People"), _("Share that left"), _("Share of the others")),
        *(_("Odds"), _("Lower end"), _("Upper end"), _("In words")),
    ]


def _rows(report: Mapping[str, Any]) -> list[list[object]]:
    return [_row(cut, one) for cut in report["cuts"] for one in cut["effects"]]


def _row(cut: Mapping[str, Any], one: Mapping[str, Any]) -> list[object]:
    low, high = one["interval"] or (None, None)
    figures = [one["people"], one["rate"], one["other_rate"], one["odds"], low, high]
    return [cut["group"] or _("All people"), one["factor"], *figures, spoken(one["sentence"])]
