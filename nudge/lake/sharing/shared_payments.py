"""Payments of a period, counted by the set of slots that were credited with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import ibis
from ibis.expr.types import IntegerColumn, Table

from nudge.domain.sharing.shared_credit import NONE, PaymentCount, SharedCredit, SlotCredit
from nudge.lake.engine.dialects import combine_bits, hash_subject
from nudge.lake.engine.query import Backend, answer, keep_rows
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.reports.sums import BITS
from nudge.lake.sharing.credits import credited
from nudge.lake.sharing.payments import PaymentLog, payment_log

_REASON: Final = ("slot", "reason")


def shared_payments(backend: Backend, start: float, end: float) -> SharedCredit:
    """Count the payments of a period by the slots that were credited with them.

    Args:
        backend: from `connect`.
        start: seconds, the period's first moment.
        end: seconds, the first moment behind it.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    with (
        payment_log(backend, start, end) as log,
        credited(log, start, end) as (credits_, exposures),
        keep_rows(backend, _inside(log, credits_)) as inside,
    ):
        moment = exposures.rewarded
        reached = exposures.filter(moment >= timestamp(start), moment < timestamp(end))
        reached = reached.mutate(bit=_bit(backend, reached))
        by_reason = _by_reason(backend, inside, reached)
        slots = sorted({one.slot for one in by_reason})
        return SharedCredit(_sets(backend, log, inside, slots), tuple(by_reason))


def _inside(log: PaymentLog, credits_: Table) -> Table:
    own = log.table.filter(log.table.inside)
    both = credits_.inner_join(own, ["root", "payment"])
    return both.select(*credits_.columns, fen=own.fen, bit=_bit(log.backend, both))


def _bit(backend: Backend, rows: Table) -> IntegerColumn:
    """Return the group of a visitor, of 60."""
    person = hash_subject(backend, rows.root)
    return cast("IntegerColumn", ((person & ((1 << 30) - 1)) % BITS).cast("int64"))


def _count(rows: Table, backend: Backend) -> dict[str, Any]:
    fen = rows.fen.sum().cast("decimal(38, 0)").cast("int64")
    return {"payments": rows.count(), "fen": fen, "people": combine_bits(backend, rows.bit)}


def _by_reason(backend: Backend, inside: Table, reached: Table) -> list[SlotCredit]:
    paid = answer(backend, inside.group_by(*_REASON).aggregate(**_count(inside, backend)))
    people = combine_bits(backend, reached.bit)
    reached = reached.group_by(*_REASON).aggregate(conversions=reached.count(), people=people)
    counts = {(row["slot"], row["reason"]): _payments(row) for row in paid}
    shown = {
        (row["slot"], row["reason"]): (int(row["conversions"]), int(row["people"]))
        for row in answer(backend, reached)
    }
    keys = sorted(counts.keys() | shown.keys())
    return [SlotCredit(*key, *shown.get(key, (0, 0)), counts.get(key, NONE)) for key in keys]


def _sets(
    backend: Backend, log: PaymentLog, inside: Table, slots: Sequence[str]
) -> dict[frozenset[str], PaymentCount]:
    """Count the payments by the bits of the slots that were credited with them."""
    parts = [slots[i : i + BITS] for i in range(0, len(slots), BITS)] or [()]
    own = log.table.filter(log.table.inside)
    own = own.mutate(bit=_bit(backend, own))
    rows = own
    for number, part in enumerate(parts):
        rows = _with_bits(backend, rows, inside, part, f"part_{number}")
    names = [f"part_{number}" for number in range(len(parts))]
    counted = rows.group_by(*names).aggregate(**_count(rows, backend))
    return {
        frozenset(_names(parts, [row[name] for name in names])): _payments(row)
        for row in answer(backend, counted)
    }


def _with_bits(
    backend: Backend, rows: Table, inside: Table, slots: Sequence[str], name: str
) -> Table:
    if not slots:
        return rows.mutate(**{name: ibis.literal(0, "int64")})
    place = ibis.cases(*((inside.slot == slot, i) for i, slot in enumerate(slots)), else_=-1)
    mine = inside.mutate(place=place.cast("int64"))
    mine = mine.filter(mine.place >= 0)
    bits = mine.group_by("root", "payment").aggregate(bits=combine_bits(backend, mine.place))
    both = rows.left_join(bits, ["root", "payment"])
    return both.select(*rows.columns, **{name: both.bits.fill_null(0)})


def _names(parts: Sequence[Sequence[str]], masks: Sequence[int]) -> list[str]:
    return [
        slot
        for part, mask in zip(parts, masks, strict=True)
        for i, slot in enumerate(part)
        if mask >> i & 1
    ]


def _payments(row: dict[str, Any]) -> PaymentCount:
    return PaymentCount(int(row["payments"]), int(row["fen"]), int(row["people"]))
