"""Payments under their ids, and the refunds that take them back. Pure.

Whether a refund comes before its payment, after it, or under another id of the visitor does not
matter: both are kept for `TAKE_BACK`, and what is left is computed from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bandits.units import DAY

TAKE_BACK: Final = 90.0 * DAY
"""Seconds behind a payment in which a refund takes it back."""
MAX_RECEIPTS: Final = 200
"""Most receipts, and as many refunds, that one visitor's state remembers: the latest."""
WHOLE: Final = 0
"""The amount of a refund that takes back all that is left."""


class Receipt(NamedTuple):
    """A payment that a server reported, under the id by which a refund names it.

    Attributes:
        event_id: the client's; one id is one payment of the visitor.
        at: seconds.
        amount: fen, before any refund.
        device: on which the number was typed; empty where it is not known.
        label: of the number that was paid for; empty where it is not known.
    """

    event_id: str
    at: float
    amount: int
    device: str = ""
    label: str = ""


class Refund(NamedTuple):
    """A refund, as a server reported it.

    Attributes:
        refund_of: id of the payment.
        event_id: its own.
        at: seconds.
        amount: fen, or `WHOLE`.
    """

    refund_of: str
    event_id: str
    at: float
    amount: int


def with_receipts(receipts: Iterable[Receipt], news: Iterable[Receipt]) -> tuple[Receipt, ...]:
    """Add receipts: of several under one id the earliest counts, in whatever order they came."""
    found: dict[str, Receipt] = {}
    for one in sorted((*receipts, *news), key=_moment):
        found.setdefault(one.event_id, one)
    return tuple(found.values())[-MAX_RECEIPTS:]


def with_refunds(refunds: Iterable[Refund], news: Iterable[Refund]) -> tuple[Refund, ...]:
    """Add refunds: of several under one id the earliest counts, in whatever order they came."""
    found: dict[tuple[str, str], Refund] = {}
    for one in sorted((*refunds, *news), key=lambda x: (x.at, x.amount, x)):
        found.setdefault((one.refund_of, one.event_id), one)
    return tuple(found.values())[-MAX_RECEIPTS:]


def left_of(event_id: str, amount: int, refunds: Iterable[Refund]) -> int | None:
    """Return the fen that are left of a payment, never below 0; None where none was taken back."""
    parts = [one.amount for one in refunds if one.refund_of == event_id]
    if not parts:
        return None
    return 0 if WHOLE in parts else max(0, amount - sum(parts))


def net_receipts(receipts: Sequence[Receipt], refunds: Sequence[Refund]) -> list[Receipt]:
    """Return the receipts with what is left of each; those with nothing left are gone."""
    if not refunds:
        return list(receipts)
    rest = ((one, left_of(one.event_id, one.amount, refunds)) for one in receipts)
    return [one if left is None else one._replace(amount=left) for one, left in rest if left != 0]


def _moment(one: Receipt) -> tuple[float, int, Receipt]:
    return one.at, one.amount, one
