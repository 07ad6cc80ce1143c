"""The report of factors from the lake: people, what was known, and who left. For a worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nudge.domain.care.factors.factor_query import FactorQuestion
from nudge.domain.care.factors.factor_view import factor_report, of_scene
from nudge.domain.care.factors.people_columns import ColumnRoles, PeopleColumns
from nudge.domain.reports.report_time import lake_of
from nudge.lake.engine.query import DUCKDB, Backend, connect_contents
from nudge.lake.experience.people_features import KIND, LEFT, SEGMENT, people_features
from nudge.lake.files.reader import Lake

Plain = dict[str, Any]


def lake_factors(
    lake: Lake, question: FactorQuestion, attributes: Mapping[str, str], engine: str = DUCKDB
) -> Plain:
    """Return the report of factors, as plain JSON, from the lake as it is now.

    Args:
        lake: of the installation.
        question: what is asked.
        attributes: other name of a dimension -> its context attribute.
        engine: that counts; see `connect`.

    Raises:
        BrokenLakeError: the lake cannot be read.
        EngineMissingError: the engine is not installed.
    """
    contents = lake.contents()
    until, calendar = min(contents.watermarks().values(), default=0.0), question.calendar
    found = factor_answer(connect_contents(contents, engine), question, attributes)
    head = {"as_of": calendar.label_or_none(until or None)}
    return head | lake_of(contents.since(), calendar) | found


def factor_answer(
    backend: Backend, question: FactorQuestion, attributes: Mapping[str, str]
) -> Plain:
    """Return the report of factors of the lake that a backend holds.

    Args:
        backend: from `connect`.
        question: what is asked.
        attributes: other name of a dimension -> its context attribute.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    from nudge.models.factors.analysis import analyse  # noqa: PLC0415 - scikit-learn takes a second

    found = people_features(backend, question, attributes)
    roles = ColumnRoles(LEFT, SEGMENT if question.segment else "", "" if question.kind else KIND)
    columns = PeopleColumns(roles)
    for row in found.rows:
        if question.kind in {"", _kind(row)} or row[LEFT] is False:
            columns.take({name: row[name] for name in row if name != KIND or not question.kind})
    table, skipped = columns.table()
    report = of_scene(factor_report(analyse(table)), question.scene)
    return _head(question, found.people) | report | {"left_out": skipped}


def _kind(row: Mapping[str, Any]) -> str:
    return str(row[KIND] or "").partition(":")[2]


def _head(question: FactorQuestion, people: int) -> Plain:
    label = question.calendar.label
    return {
        "from": label(question.moment),
        "to": label(question.end),
        "known_from": label(question.first),
        "segment": question.segment,
        "scene": question.scene,
        "kind": question.kind,
        "people_known": people,
    }
