"""People of the cases of a kind: who was held out, what was known at the opening, and who paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import ibis
import orjson
from ibis.expr.types import Table

from bandits.units import DAY
from nudge.domain.care.case import FACT
from nudge.domain.loop.loop_question import LoopQuestion
from nudge.domain.winback.live_table import LivePerson
from nudge.lake.engine.query import Backend, answer, keep_rows
from nudge.lake.loop.case_payments import case_payments
from nudge.lake.loop.case_rows import opened_cases
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.reports.taken_back import with_roots

MOST_PEOPLE: Final = 200_000
"""Most people who are looked at: the latest."""
HISTORY: Final = 2.0 * DAY
"""Seconds before the opening in which a decision tells what was known of the visitor."""


def case_people(
    backend: Backend, question: LoopQuestion, known_until: float
) -> Iterator[LivePerson]:
    """Yield the people of a question's cases, the latest first; whose horizon runs are left out.

    Args:
        backend: from `connect`.
        question: that is asked.
        known_until: seconds; all that had happened by then is in the lake.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    within = question.kept_within
    end = min(question.end, known_until - within)
    if end <= question.start:
        return
    events = backend.table("events")
    opened = opened_cases(events, question.start, end, question.kinds)
    rows = _first(with_roots(backend, opened, "people_roots"))
    rows = rows.mutate(until=rows.opened_at + ibis.interval(microseconds=round(within * 1e6)))
    with keep_rows(backend, rows) as cases:
        paid = case_payments(backend, cases, (question.start, end + within))
        both = cases.left_join(paid, "case").drop("case_right")
        known = _contexts(backend.table("decisions"), cases, question.start)
        both = both.left_join(known, "case").drop("case_right")
        found = both.order_by(both.opened_at.desc(), "case").limit(MOST_PEOPLE)
        columns = ("rule", "held", "paid", "fields_json", "known")
        for row in answer(backend, found.select(*columns)):
            yield _person(row)


def _first(rows: Table) -> Table:
    """Keep each person's first case: whether there is a second one is a consequence."""
    order = ibis.struct({"at": rows.opened_at, "case": rows.case})
    first = rows.group_by("root").aggregate(case=rows.case.argmin(order))
    return rows.semi_join(first, "case")


def _contexts(decisions: Table, cases: Table, start: float) -> Table:
    """Return what was known of the visitor of each case shortly before: `case, known`."""
    made = decisions.filter(decisions["at"] >= timestamp(start - HISTORY))
    made = made.select("subject", made_at=made["at"], context_json=made.context_json)
    near = ibis.interval(seconds=round(HISTORY))
    both = cases.inner_join(made, "subject")
    both = both.filter(both.made_at <= both.opened_at, both.made_at >= both.opened_at - near)
    return both.group_by("case").aggregate(known=both.context_json.argmax(both.made_at))


def _person(row: Mapping[str, Any]) -> LivePerson:
    fields: dict[str, Any] = orjson.loads(row["fields_json"])
    facts = {name.removeprefix(FACT): x for name, x in fields.items() if name.startswith(FACT)}
    known = orjson.loads(row["known"]) if row["known"] else {}
    return LivePerson(str(row["rule"]), bool(row["held"]), row["paid"] is not None, facts, known)
