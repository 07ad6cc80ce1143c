"""One visit to each shipped slot in the world of `nudge simulate`, with its written truth.

The probabilities are those of `nudge.simulate.truth`. Here every visitor comes to the slot: on the
whole path of `nudge simulate` one in fifty reaches `payment_retry`, and a lift there would take
weeks of visitors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nudge.domain.slot import Scalar
from nudge.simulate import truth
from nudge.simulate.visitors import Visitor, pick

USUAL: Final = "last_on_device"
"""The number that is filled in while amounts are looked at."""
BOOST: Final = 1.0


@dataclass(frozen=True)
class Visit:
    """What a visitor brings to a slot, and would do.

    Attributes:
        page: that asks.
        channel: by which it asks.
        context: what the front end knows.
        chance: variant -> probability of the slot's rewarding event.
        event: its type.
        fields: of the event.
        shown: the exposure is an event of its own.
    """

    page: str
    channel: str
    context: Mapping[str, Scalar]
    chance: Callable[[str], float]
    event: str = "paid"
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    shown: bool = False


def denomination(visitor: Visitor, rng: np.random.Generator) -> Visit:
    """Half of them on the home page, half on the recharge page; all of them have begun."""
    page = "home" if rng.random() < 0.5 else "recharge"  # noqa: PLR2004 - half
    paid = {"amount": visitor.wished}
    return Visit(
        page,
        visitor.channel,
        visitor.context(),
        lambda amount: truth.finish(visitor, amount, USUAL),
        fields=paid,
    )


def banner(visitor: Visitor, _: np.random.Generator) -> Visit:
    """Everybody sees it; who begins goes on with 50 yuan preselected."""
    rest = truth.finish(visitor, "50", None)
    return Visit(
        "home",
        visitor.channel,
        visitor.context(),
        lambda name: truth.start(visitor, name, BOOST) * rest,
        fields={"amount": visitor.wished},
        shown=True,
    )


def payment_retry(visitor: Visitor, rng: np.random.Generator) -> Visit:
    """A payment has failed, for a reason that is known, with a method."""
    failure, method = pick(rng, truth.FAILURES), pick(rng, truth.METHODS)
    return Visit(
        "payment",
        visitor.channel,
        visitor.context() | {"failure_reason": failure, "method": method},
        lambda offer: truth.recovery(offer, failure),
        fields={"amount": visitor.wished},
    )


def prefill(visitor: Visitor, rng: np.random.Generator) -> Visit:
    """The recharge page; some have typed a number on the home page."""
    carried = bool(rng.random() < truth.QUICK)
    return Visit(
        "recharge",
        visitor.channel,
        visitor.context() | {"carried_number": carried},
        truth.kept,
        event="prefill_kept",
    )


def sms_timing(visitor: Visitor, _: np.random.Generator) -> Visit:
    """A reminder is due, and is sent."""
    return Visit(
        "sms",
        "sms",
        visitor.context(),
        lambda timing: truth.sms(visitor, timing, BOOST),
        fields={"amount": visitor.wished},
        shown=True,
    )


VISITS: Final[Mapping[str, Callable[[Visitor, np.random.Generator], Visit]]] = {
    "denomination": denomination,
    "banner": banner,
    "payment_retry": payment_retry,
    "prefill": prefill,
    "sms_timing": sms_timing,
}
"""By slot: all five that ship."""
