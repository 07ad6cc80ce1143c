"""Visitors of a slot in the lake: how many there were, and the latest decision of a sample."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import ibis
from ibis.expr.types import Table

from bandits.units import DAY
from nudge.domain.slots.slot import Scalar
from nudge.lake.engine.query import Backend, answer
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.reports.shown import midnight
from nudge.lake.reports.visit_groups import ELSEWHERE

DRAWN: Final = ("policy", "only_eligible")
"""Reasons of decisions in which a new variant takes part."""
IMPORTED: Final = "import:"
_COLUMNS: Final = ("partition", "subject", "channel", "page", "context_json")


@dataclass(frozen=True)
class SlotVisitor:
    """A visitor of a slot, as the latest decision tells.

    Attributes:
        partition: of the subject's journal.
        context: the attributes that the decision logged.
    """

    partition: int
    subject: str
    channel: str
    page: str
    context: Mapping[str, Scalar]


@dataclass(frozen=True)
class SlotTraffic:
    """The traffic of a slot in a period.

    Attributes:
        visitors: different subjects.
        exposures_a_day: that the policy drew; a period that has just begun counts as a day.
    """

    visitors: int
    exposures_a_day: float


def slot_traffic(backend: Backend, slot: str, start: float, end: float) -> SlotTraffic:
    """Count the visitors and exposures of a slot in a period.

    Args:
        backend: from `connect`.
        slot: name of the slot.
        start: seconds, the period's first moment.
        end: seconds, the first moment behind it.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    made = _within(backend.table("decisions"), slot, start, end)
    made = made.filter(~made.source.startswith(IMPORTED), made.channel != ELSEWHERE)
    shown = _within(backend.table("exposures"), slot, start, end)
    shown = shown.filter(shown.reason.isin(DRAWN))
    (people,) = answer(backend, made.aggregate(visitors=made.subject.nunique()))
    (seen,) = answer(backend, shown.aggregate(rows=shown.count(), first=shown.at_seconds.min()))
    days = max(end - (seen["first"] or end), DAY) / DAY
    return SlotTraffic(int(people["visitors"]), int(seen["rows"]) / days)


def slot_visitors(
    backend: Backend, slot: str, start: float, end: float, most: int
) -> Iterator[SlotVisitor]:
    """Yield visitors of a slot in a period; subjects are random, so the first are a fair sample.

    Args:
        backend: from `connect`.
        slot: name of the slot.
        start: seconds, the period's first moment.
        end: seconds, the first moment behind it.
        most: visitors.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    made = _within(backend.table("decisions"), slot, start, end)
    made = made.filter(~made.source.startswith(IMPORTED), made.channel != ELSEWHERE)
    first = made.select("subject").distinct().order_by("subject").limit(most)
    made = made.semi_join(first, "subject")
    # One value, so that the engine keeps one row; the place breaks ties.
    row = ibis.struct({name: made[name] for name in _COLUMNS})
    place = ibis.struct({"at": made["at"], "position": made.position})
    latest = made.group_by("subject").aggregate(row=row.argmax(place))
    told = latest.select(**{name: latest.row[name] for name in _COLUMNS})
    for found in answer(backend, told):
        context = json.loads(found["context_json"] or "{}")
        yield SlotVisitor(
            int(found["partition"]), found["subject"], found["channel"], found["page"], context
        )


def _within(rows: Table, slot: str, start: float, end: float) -> Table:
    rows = rows.filter(rows.slot == slot, rows.date >= midnight(start))
    return rows.filter(rows["at"] >= timestamp(start), rows["at"] < timestamp(end))
