"""Kinds of leaving of the people in the lake: told in events, or seen in their payments."""

from __future__ import annotations

from typing import Final

import ibis
from ibis.expr.types import Table

from nudge.domain.care.experience.leaving import (
    FALL,
    FEWEST_PAYMENTS,
    KINDS,
    LEAVING,
    LOOK_BACK,
    SEEN,
    SPENDING_FALLS,
    TELLERS,
    TOLD,
    WINDOW,
)
from nudge.lake.reports.local_dates import timestamp

_SOURCE: Final = "leaving_source"


def leaving_kinds(events: Table, decisions: Table, start: float, end: float) -> Table:
    """Return the kind of leaving of each person of whom one is known: `subject, leaving, source`.

    What was told outranks what is seen: of events the latest one, a server's before a page's; then
    the attribute `leaving` of the latest decision; then the payments.

    Args:
        events: table of the lake.
        decisions: the same.
        start: seconds; start of the period.
        end: seconds; end of the period, and moment at which payments are looked at.
    """
    told = [_told(events, start, end), _known(decisions, start, end)]
    parts = [
        one.select("subject", LEAVING, rank=ibis.literal(rank, "int64"))
        for rank, one in enumerate([*told, _seen(events, end)])
    ]
    every = ibis.union(*parts)
    found = every.group_by("subject").aggregate(
        **{LEAVING: every[LEAVING].argmin(every.rank)}, rank=every.rank.min()
    )
    seen = found.rank == len(told)
    return found.select("subject", LEAVING, **{_SOURCE: ibis.ifelse(seen, SEEN, TOLD)})


def _told(events: Table, start: float, end: float) -> Table:
    kind = events.fields.get(LEAVING, ibis.null("string"))
    rows = events.filter(events.type.isin(TELLERS), kind.isin(KINDS.words), _between(
        events, start - LOOK_BACK, end
    ))  # fmt: skip
    rows = rows.mutate(**{LEAVING: rows.fields.get(LEAVING, ibis.null("string"))})
    place = ibis.struct(
        {
            "server": (rows.source == "server").cast("int64"),
            "at": rows["at"],
            "position": rows.position,
        }
    )
    return rows.group_by("subject").aggregate(**{LEAVING: rows[LEAVING].argmax(place)})


def _known(decisions: Table, start: float, end: float) -> Table:
    rows = decisions.filter(_between(decisions, start - LOOK_BACK, end))
    rows = rows.mutate(**{LEAVING: rows.context.get(LEAVING, ibis.null("string"))})
    rows = rows.filter(rows[LEAVING].isin(KINDS.words))
    place = ibis.struct({"at": rows["at"], "position": rows.position})
    return rows.group_by("subject").aggregate(**{LEAVING: rows[LEAVING].argmax(place)})


def _seen(events: Table, end: float) -> Table:
    """Return the people who still pay, and at most half of what they paid before."""
    rows = events.filter(events.type == "paid", events.source == "server")
    rows = rows.filter(_between(rows, end - 2 * WINDOW, end))
    amount = rows.fields.get("amount", ibis.null("string")).try_cast("float64").fill_null(0.0)
    rows = rows.select(
        "subject",
        fen=(amount * 100).round().cast("int64"),
        late=rows["at"] >= timestamp(end - WINDOW),
    )
    sums = rows.group_by("subject").aggregate(
        paid=rows.fen.sum(where=rows.late).fill_null(0),
        paid_before=rows.fen.sum(where=~rows.late).fill_null(0),
        payments_before=(~rows.late).cast("int64").sum(),
    )
    falls = [
        sums.payments_before >= FEWEST_PAYMENTS,
        sums.paid > 0,
        sums.paid <= sums.paid_before * FALL,
    ]
    found = sums.filter(*falls)
    return found.select("subject", **{LEAVING: ibis.literal(SPENDING_FALLS)})


def _between(rows: Table, start: float, end: float) -> ibis.Value:
    return (rows["at"] >= timestamp(start)) & (rows["at"] < timestamp(end))
