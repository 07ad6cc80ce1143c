"""Visits of a history: the path of the field notes, with methods, failures, amounts and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from lab.history.failures import Outage, works
from lab.history.feedback import feedback
from lab.history.people import Person
from lab.simulate import truth
from lab.simulate.journey import EventCall, Journey, PageCall, Shown, Wait
from lab.simulate.visitors import pick
from nudge.domain.slots.slot import Scalar

BEGINS: Final = 1.0
"""Factor on how many begin: about one in four visitors."""
COFFEE_ON_WAP: Final = 12.0
"""Factor on the banner `coffee` among visitors of WAP: what its revision is to find out."""
COMES_TO_PAY: Final = 0.75
"""Probability that a customer begins a recharge, whatever the banner says."""
PATIENCE: Final = 0.3
"""Factor on how many try again behind a failure: most visitors of a channel do not."""
QUICKLY: Final = 0.85
"""Share of payments that are reported within minutes."""


def visit(person: Person, rng: np.random.Generator, outages: Sequence[Outage]) -> Journey:
    """Yield the actions of one visit, which begins on the home page."""
    traits = person.traits
    slots = ("denomination", "prefill", "banner")
    given = yield PageCall("home", slots, traits.channel, person.context())
    yield EventCall("step", fields={"step": "home"})
    banner = given.get("banner") if rng.random() < truth.SEEN else None
    if banner is not None:
        yield Wait(float(rng.uniform(1, 4)))
        yield EventCall("shown", banner.decision_id)
    if rng.random() >= begin_chance(person, banner.variant if banner else None):
        return
    yield Wait(float(rng.uniform(5, 40)))
    if banner is not None and rng.random() < truth.SEEN / 2:
        yield EventCall("clicked", banner.decision_id)
    if rng.random() < truth.QUICK:
        yield from _settle(person, rng, given, outages)
        return
    context = person.context() | {"carried_number": bool(rng.random() < truth.QUICK)}
    more = yield PageCall("recharge", ("denomination", "prefill"), traits.channel, context)
    yield EventCall("step", fields={"step": "recharge"})
    yield Wait(float(rng.uniform(5, 40)))
    yield from _settle(person, rng, more, outages)


def begin_chance(person: Person, banner: str | None) -> float:
    """Return the probability that a visitor who saw a banner begins a recharge."""
    traits = person.traits
    if person.is_customer:
        return COMES_TO_PAY
    fits = COFFEE_ON_WAP if (banner, traits.channel) == ("coffee", "wap") else 1.0
    return min(truth.CAP, truth.start(traits, banner, BEGINS) * fits)


def _settle(
    person: Person, rng: np.random.Generator, given: Shown, outages: Sequence[Outage]
) -> Journey:
    traits, amount = person.traits, _variant(given, "denomination")
    if rng.random() >= truth.amount_step(traits, amount):
        return
    yield EventCall("step", fields={"step": "amount", "amount": traits.wished})
    prefill = given.get("prefill")
    kept = False
    if prefill is not None and prefill.variant != "blank":
        kept = bool(rng.random() < truth.keep_probability(prefill.variant))
        yield EventCall("prefill_kept" if kept else "prefill_edited", prefill.decision_id)
    yield Wait(float(rng.uniform(3, 30)))
    if rng.random() >= truth.number_step(prefilled=kept):
        return
    yield EventCall("step", fields={"step": "number"})
    if rng.random() >= truth.PAY_STEP:
        return
    yield Wait(float(rng.uniform(3, 20)))
    yield EventCall("step", fields={"step": "pay_tapped"})
    if rng.random() < truth.METHOD_STEP:
        yield from _pay(person, rng, pick(rng, truth.METHODS), outages)


def _pay(
    person: Person, rng: np.random.Generator, method: str, outages: Sequence[Outage]
) -> Journey:
    yield EventCall("step", fields={"step": "method", "method": method})
    yield Wait(float(rng.uniform(5, 30)))
    if works(method, person.at, rng, outages):
        yield from _paid(person, rng, method)
        return
    reason = pick(rng, truth.FAILURES)
    yield EventCall("payment_failed", fields={"reason": reason, "method": method})
    context = person.context() | {"failure_reason": reason, "method": method}
    given = yield PageCall("payment", ("payment_retry",), person.traits.channel, context)
    offer = _variant(given, "payment_retry")
    if rng.random() < PATIENCE * truth.recovery(offer, reason):
        other = method if offer == "same_method" else _other(method, rng)
        if works(other, person.at, rng, outages):
            yield from _paid(person, rng, other)
            return
        yield EventCall("payment_failed", fields={"reason": reason, "method": other})
    yield from feedback(rng, "payment", failed=True)


def _paid(person: Person, rng: np.random.Generator, method: str) -> Journey:
    mean = 90.0 if rng.random() < QUICKLY else 1500.0
    yield Wait(float(min(4 * 3600.0, 5.0 + rng.exponential(mean))))
    amount: Mapping[str, Scalar] = {"amount": person.traits.wished, "method": method}
    yield EventCall("paid", fields=amount, server=True)
    yield from feedback(rng, "payment", failed=False)


def _other(method: str, rng: np.random.Generator) -> str:
    return pick(rng, {name: 1 / 3 for name in truth.METHODS if name != method})


def _variant(given: Shown, slot: str) -> str | None:
    drawn = given.get(slot)
    return None if drawn is None else drawn.variant
