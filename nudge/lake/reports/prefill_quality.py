"""Counts of prefilled numbers that visitors kept or edited, by variant.

The reward of such a slot may take more, such as a payment; these counts show the number's part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from nudge.domain.journal.records import DecisionReason
from nudge.domain.reports.questions import CONTEXT
from nudge.domain.reports.report_time import FEWEST
from nudge.lake.engine.query import answer
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.shown import ATTRIBUTE

KEPT: Final = "prefill_kept"
EDITED: Final = "prefill_edited"


def prefill_quality(backend: Backend, slot: str, cut: Cut) -> dict[str, Mapping[str, int | None]]:
    """Count, for each variant that the policy drew, the exposures kept and edited.

    Args:
        backend: from `connect`.
        slot: name of the slot.
        cut: period and filter of the exposures.

    Returns:
        Variant -> `prefill_kept` and `prefill_edited`: exposures, each counted once however often
        it was reported; None if fewer than 20 visitors are behind them.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    shown, events = backend.table("exposures"), backend.table("events")
    shown = shown.filter(shown.slot == slot, shown.reason == DecisionReason.POLICY.value)
    shown = cut.inside(_with_dimensions(backend, shown, cut) if cut.where else shown)
    named = events.filter(events.type.isin((KEPT, EDITED))).select("decision_id", "type")
    rows = shown.select("decision_id", "subject", "variant").inner_join(named, "decision_id")
    counts = rows.group_by("variant", "type").aggregate(
        exposures=rows.decision_id.nunique(), people=rows.subject.nunique()
    )
    return _by_variant(answer(backend, counts.order_by("variant", ibis.desc("type"))))


def _with_dimensions(backend: Backend, shown: Table, cut: Cut) -> Table:
    """Add the dimensions that a filter may name, which only the decisions have."""
    made = backend.table("decisions")
    asked = dict.fromkeys(name for name, _ in cut.where if name.startswith(CONTEXT))
    names = [name.removeprefix(CONTEXT) for name in asked]
    told = made.select(
        "decision_id",
        "channel",
        "page",
        "degraded",
        "policy_version",
        **{f"{ATTRIBUTE}{name}": made.context.get(name) for name in names},
    )
    both = shown.mutate(revision=shown.slot_revision).left_join(told, "decision_id")
    own = ("decision_id", "subject", "variant", "at", "at_seconds", "cell", "revision")
    return both.select(*own, *(name for name in told.columns if name != "decision_id"))


def _by_variant(rows: list[dict[str, Any]]) -> dict[str, Mapping[str, int | None]]:
    found: dict[str, dict[str, int | None]] = {}
    for row in rows:
        told = found.setdefault(row["variant"], {KEPT: 0, EDITED: 0})
        told[row["type"]] = row["exposures"] if row["people"] >= FEWEST else None
    return dict(found)
