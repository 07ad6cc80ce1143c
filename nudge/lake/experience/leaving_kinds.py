"""Kinds of leaving of the people in the lake: told in events, or seen in their payments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
from ibis.expr.types import Table

from nudge.domain.care.experience.leaving import (
    FALL,
    FEWEST_PAYMENTS,
    KINDS,
    LEAVING,
    LOOK_BACK,
    NO_RECHARGE,
    SEEN,
    SHORTEST,
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
    since = start - LOOK_BACK
    told = [_told(events, since, end), _known(decisions, since, end)]
    return _first_known(told, _falls(paid_sums(events, end - WINDOW, end)))


def told_kinds(events: Table, decisions: Table, start: float, end: float) -> Table:
    """Return the kind of leaving of those who told it in a time: `subject, leaving, source`.

    Args:
        events: table of the lake.
        decisions: the same.
        start: seconds.
        end: seconds; later words are not heard.
    """
    return _first_known([_told(events, start, end), _known(decisions, start, end)])


def kinds_after(events: Table, decisions: Table, moment: float, end: float) -> Table:
    """Return the kind of leaving of those who left between a moment and an end.

    Nothing before the moment makes a person leave: a word has to come after it, and payments
    after it are compared with those of as long a time before. Where the time is shorter than
    `SHORTEST`, payments tell nothing.

    Args:
        events: table of the lake.
        decisions: the same.
        moment: seconds.
        end: seconds.

    Returns:
        `subject, leaving, source`; who pays no more is `NO_RECHARGE`.
    """
    told = [_told(events, moment, end), _known(decisions, moment, end)]
    if end - moment < SHORTEST:
        return _first_known(told)
    sums = paid_sums(events, moment, end)
    gone = sums.filter(sums.payments_before >= FEWEST_PAYMENTS, sums.payments == 0)
    silent = gone.select("subject", **{LEAVING: ibis.literal(NO_RECHARGE)})
    return _first_known(told, _falls(sums).union(silent))


def _first_known(told: Sequence[Table], seen: Table | None = None) -> Table:
    """Return the kind of each person by the first table that has one; `seen` is the last."""
    tables = [*told, *([] if seen is None else [seen])]
    parts = [
        one.select("subject", LEAVING, rank=ibis.literal(rank, "int64"))
        for rank, one in enumerate(tables)
    ]
    every = ibis.union(*parts)
    found = every.group_by("subject").aggregate(
        **{LEAVING: every[LEAVING].argmin(every.rank)}, rank=every.rank.min()
    )
    last = found.rank == len(told)
    return found.select("subject", LEAVING, **{_SOURCE: ibis.ifelse(last, SEEN, TOLD)})


def _told(events: Table, start: float, end: float) -> Table:
    kind = events.fields.get(LEAVING, ibis.null("string"))
    told = [events.type.isin(TELLERS), kind.isin(KINDS.words), between(events, start, end)]
    rows = events.filter(told)
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
    rows = decisions.filter(between(decisions, start, end))
    rows = rows.mutate(**{LEAVING: rows.context.get(LEAVING, ibis.null("string"))})
    rows = rows.filter(rows[LEAVING].isin(KINDS.words))
    place = ibis.struct({"at": rows["at"], "position": rows.position})
    return rows.group_by("subject").aggregate(**{LEAVING: rows[LEAVING].argmax(place)})


def paid_sums(events: Table, middle: float, end: float) -> Table:
    """Return what each person paid from a moment to an end, and in as long a time before.

    Args:
        events: table of the lake.
        middle: seconds.
        end: seconds.

    Returns:
        `subject, paid, payments, paid_before, payments_before`; amounts in fen. Payments are
        those that servers told.
    """
    rows = events.filter(events.type == "paid", events.source == "server")
    rows = rows.filter(between(rows, 2 * middle - end, end))
    amount = rows.fields.get("amount", ibis.null("string")).try_cast("float64").fill_null(0.0)
    rows = rows.select(
        "subject",
        fen=(amount * 100).round().cast("int64"),
        late=rows["at"] >= timestamp(middle),
    )
    return rows.group_by("subject").aggregate(
        paid=rows.fen.sum(where=rows.late).fill_null(0),
        payments=rows.late.cast("int64").sum(),
        paid_before=rows.fen.sum(where=~rows.late).fill_null(0),
        payments_before=(~rows.late).cast("int64").sum(),
    )


def _falls(sums: Table) -> Table:
    """Return the people who still pay, and at most half of what they paid before."""
    falls = [
        sums.payments_before >= FEWEST_PAYMENTS,
        sums.paid > 0,
        sums.paid <= sums.paid_before * FALL,
    ]
    return sums.filter(falls).select("subject", **{LEAVING: ibis.literal(SPENDING_FALLS)})


def between(rows: Table, start: float, end: float) -> ibis.Value:
    """Return whether each row's moment is at or after a start, and before an end."""
    return (rows["at"] >= timestamp(start)) & (rows["at"] < timestamp(end))
