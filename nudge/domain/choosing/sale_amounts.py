"""Amounts far above all that is on sale: mostly fen where yuan are meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from nudge.domain.basics.slot_values import is_number
from nudge.domain.choosing.eligibility import amount_of
from nudge.domain.slots.slot import Slot

FAR: Final = 3.0
"""Times the largest amount on sale: 50 yuan in fen are ten times 500 yuan."""


def largest_on_sale(slots: Iterable[Slot]) -> float | None:
    """Return the largest amount in yuan that some slot offers; None where none offers any."""
    return max((amount for slot in slots for amount in _offered(slot)), default=None)


def is_far_above(amount: object, largest: float) -> bool:
    """Return True for an amount that is far above the largest on sale.

    It may be true all the same: who asks warns, and counts it as it is.
    """
    return is_number(amount) and amount > FAR * largest


def _offered(slot: Slot) -> Iterator[float]:
    for variant in slot.variants:
        amount = amount_of(variant)
        if amount is not None:
            yield amount
    if slot.free_amount is not None:
        yield slot.free_amount.max
        yield from (float(one.value) for one in slot.variants if is_number(one.value))
