"""Cases that people followed in a period, by the lake's records of their steps."""

from __future__ import annotations

from datetime import UTC, datetime

import ibis
from ibis.expr.types import Table

from nudge.domain.journal.care_events import FOLLOWED
from nudge.lake.reports.local_dates import timestamp


def followed_cases(events: Table, start: float, end: float) -> Table:
    """Return the ids of cases with a step in a period: one row a case, `case`.

    Args:
        events: table of the lake.
        start: seconds.
        end: seconds.
    """
    # A step is logged on its day or later: earlier files need not be opened.
    rows = events.filter(events.date >= ibis.date(datetime.fromtimestamp(start, UTC).date()))
    rows = rows.filter(
        rows.type == FOLLOWED, rows["at"] >= timestamp(start), rows["at"] < timestamp(end)
    )
    return rows.select(case=rows.fields.get("case", ibis.null("string"))).distinct()
