"""People of a history: customers whom the operator knows, and visitors of whom pages alone know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bandits.units import DAY, HOUR
from lab.history.traffic import BY_HOUR
from lab.simulate.visitors import Visitor, draw_visitor, generator
from nudge.domain.slots.slot import Scalar

CUSTOMER: Final = 1_000_000_000
"""Numbers of customers begin behind those of other visitors."""
CYCLES: Final = {5.0: 0.4, 8.0: 0.4, 15.0: 0.2}
"""Days between two recharges, with the share of customers who have such a rhythm."""
EVENNESS: Final = 6.0
"""Shape of the gaps: the larger, the more even."""
LEAVES: Final = 0.12
"""Share of customers who stop to come, on some day of the history."""
CONSENTS: Final = 0.8
OWN: Final = ("city_tier", "mobile_before", "last_number", "frequent_number", "own_number")
"""Attributes that a page tells of a customer: all else the service knows better."""
PREFIXES: Final = ("138", "139", "150", "158", "186", "188", "199")


@dataclass
class Person:
    """A person who visits: what a page knows, and the moment in which the person lives.

    Attributes:
        visitor_id: external id.
        traits: of the visitor.
        at: seconds; moves on with what the person does.
        is_customer: the operator knows the person.
        cycle: days between two recharges of a customer.
        until: second from which a customer stays away.
        device: token of the person's device.
        told: number of events so far, from which their ids derive.
    """

    visitor_id: str
    traits: Visitor
    at: float
    is_customer: bool = False
    cycle: float = 0.0
    until: float = 0.0
    device: str | None = None
    told: int = 0

    def context(self) -> dict[str, Scalar]:
        """Return what the page knows of the person."""
        known = self.traits.context()
        return {name: known[name] for name in OWN if name in known} if self.is_customer else known


@dataclass
class Customers:
    """The customers of a history.

    Attributes:
        each: the customers, by their number.
        seed: of all randomness.
    """

    each: list[Person]
    seed: int
    _rngs: dict[str, np.random.Generator] = field(default_factory=dict)

    @classmethod
    def draw(cls, count: int, start: float, end: float, seed: int) -> Customers:
        """Draw customers, each with the moment of the first visit."""
        found = cls([], seed)
        for number in range(count):
            rng = generator(seed, CUSTOMER + number)
            cycle = float(rng.choice(list(CYCLES), p=list(CYCLES.values())))
            stays = rng.random() >= LEAVES
            until = end + DAY if stays else start + float(rng.uniform(0.2, 0.8)) * (end - start)
            traits = draw_visitor(CUSTOMER + number, rng)
            name = f"c-{number + 1:05d}"
            at = max(start, _by_day(start + float(rng.uniform(0, cycle)) * DAY, rng))
            found.each.append(Person(name, traits, at, True, cycle, until))
            found._rngs[name] = rng
        return found

    def rng(self, person: Person) -> np.random.Generator:
        """Return a customer's own random generator."""
        return self._rngs[person.visitor_id]

    def next_visit(self, person: Person) -> float | None:
        """Return when a customer comes again; None for who stays away."""
        rng = self.rng(person)
        gap = rng.gamma(EVENNESS, person.cycle / EVENNESS) * DAY
        at = max(_by_day(person.at + float(gap), rng), person.at + 6 * HOUR)
        return at if at < person.until else None

    def rows(self) -> Iterator[Mapping[str, object]]:
        """Yield the rows of the operator's file."""
        for number, one in enumerate(self.each):
            rng = generator(self.seed, 2 * CUSTOMER + number)
            prefix = PREFIXES[int(rng.integers(len(PREFIXES)))]
            yield {
                "visitor_id": one.visitor_id,
                "msisdn": f"{prefix}{20_000_000 + number * 7919 % 70_000_000:08d}",
                "city_tier": one.traits.city_tier,
                "consent_sms": bool(rng.random() < CONSENTS),
                "consent_call": bool(rng.random() < CONSENTS),
            }


def _by_day(at: float, rng: np.random.Generator) -> float:
    """Return a moment of the same day (by UTC + 8) at an hour at which people come."""
    day = (at + 8 * HOUR) // DAY * DAY - 8 * HOUR
    hour = int(rng.choice(24, p=np.array(BY_HOUR) / sum(BY_HOUR)))
    return day + (hour + float(rng.uniform())) * HOUR
