"""How often a prefilled number was kept, and how often it was typed over, by variant.

The reward of such a slot may take more, such as a payment; this tells the number's part in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import ibis
from ibis.backends.duckdb import Backend

from nudge.domain.journal.records import DecisionReason
from nudge.domain.reports.questions import Period
from nudge.domain.reports.report_time import FEWEST
from nudge.lake.engine.query import answer
from nudge.lake.reports.cut import Cut

KEPT: Final = "prefill_kept"
EDITED: Final = "prefill_edited"


def prefill_quality(
    backend: Backend, slot: str, period: Period
) -> dict[str, Mapping[str, int | None]]:
    """Variant -> how many of its exposures were kept, how many edited; only what the policy drew.

    Args:
        backend: from `connect`.
        slot: of which.
        period: of the exposures.

    Returns:
        `prefill_kept` and `prefill_edited` of each variant that has any: exposures, each once
        however often it was told; None where fewer than 20 people are behind them.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    shown, events = backend.table("exposures"), backend.table("events")
    shown = Cut(period).inside(
        shown.filter(shown.slot == slot, shown.reason == DecisionReason.POLICY.value)
    )
    named = events.filter(events.type.isin((KEPT, EDITED))).select("decision_id", "type")
    rows = shown.select("decision_id", "subject", "variant").inner_join(named, "decision_id")
    counts = rows.group_by("variant", "type").aggregate(
        exposures=rows.decision_id.nunique(), people=rows.subject.nunique()
    )
    return _by_variant(answer(backend, counts.order_by("variant", ibis.desc("type"))))


def _by_variant(rows: list[dict[str, Any]]) -> dict[str, Mapping[str, int | None]]:
    found: dict[str, dict[str, int | None]] = {}
    for row in rows:
        told = found.setdefault(row["variant"], {KEPT: 0, EDITED: 0})
        told[row["type"]] = row["exposures"] if row["people"] >= FEWEST else None
    return dict(found)
