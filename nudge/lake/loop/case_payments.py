"""Payments of the visitors of cases: when each was kept, and what it paid, within a horizon."""

from __future__ import annotations

from datetime import UTC, datetime

import ibis
from ibis.expr.types import Table

from nudge.lake.engine.query import Backend
from nudge.lake.loop.case_rows import seconds
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.reports.taken_back import drop_taken_back, with_roots

_DAY = 86_400.0


def case_payments(backend: Backend, cases: Table, span: tuple[float, float]) -> Table:
    """Return what was paid within a horizon behind each case's opening: `case, paid, revenue`.

    A payment is one that a server told and that was not wholly taken back. It keeps every case in
    whose horizon it lies; its money is that of the visitor's latest case of a kind alone, so that
    no yuan is counted twice.

    Args:
        backend: from `connect`.
        cases: `case, root, kind, opened_at, until`.
        span: seconds; the first opening, and the end of the last horizon.
    """
    events = drop_taken_back(backend, backend.table("events"))
    day = datetime.fromtimestamp(span[0] - _DAY, UTC).date()
    paid = events.filter(
        events.date >= ibis.date(day),
        events.type == "paid",
        events.source == "server",
        events["at"] > timestamp(span[0]),
        events["at"] <= timestamp(span[1]),
    )
    yuan = paid.fields.get("amount", ibis.null("string")).try_cast("float64").fill_null(0.0)
    paid = paid.select("subject", "event_id", paid_at=paid["at"], yuan=yuan)
    paid = with_roots(backend, paid, "payment_roots")
    paid = paid.distinct(on=("root", "event_id"))
    inside = [
        cases.root == paid.root,
        paid.paid_at > cases.opened_at,
        paid.paid_at <= cases.until,
    ]
    both = cases.inner_join(paid, inside).select(
        "case", "kind", "opened_at", "event_id", "paid_at", "yuan", root=cases.root
    )
    place = ibis.struct({"at": both.opened_at, "case": both.case})
    by_payment = both.group_by("root", "kind", "event_id").aggregate(
        latest=both.case.argmax(place), paid_yuan=both.yuan.max()
    )
    money = by_payment.group_by(case=by_payment.latest)
    money = money.aggregate(revenue=by_payment.paid_yuan.sum())
    kept = both.group_by("case").aggregate(first=both.paid_at.min())
    joined = kept.left_join(money, "case")
    revenue = joined.revenue.fill_null(0.0)
    return joined.select("case", paid=seconds(joined["first"]), revenue=revenue)
