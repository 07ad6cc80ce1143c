"""The customers of the simulated world, for whom a reminder is planned each month.

The probabilities are those of `lab.simulate.truth`, and nothing of them is changed here. They
differ by part of the month, value tier and `mobile_before`. The hours of a window change nothing in
that world: of nine windows three are always equally good, and no learner can gain by the hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from lab.simulate import truth
from lab.simulate.visitors import Visitor, draw_visitor, generator
from nudge.domain.choosing.requests import EventRequest
from nudge.domain.slots.slot import Scalar
from nudge.domain.timing.plan_request import REMINDER, PlanAnswer, PlanRequest

BOOST: Final = 1.0
KNOWN: Final = ("mobile_before", "stage", "tier", "city_tier")
"""The attributes of a customer in the operator's file, besides the id."""


@dataclass(frozen=True)
class Customers:
    """Those who agreed to SMS.

    Attributes:
        people: as the world draws them; their number is their place.
        windows: names of the slot's windows, in order.
    """

    people: Sequence[Visitor]
    windows: tuple[str, ...]

    @classmethod
    def drawn(cls, count: int, windows: tuple[str, ...], seed: int) -> Customers:
        """So many of them."""
        return cls([draw_visitor(n, generator(seed, n)) for n in range(count)], windows)

    @cached_property
    def truths(self) -> FloatArray:
        """Probability (n, K) that a reminder in a window leads to a payment."""
        return np.array([[truth.sms(p, w, BOOST) for w in self.windows] for p in self.people])

    @cached_property
    def mobile(self) -> frozenset[str]:
        """Ids of those who have used the mobile channels."""
        return frozenset(id_of(p.number) for p in self.people if p.mobile_before)

    @cached_property
    def wishes(self) -> list[PlanRequest]:
        """The scheduler's questions of each month."""
        return [PlanRequest(id_of(p.number), context=_known(p)) for p in self.people]

    def agreements(self) -> list[EventRequest]:
        """The consent that everybody gave once."""
        fields: Mapping[str, Scalar] = {"channel": "sms", "given": True}
        ids = (id_of(p.number) for p in self.people)
        return [EventRequest(f"{name}-agrees", "consent", name, None, None, fields) for name in ids]

    def chance(self, number: int, window: str) -> float:
        """Probability that a reminder in this window leads this customer to a payment."""
        return float(self.truths[number, self.windows.index(window)])


def id_of(number: int) -> str:
    """The external id of a customer."""
    return f"c{number}"


def number_of(visitor_id: str) -> int:
    """The customer of an external id."""
    return int(visitor_id[1:])


def answers(
    customers: Customers, timings: Sequence[PlanAnswer], month: int, seed: int
) -> list[tuple[float, EventRequest]]:
    """Events of the gateway and payments of customers, with their time in seconds, in that order.

    Whether somebody pays hangs on a number of theirs in [0, 1) for this month: whatever window they
    are given, their luck is the same.
    """
    rng = np.random.default_rng((seed, month, 1))
    luck = rng.random(len(customers.people)).tolist()
    found = [x for one in timings for x in _answer(customers, one, month, luck, rng)]
    return sorted(found, key=lambda x: x[0])


def _answer(
    customers: Customers,
    timing: PlanAnswer,
    month: int,
    luck: Sequence[float],
    rng: np.random.Generator,
) -> Iterator[tuple[float, EventRequest]]:
    at, window, who = timing.send_at, timing.window, timing.visitor_id
    if at is None or window is None:
        return
    number, fields = number_of(who), {"purpose": REMINDER}
    yield at, EventRequest(f"{who}-{month}-sent", "sms_sent", who, at, timing.decision_id, fields)
    if luck[number] < customers.chance(number, window):
        paid = at + truth.sms_delay(rng)
        amount = {"amount": customers.people[number].wished}
        yield paid, EventRequest(f"{who}-{month}-paid", "paid", who, paid, None, amount)


def _known(visitor: Visitor) -> Mapping[str, Scalar]:
    context = visitor.context()
    return {name: context[name] for name in KNOWN}
