"""Amounts far above all that is on sale: mostly fen where yuan are meant. Counted, and told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import structlog

from nudge.api.service import Service
from nudge.domain.basics.slot_values import is_number
from nudge.domain.choosing.eligibility import amount_of
from nudge.domain.choosing.requests import EventRequest, FieldWarning
from nudge.domain.slots.slot import Slot

AMOUNT: Final = "amount"
FAR: Final = 3.0
"""Times the largest amount on sale: 50 yuan in fen are ten times 500 yuan."""

log = structlog.get_logger()


def largest_on_sale(slots: Iterable[Slot]) -> float | None:
    """Return the largest amount in yuan that some slot offers; None where none offers any."""
    return max((amount for slot in slots for amount in _offered(slot)), default=None)


def with_amounts_told(service: Service, events: list[EventRequest]) -> list[EventRequest]:
    """Add a warning to each event whose amount is far above all that is on sale.

    Such an event counts as it is: it may be true, and a gateway that changes its unit must not
    cost payments.
    """
    if not any(AMOUNT in one.fields for one in events):
        return events
    largest = largest_on_sale(live.slot for live in service.held.catalogue.slots.values())
    if largest is None:
        return events
    told = [_told(one, largest) for one in events]
    found = sum(new is not old for new, old in zip(told, events, strict=True))
    if found:
        service.metrics.large_amounts.inc(found)
        log.warning("amounts_far_above_sale", events=found, largest_on_sale=largest)
    return told


def _told(event: EventRequest, largest: float) -> EventRequest:
    amount = event.fields.get(AMOUNT)
    if not is_number(amount) or amount <= FAR * largest:
        return event
    text = (
        f"is far above the largest amount on sale, {largest:g} yuan; if it is fen, send amount_fen"
    )
    return replace(event, warnings=(*event.warnings, FieldWarning(AMOUNT, text)))


def _offered(slot: Slot) -> Iterator[float]:
    for variant in slot.variants:
        amount = amount_of(variant)
        if amount is not None:
            yield amount
    if slot.free_amount is not None:
        yield slot.free_amount.max
        yield from (float(one.value) for one in slot.variants if is_number(one.value))
