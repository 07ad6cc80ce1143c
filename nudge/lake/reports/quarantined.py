"""Counts of the exposures of a slot that quarantines leave out."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.domain.reports.quarantined_exposures import QuarantinedExposures
from nudge.lake.engine.dialects import arrow
from nudge.lake.engine.outages import is_quarantined
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.slot_rows import SlotRows


@dataclass(frozen=True)
class LeftOut:
    """The exposures that quarantines leave out of a cut.

    Attributes:
        exposures: number of them, each once.
        by: quarantines that leave out at least one, with their numbers.
    """

    exposures: int = 0
    by: tuple[QuarantinedExposures, ...] = ()


def count_left_out(rows: SlotRows, cut: Cut) -> LeftOut:
    """Count the exposures of a cut that lie in a quarantine.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    if rows.left_out is None:
        return LeftOut()
    table = cut.inside(rows.left_out)
    sums = {
        f"_{i}": is_quarantined(table.at_seconds, table.channel, [one]).cast("int64").sum()
        for i, one in enumerate(rows.quarantines)
    }
    (found,) = arrow(rows.backend, table.aggregate(rows=table.count(), **sums)).to_pylist()
    counts = [int(found[name] or 0) for name in sums]
    told = zip(rows.quarantines, counts, strict=True)
    by = tuple(QuarantinedExposures(one, count) for one, count in told if count)
    return LeftOut(int(found["rows"]), by)
