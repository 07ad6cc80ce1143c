"""One visit as a script: what is asked, told and waited for. Pure: whoever runs it does the I/O.

The path is that of the field notes: home page, recharge page, confirmation, payment. A journey is
a generator that yields actions; only an `PageCall` is answered.
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
"""Share of visitors who come into view because a reminder SMS is due for them."""


@dataclass(frozen=True)
class SlotChoice:
    """What the service chose in a slot.

    Attributes:
        decision_id: of the decision.
        variant: drawn.
        reason: what the decision may be used for.
    """

    decision_id: str
    variant: str
    reason: str = DecisionReason.POLICY


@dataclass(frozen=True)
class PageCall:
    """A page opens: one call for all its slots.

    Attributes:
        page: name.
        slots: that the page has.
        channel: by which it is asked.
        context: what the front end knows.
    """

    page: str
    slots: tuple[str, ...]
    channel: str
    context: Mapping[str, Scalar]


@dataclass(frozen=True)
class EventCall:
    """An event.

    Attributes:
        type: of the event.
        decision_id: that it names, if any.
        fields: of its type.
        server: a server reports it, not the page.
    """

    type: str
    decision_id: str | None = None
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    server: bool = False


@dataclass(frozen=True)
class Wait:
    """The visitor is away.

    Attributes:
        seconds: of the simulated world.
    """

    seconds: float


@dataclass(frozen=True)
class Expectation:
    """The truth about an exposure just made; nothing is sent.

    Attributes:
        slot: of the exposure.
        drawn: what was shown.
        outcomes: what it may bring; which of it is the reward, the slot's terms say.
    """

    slot: str
    drawn: SlotChoice
    outcomes: truth.Outcomes


Action = PageCall | EventCall | Wait | Expectation
Shown = Mapping[str, SlotChoice]
Journey = Generator[Action, Shown, None]


def journey(visitor: Visitor, rng: np.random.Generator, boost: float) -> Journey:
    """What a visitor does.

    Args:
        visitor: who.
        rng: the visitor's own source of chance.
        boost: multiplies the probability to begin at all.
    """
    visit = _reminded if rng.random() < SMS_SHARE else _home
    yield from visit(visitor, rng, boost)


def _reminded(visitor: Visitor, rng: np.random.Generator, boost: float) -> Journey:
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
        yield Expectation("banner", banner, truth.path(visitor, "50", None, begins))
    yield from _expected(visitor, given, begins * truth.QUICK)
    if rng.random() < begins:
        quick = rng.random() < truth.QUICK
        yield from _pay(visitor, rng, given) if quick else _recharge(visitor, rng)


def _recharge(visitor: Visitor, rng: np.random.Generator) -> Journey:
    # field-notes: a number typed on the home page must not be asked for again.
    context = visitor.context() | {"carried_number": bool(rng.random() < truth.QUICK)}
    given = yield PageCall("recharge", ("denomination", "prefill"), visitor.channel, context)
    yield EventCall("step", fields={"step": "recharge"})
    yield from _expected(visitor, given, 1.0)
    yield from _pay(visitor, rng, given)


def _expected(visitor: Visitor, given: Shown, reached: float) -> Journey:
    """The truth about a page's amount and number, where `reached` share get to use them."""
    amount, number = _variant(given, "denomination"), _variant(given, "prefill")
    outcomes = truth.path(visitor, amount, number, reached)
    if amount is not None:
        yield Expectation("denomination", given["denomination"], truth.of_other_slots(outcomes))
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
    """The number field; returns whether what was filled in stays."""
    prefill = given.get("prefill")
    if prefill is None or prefill.variant == "blank":
        return False
    stays = bool(rng.random() < truth.kept(prefill.variant))
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
