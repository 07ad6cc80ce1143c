"""Payments of the lake of which a refund has taken back all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from nudge.domain.basics.money import fen_of
from nudge.domain.people.facts import REFUND_OF
from nudge.domain.people.merging import INTO
from nudge.domain.people.refunds import WHOLE, Refund, left_of
from nudge.lake.engine.dialects import register_rows
from nudge.lake.engine.query import Backend, answer
from nudge.lake.reports.shown import SEPARATOR

REFUNDED: Final = "refunded"
Row = Mapping[str, Any]


def drop_taken_back(backend: Backend, events: Table) -> Table:
    """Leave out the payments of which nothing is left; a payment in part is one still.

    A refund counts for payments of its visitor, also under another id that turned out to be them.

    Args:
        backend: from `connect`.
        events: table of the lake.
    """
    of_server = events.filter(events.source == "server")
    told = of_server.filter(of_server.type == REFUNDED)
    refunds = answer(backend, told.select("subject", "event_id", *_fields(told, REFUND_OF)))
    if not refunds:
        return events
    paid = of_server.filter(of_server.type == "paid")
    paid = paid.filter(paid.event_id.isin(sorted({str(one[REFUND_OF]) for one in refunds})))
    payments = answer(backend, paid.select("subject", "event_id", *_fields(paid)))
    root = Roots(links_of(backend, events))
    of: dict[tuple[str, str], list[Refund]] = defaultdict(list)
    for one in refunds:
        amount = WHOLE if one["amount"] is None else fen_of(one["amount"])
        refund = Refund(str(one[REFUND_OF]), one["event_id"], 0.0, amount)
        if refund not in of[root.of(one["subject"]), refund.refund_of]:
            of[root.of(one["subject"]), refund.refund_of].append(refund)
    gone = [one for one in payments if _is_gone(one, of, root)]
    if not gone:
        return events
    names = sorted(_name(one) for one in gone)
    is_payment = (events.type == "paid") & (events.source == "server")
    return events.filter(~(is_payment & (events.subject + SEPARATOR + events.event_id).isin(names)))


class Roots:
    """The visitors that subjects turned out to be."""

    def __init__(self, into: Mapping[str, str]) -> None:
        self.into = into

    def of(self, subject: str) -> str:
        """Return the subject that a subject turned out to be at last."""
        seen = {subject}
        while (following := self.into.get(subject)) is not None and following not in seen:
            seen.add(following)
            subject = following
        return subject


def links_of(backend: Backend, events: Table) -> dict[str, str]:
    """Return the subject that each subject turned out to be next.

    Args:
        backend: from `connect`.
        events: table of the lake.
    """
    told = events.filter(events.type == "identified")
    links = told.select("subject", into=told.fields.get(INTO, ibis.null("string")))
    found = answer(backend, links.filter(links.into.notnull()))
    return {row["subject"]: row["into"] for row in found}


def with_roots(backend: Backend, rows: Table, name: str) -> Table:
    """Return rows with `root`: the person whom each subject turned out to be at last.

    Args:
        backend: from `connect`.
        rows: with `subject`.
        name: under which the engine knows the table of subjects; one for each use.
    """
    links = links_of(backend, backend.table("events"))
    roots = Roots(links)
    columns = {"subject": list(links), "root": [roots.of(one) for one in links]}
    table = pa.table({key: pa.array(one, pa.string()) for key, one in columns.items()})
    both = rows.left_join(register_rows(backend, name, table), "subject")
    return both.select(*rows.columns, root=ibis.coalesce(both.root, both.subject))


def _fields(rows: Table, *names: str) -> list[Any]:
    return [rows.fields.get(name, ibis.null("string")).name(name) for name in (*names, "amount")]


def _is_gone(payment: Row, of: Mapping[tuple[str, str], list[Refund]], root: Roots) -> bool:
    name = payment["event_id"]
    refunds = of.get((root.of(payment["subject"]), name), ())
    return left_of(name, fen_of(payment["amount"]), refunds) == 0


def _name(payment: Row) -> str:
    return f"{payment['subject']}{SEPARATOR}{payment['event_id']}"
