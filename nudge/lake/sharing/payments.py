"""Payments of the lake: one row a payment, whatever ids it was reported under, behind refunds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from bandits.units import DAY
from nudge.domain.basics.money import FEN, fen_of
from nudge.domain.people.facts import REFUND_OF
from nudge.domain.people.refunds import TAKE_BACK, WHOLE, Refund, left_of, with_refunds
from nudge.lake.engine.dialects import register_rows
from nudge.lake.engine.query import Backend, answer, keep_rows
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.reports.taken_back import REFUNDED, Roots, links_of

AROUND: Final = 9.0 * DAY
"""Seconds around a period: an exposure's window (a week), and slack."""
Key = tuple[str, str]
"""Visitor and event id of a payment."""


@dataclass(frozen=True)
class PaymentLog:
    """The payments of a period and around it.

    Attributes:
        backend: engine that holds the tables.
        table: one row a payment: `root`, the visitor, `payment`, its id, `paid_at`, `fen` (what is
            left), `inside` the period.
        refunds: `root, refund, payment`: which payment a refund took back.
        roots: `subject, root`: subjects that turned out to be others.
    """

    backend: Backend
    table: Table
    refunds: Table
    roots: Table

    def with_root(self, rows: Table) -> Table:
        """Add the column `root`, the visitor whom a subject turned out to be at last."""
        both = rows.left_join(self.roots, "subject")
        known = both.select(*rows.columns, known=both.root)
        # In a step of its own: Ibis takes no column that a join has computed into another join.
        return known.mutate(root=known.known.fill_null(known.subject)).drop("known")


@contextmanager
def payment_log(backend: Backend, start: float, end: float) -> Iterator[PaymentLog]:
    """Read the payments that servers reported, in a period and around it.

    A payment that was reported under two ids of one visitor is one. What was wholly taken back
    is none.

    Args:
        backend: from `connect`.
        start: seconds, the period's first moment.
        end: seconds, the first moment behind it.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    events = backend.table("events")
    links = links_of(backend, events)
    roots = _registered(backend, "roots", ("subject", "root"), _ends(links))
    log = PaymentLog(backend, roots, roots, roots)
    paid = _paid(log, events, start, end)
    with keep_rows(backend, paid) as whole:
        refunds = _refunds(backend, events, Roots(links), start)
        left = [(*key, fen) for key, fen in _left(backend, whole, refunds)]
        less = _registered(backend, "less", ("root", "payment", "left_fen"), left)
        named = [(root, one.event_id, one.refund_of) for root, one in _each(refunds)]
        by_refund = _registered(backend, "refunds", ("root", "refund", "payment"), named)
        with keep_rows(backend, _net(whole, less)) as table:
            yield PaymentLog(backend, table, by_refund, roots)


def _ends(links: Mapping[str, str]) -> list[tuple[str, str]]:
    roots = Roots(links)
    return [(subject, roots.of(subject)) for subject in links]


def _registered(
    backend: Backend, name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> Table:
    kinds = [pa.int64() if column == "left_fen" else pa.string() for column in columns]
    arrays = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds)]
    return register_rows(backend, f"sharing_{name}", pa.table(arrays, names=list(columns)))


def _paid(log: PaymentLog, events: Table, start: float, end: float) -> Table:
    low, high = start - AROUND, end + AROUND
    # What happened on a day was logged on that day or later.
    first = datetime.fromtimestamp(low, UTC).date()
    paid = events.filter(events.type == "paid", events.source == "server")
    paid = paid.filter(paid.date >= ibis.date(first))
    paid = paid.filter(paid["at"] >= timestamp(low), paid["at"] < timestamp(high))
    yuan = paid.fields.get("amount", ibis.null("string")).try_cast("float64").fill_null(0.0)
    # Amounts have two decimals at most, so that rounding meets no half.
    fen = (yuan * FEN).round().cast("int64")
    told = log.with_root(paid.select("subject", "event_id", at=paid["at"], fen=fen))
    once = told.group_by("root", payment=told.event_id).aggregate(
        paid_at=told["at"].min(), fen=told.fen.argmin(told["at"])
    )
    inside = (once.paid_at >= timestamp(start)) & (once.paid_at < timestamp(end))
    return once.mutate(inside=inside)


def _refunds(
    backend: Backend, events: Table, roots: Roots, start: float
) -> dict[Key, tuple[Refund, ...]]:
    low = start - AROUND
    first = datetime.fromtimestamp(low, UTC).date()
    told = events.filter(events.type == REFUNDED, events.source == "server")
    told = told.filter(told.date >= ibis.date(first))
    columns = told.select(
        "subject",
        "event_id",
        of=told.fields.get(REFUND_OF, ibis.null("string")),
        amount=told.fields.get("amount", ibis.null("string")),
        seconds=told["at"].epoch_seconds().cast("float64"),
    )
    found: defaultdict[Key, tuple[Refund, ...]] = defaultdict(tuple)
    for row in answer(backend, columns):
        if row["of"] is None:
            continue
        amount = WHOLE if row["amount"] is None else fen_of(row["amount"])
        one = Refund(row["of"], row["event_id"], row["seconds"], amount)
        key = roots.of(row["subject"]), one.refund_of
        found[key] = with_refunds(found[key], [one])
    return dict(found)


def _each(refunds: Mapping[Key, tuple[Refund, ...]]) -> Iterator[tuple[str, Refund]]:
    for (root, _), every in refunds.items():
        for one in every:
            yield root, one


def _left(
    backend: Backend, paid: Table, refunds: Mapping[Key, tuple[Refund, ...]]
) -> Iterator[tuple[Key, int]]:
    """Yield what refunds have left of a payment, for those that have any."""
    if not refunds:
        return
    named = paid.filter(paid.payment.isin(sorted({payment for _, payment in refunds})))
    moment = named.paid_at.epoch_seconds().cast("float64")
    for row in answer(backend, named.select("root", "payment", "fen", seconds=moment)):
        key = row["root"], row["payment"]
        known = [x for x in refunds.get(key, ()) if x.at <= row["seconds"] + TAKE_BACK]
        left = left_of(row["payment"], row["fen"], known)
        if left is not None:
            yield key, left


def _net(paid: Table, less: Table) -> Table:
    both = paid.left_join(less, ["root", "payment"])
    net = both.select("root", "payment", "paid_at", "inside", fen=both.left_fen.fill_null(both.fen))
    # Nothing left: it was no payment.
    return net.filter(net.fen > 0)
