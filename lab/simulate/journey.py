"""Journeys: each visit is a script of calls, events and pauses. Pure: a driver does the I/O.

The path is that of the field notes: home page, recharge page, confirmation, payment. A journey is
a generator that yields actions; only a `PageCall` is answered.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

import numpy as np

from lab.simulate import truth
from lab.simulate.visitors import Visitor, pick
from nudge.domain.journal.records import DecisionReason
from nudge.domain.slots.slot import Scalar

SMS_SHARE = 0.2
"""Share of visitors whose visit begins with a reminder SMS."""


@dataclass(frozen=True)
class SlotChoice:
    """The decision of the service in a slot.

    Attributes:
        variant: variant that was drawn.
        reason: reason of the decision.
    """

    decision_id: str
    variant: str
    reason: str = DecisionReason.POLICY


@dataclass(frozen=True)
class PageCall:
    """An action: a page opens, with one call for all its slots.

    Attributes:
        slots: slots of the page.
        channel: channel of the call.
        context: attributes that the front end knows.
    """

    page: str
    slots: tuple[str, ...]
    channel: str
    context: Mapping[str, Scalar]


@dataclass(frozen=True)
class EventCall:
    """An action: an event is sent.

    Attributes:
        decision_id: decision that the event names, if any.
        fields: fields of its type.
        server: a server reports the event, not the page.
    """

    type: str
    decision_id: str | None = None
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    server: bool = False


@dataclass(frozen=True)
class Wait:
    """An action: the visitor pauses.

    Attributes:
        seconds: duration in the simulated world.
    """

    seconds: float


@dataclass(frozen=True)
class Expectation:
    """An action that sends nothing: the true probabilities of an exposure's outcomes.

    Attributes:
        drawn: decision that was shown.
        outcomes: possible outcomes; the slot's terms say which of them are rewards.
        best: variants that are best for this visitor; empty where nobody asks.
    """

    slot: str
    drawn: SlotChoice
    outcomes: truth.Outcomes
    best: frozenset[str] = frozenset()


Action = PageCall | EventCall | Wait | Expectation
Shown = Mapping[str, SlotChoice]
Journey = Generator[Action, Shown, None]


def journey(visitor: Visitor, rng: np.random.Generator, boost: float) -> Journey:
    """Yield the actions of one visit.

    Args:
        visitor: traits of the visitor.
        rng: the visitor's own random generator.
        boost: factor on the probability to begin a recharge.
    """
    visit = _sms if rng.random() < SMS_SHARE else _home
    yield from visit(visitor, rng, boost)


def _sms(visitor: Visitor, rng: np.random.Generator, boost: float) -> Journey:
    given = yield PageCall("sms", ("sms_timing",), "sms", visitor.context())
    timing = given.get("sms_timing")
    if timing is None:
        return
    # The month is skipped: the message goes out when its variant says, and that is "now".
    yield EventCall("sms_sent", timing.decision_id, server=True)
    yield EventCall("shown", timing.decision_id, server=True)
    chance = truth.sms(visitor, timing.variant, boost)
    yield Expectation("sms_timing", timing, ((frozenset({"sms_clicked", "paid"}), chance),))
    if rng.random() < chance:
        yield Wait(truth.sms_delay(rng))
        yield EventCall("sms_clicked", timing.decision_id, server=True)
        yield EventCall("paid", fields={"amount": visitor.wished}, server=True)


def _home(visitor: Visitor, rng: np.random.Generator, boost: float) -> Journey:
    slots = ("denomination", "prefill", "banner")
    given = yield PageCall("home", slots, visitor.channel, visitor.context())
    yield EventCall("step", fields={"step": "home"})
    banner = given.get("banner") if rng.random() < truth.SEEN else None
    begins = truth.start(visitor, banner.variant if banner else None, boost)
    if banner is not None:
        yield EventCall("shown", banner.decision_id)
        best = truth.best_banners(visitor, boost)
        yield Expectation("banner", banner, truth.path(visitor, "50", None, begins), best)
    yield from _expectations(visitor, given, begins * truth.QUICK)
    if rng.random() < begins:
        quick = rng.random() < truth.QUICK
        yield from _pay(visitor, rng, given) if quick else _recharge(visitor, rng)


def _recharge(visitor: Visitor, rng: np.random.Generator) -> Journey:
    # field-notes: a number typed on the home page must not be asked for again.
    context = visitor.context() | {"carried_number": bool(rng.random() < truth.QUICK)}
    given = yield PageCall("recharge", ("denomination", "prefill"), visitor.channel, context)
    yield EventCall("step", fields={"step": "recharge"})
    yield from _expectations(visitor, given, 1.0)
    yield from _pay(visitor, rng, given)


def _expectations(visitor: Visitor, given: Shown, reached: float) -> Journey:
    """Yield the expectations of a page's amount and number; a share of `reached` uses them."""
    amount, number = _variant(given, "denomination"), _variant(given, "prefill")
    outcomes = truth.path(visitor, amount, number, reached)
    if amount is not None:
        yield Expectation("denomination", given["denomination"], truth.without_prefill(outcomes))
    if number is not None:
        yield Expectation("prefill", given["prefill"], outcomes)


def _pay(visitor: Visitor, rng: np.random.Generator, given: Shown) -> Journey:
    if rng.random() >= truth.amount_step(visitor, _variant(given, "denomination")):
        return
    yield EventCall("step", fields={"step": "amount"})
    prefilled = yield from _number(rng, given)
    if rng.random() >= truth.number_step(prefilled=prefilled):
        return
    yield EventCall("step", fields={"step": "number"})
    if rng.random() >= truth.PAY_STEP:
        return
    yield EventCall("step", fields={"step": "pay_tapped"})
    if rng.random() < truth.METHOD_STEP:
        yield EventCall("step", fields={"step": "method"})
        yield from _payment(visitor, rng)


def _number(rng: np.random.Generator, given: Shown) -> Generator[Action, Shown, bool]:
    """Yield the actions at the number field; return True if the prefilled number stays."""
    prefill = given.get("prefill")
    if prefill is None or prefill.variant == "blank":
        return False
    stays = bool(rng.random() < truth.keep_probability(prefill.variant))
    yield EventCall("prefill_kept" if stays else "prefill_edited", prefill.decision_id)
    return stays


def _payment(visitor: Visitor, rng: np.random.Generator) -> Journey:
    if rng.random() >= truth.PAYMENT_WORKS:
        failure, method = pick(rng, truth.FAILURES), pick(rng, truth.METHODS)
        yield EventCall("payment_failed", fields={"reason": failure, "method": method})
        context = visitor.context() | {"failure_reason": failure, "method": method}
        given = yield PageCall("payment", ("payment_retry",), visitor.channel, context)
        offer = _variant(given, "payment_retry")
        chance = truth.recovery(offer, failure)
        if offer is not None:
            paid = ((frozenset({"paid"}), chance),)
            yield Expectation("payment_retry", given["payment_retry"], paid)
        if rng.random() >= chance:
            return
    yield Wait(truth.payment_delay(rng))
    yield EventCall("paid", fields={"amount": visitor.wished}, server=True)


def _variant(given: Shown, slot: str) -> str | None:
    drawn = given.get(slot)
    return None if drawn is None else drawn.variant
