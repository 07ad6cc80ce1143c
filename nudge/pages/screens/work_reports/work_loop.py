"""The closed loop: found, assigned, reached, kept, what it cost, and what acting added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from nudge.domain.figures.titles import value_title
from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.work.case_words import kind_word
from nudge.pages.screens.work_reports.report_query import UNFIT, ask_report, report_query
from nudge.pages.translation import gettext as _
from nudge.pages.translation import language, spoken

blueprint = Blueprint("work_loop", __name__)

API: Final = "/v1/worklist/loop"
NAMES: Final = ("from", "to", "by", "kind", "kept_within")
KINDS: Final = ("warning", "winback", "measure")


@blueprint.get("/work/loop")
def show() -> str | Response:
    """Return the report; `format=csv` its file."""
    query = report_query(NAMES)
    answer = ask_report(API, query)
    ready = answer.status not in UNFIT and not answer.pending
    if ready and request.args.get("format") == "csv":
        return csv_answer("loop", *_table(answer.body))
    return render_template(
        "work/loop.html",
        query=query,
        pending=answer.pending,
        report=answer.body if ready else None,
        groups=[(answer.body["whole"], _("All cases")), *_groups(answer.body)] if ready else [],
        words=_words(),
        kinds=[("", _("Any kind")), *((one, kind_word(one)) for one in KINDS)],
    )


def group_title(by: str, group: Mapping[str, Any]) -> str:
    """Return the title of a group's value in the reader's language."""
    if by == "kind":
        return kind_word(group["value"])
    told = spoken(group["name"]) or str(group["value"])
    return value_title(by, told, language())


def _groups(report: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    return ((one, group_title(report["by"], one)) for one in report["groups"])


def _words() -> list[tuple[str, str]]:
    return [
        ("", _("Not divided")),
        ("kind", _("By kind")),
        ("rule", _("By rule")),
        ("stage", _("By stage")),
        ("reason", _("By reason")),
        ("tier", _("By value tier")),
        ("measure", _("By measure")),
        ("team", _("By team")),
        ("agent", _("By agent")),
    ]


def _table(report: Mapping[str, Any]) -> tuple[list[str], Iterator[list[object]]]:
    head = [
        *(_("Group"), _("Step"), _("Cases"), _("Of"), _("Share"), _("Lower end"), _("Upper end")),
        *(_("Seconds from the step before"), _("Cost (yuan)")),
    ]
    named = [(report["whole"], _("All cases")), *_groups(report)]
    return head, (_row(name, step) for group, name in named for step in group["steps"])


def _row(name: str, step: Mapping[str, Any]) -> list[object]:
    low, high = step["interval"] or (None, None)
    figures = [step["cases"], step["of"], step["share"], low, high]
    return [name, spoken(step["name"]), *figures, step["seconds_from_before"], step["cost"]]
