"""Payments that each exposure is credited with, found from the changes of its reward.

A change names one event: the payment, or the refund that takes it back. Where one change moved
several payments at once (an exposure that was told late takes all that came behind it), the rest is
found by its amount: an exposure holds its visitor's payments one after the other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final, NamedTuple

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from bandits.units import DAY
from nudge.lake.engine.dialects import register_rows
from nudge.lake.engine.query import answer, keep_rows
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.sharing.payments import AROUND, PaymentLog

COLUMNS: Final = ("slot", "reason", "root", "payment")
_EXPOSURE: Final = ("slot", "reason", "decision_id", "root")


class HeldPayment(NamedTuple):
    """A payment that an exposure may hold.

    Attributes:
        at: seconds.
        fen: what is left of it.
    """

    at: float
    name: str
    fen: int


@contextmanager
def credited(log: PaymentLog, start: float, end: float) -> Iterator[tuple[Table, Table]]:
    """Find which slots were credited with which payments.

    Args:
        log: payments of the period.
        start: seconds, the period's first moment.
        end: seconds, the first moment behind it.

    Yields:
        Two tables: `slot, reason, root, payment`, one row a credit, and the exposures that
        converted, by `slot, reason, decision_id, root`, with `rewarded`, the time of the first
        reward.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    with ExitStack() as stack:
        changes = stack.enter_context(keep_rows(log.backend, _changes(log, start, end)))
        exposures = stack.enter_context(keep_rows(log.backend, _exposures(changes)))
        found = stack.enter_context(keep_rows(log.backend, _named(log, changes, exposures)))
        rest = stack.enter_context(keep_rows(log.backend, _unsure(exposures, found)))
        sure = found.anti_join(rest, "decision_id").select(*COLUMNS)
        yield sure.union(_found_by_amount(log, found, rest)).distinct(), exposures


def _changes(log: PaymentLog, start: float, end: float) -> Table:
    """Sum the changes of each exposure by the payment that they name."""
    rows = log.backend.table("rewards")
    # A reward is never logged before its exposure.
    first = datetime.fromtimestamp(start - AROUND, UTC).date()
    shown = rows.exposed_at
    near = [shown >= timestamp(start - AROUND), shown < timestamp(end + DAY)]
    # Rewards of imported logs name no event.
    rows = rows.filter(rows.date >= ibis.date(first), rows.event_id != "", *near)
    rows = log.with_root(
        rows.select(
            *("subject", "slot", "reason", "decision_id", "event_id", "exposed_at"),
            *("at", "conversions", "value"),
        )
    )
    back = log.refunds.select("root", event_id="refund", took="payment")
    both = rows.left_join(back, ["root", "event_id"])
    # What takes away may bear the id of a payment: then it is the refund of that name.
    told = both.select(*rows.columns, took=both.took)
    is_refund = told.took.notnull() & (told.value < 0)
    told = told.mutate(payment=ibis.ifelse(is_refund, told.took, told.event_id))
    return told.group_by(*_EXPOSURE, "payment").aggregate(
        exposed_at=told.exposed_at.min(),
        conversions=told.conversions.sum().cast("int64"),
        value=told.value.sum().cast("int64"),
        rewarded=told["at"].min(where=told.conversions > 0),
    )


def _exposures(changes: Table) -> Table:
    """Keep the exposures that are converted now."""
    every = changes.group_by(*_EXPOSURE).aggregate(
        exposed_at=changes.exposed_at.min(),
        conversions=changes.conversions.sum().cast("int64"),
        value=changes.value.sum().cast("int64"),
        rewarded=changes.rewarded.min(),
    )
    return every.filter(every.conversions > 0)


def _named(log: PaymentLog, changes: Table, exposures: Table) -> Table:
    """Return the payments that the changes of an exposure name, and that it was not deprived of."""
    gained = changes.filter(changes.value > 0).semi_join(exposures, "decision_id")
    return gained.inner_join(log.table, ["root", "payment"]).select(
        *_EXPOSURE, "payment", fen=log.table.fen
    )


def _unsure(exposures: Table, named: Table) -> Table:
    """Keep the exposures that are worth another amount, or whose payment another one names, too."""
    told = named.mutate(names=named.count().over(group_by=("slot", "root", "payment")))
    held = told.group_by("decision_id").aggregate(held=told.fen.sum(), names=told.names.max())
    rest = exposures.left_join(held, "decision_id")
    rest = rest.filter((rest.value != rest.held.fill_null(0)) | (rest.names > 1))
    return rest.select(*exposures.columns)


def _found_by_amount(log: PaymentLog, named: Table, rest: Table) -> Table:
    """Find the payments of the exposures whose changes do not name all that they hold."""
    moment = rest.exposed_at.epoch_seconds().cast("float64")
    columns = (*_EXPOSURE, "value")
    open_ = answer(log.backend, rest.select(*columns, seconds=moment))
    held = _payments_of(log, rest) if open_ else {}
    told: defaultdict[str, list[str]] = defaultdict(list)
    if open_:
        for row in answer(log.backend, named.semi_join(rest, "decision_id")):
            told[row["decision_id"]].append(row["payment"])
    rows = [
        (one["slot"], one["reason"], one["root"], payment)
        for one in open_
        for payment in _run(held.get(one["root"], ()), one) or told[one["decision_id"]]
    ]
    kinds = [pa.string()] * len(COLUMNS)
    arrays = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds)]
    found = pa.table(arrays, names=list(COLUMNS))
    return register_rows(log.backend, "sharing_found", found)


def _payments_of(log: PaymentLog, rest: Table) -> dict[str, list[HeldPayment]]:
    mine = log.table.semi_join(rest, "root")
    moment = mine.paid_at.epoch_seconds().cast("float64")
    found: defaultdict[str, list[HeldPayment]] = defaultdict(list)
    for row in answer(log.backend, mine.select("root", "payment", "fen", seconds=moment)):
        found[row["root"]].append(HeldPayment(row["seconds"], row["payment"], row["fen"]))
    return {root: sorted(every) for root, every in found.items()}


def _run(payments: Sequence[HeldPayment], exposure: Mapping[str, Any]) -> list[str]:
    """Return the payments behind an exposure that make up its value, or none."""
    behind = payments[bisect_left(payments, (exposure["seconds"],)) :]
    sums = list(accumulate(one.fen for one in behind))
    value = exposure["value"]
    return [one.name for one in behind[: sums.index(value) + 1]] if value in sums else []
