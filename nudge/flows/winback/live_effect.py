"""The effect of win-back on live cases: measured on the lake, and fitted for the list."""

from __future__ import annotations

from typing import Final

from bandits.units import DAY
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.loop.loop_question import LoopQuestion, LoopTerms
from nudge.domain.loop.loop_report import loop_report
from nudge.domain.reports.report_time import lake_of
from nudge.domain.winback.effect_view import effect_report
from nudge.domain.winback.live_table import live_table
from nudge.domain.winback.uplift_in_force import UpliftInForce
from nudge.lake.engine.query import DUCKDB, Backend, connect_contents
from nudge.lake.files.reader import Lake
from nudge.lake.loop.case_people import case_people
from nudge.lake.loop.loop_rows import loop_cases
from nudge.models.uplift.effect import CampaignAnalysis, measure_effect
from nudge.models.uplift.in_force import uplift_in_force

FITTED: Final = 180.0 * DAY
"""Seconds of openings to which the uplift of the list is fitted."""


def live_effect(
    lake: Lake, question: LoopQuestion, terms: LoopTerms, engine: str = DUCKDB
) -> dict[str, object]:
    """Return the effect of win-back on live cases, as plain JSON, from the lake as it is now.

    Args:
        lake: of the installation.
        question: what is asked, about win-back.
        terms: of the operator.
        engine: that counts; see `connect`.

    Raises:
        BrokenLakeError: the lake cannot be read.
        EngineMissingError: the engine is not installed.
    """
    contents = lake.contents()
    until, calendar = min(contents.watermarks().values(), default=0.0), question.calendar
    found = live_effect_answer(connect_contents(contents, engine), question, terms, until)
    head = {"as_of": calendar.label_or_none(until or None)}
    return head | lake_of(contents.since(), calendar) | found


def live_effect_answer(
    backend: Backend, question: LoopQuestion, terms: LoopTerms, known_until: float
) -> dict[str, object]:
    """Return the effect of win-back of the lake that a backend holds.

    Args:
        backend: from `connect`.
        question: what is asked, about win-back.
        terms: of the operator.
        known_until: seconds; all that had happened by then is in the lake.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    report = loop_report(question, loop_cases(backend, question, terms), known_until, terms)
    measured = _analyse(backend, question, known_until)[0].report
    kept = ("from", "to", "by", "kept_within", "interval_level", "number_of_groups")
    groups = [_group(one) for one in (report["whole"], *report["groups"])]
    head = {name: report[name] for name in kept}
    return {**head, "effect": effect_report(measured), "whole": groups[0], "groups": groups[1:]}


def _group(group: dict[str, object]) -> dict[str, object]:
    names = ("value", "name", "cases", "people", "held_out", "not_over", "holdout")
    return {name: group[name] for name in names}


def fit_uplift(backend: Backend, known_until: float, kept_within: float) -> UpliftInForce:
    """Fit the uplift of the list to live cases whose horizon is over.

    Args:
        backend: from `connect`.
        known_until: seconds; all that had happened by then is in the lake.
        kept_within: seconds behind the opening in which a payment is a return.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    start = max(known_until - kept_within - FITTED, 0.0)
    kind = CaseKind.WINBACK.value
    question = LoopQuestion(start, known_until, kind=kind, kept_within=kept_within)
    analysis, uplift = _analyse(backend, question, known_until)
    del analysis
    return uplift


def _analyse(
    backend: Backend, question: LoopQuestion, known_until: float
) -> tuple[CampaignAnalysis, UpliftInForce]:
    table = live_table(case_people(backend, question, known_until))
    analysis = measure_effect(table)
    return analysis, uplift_in_force(analysis, table, known_until)
