"""One visit to each shipped slot in the world of `nudge simulate`, with its written truth.

The probabilities are those of `lab.simulate.truth`. Here every visitor comes to the slot: on the
whole path of `nudge simulate` one in fifty reaches `payment_retry`, and a lift there would take
weeks of visitors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from lab.simulate import truth
from lab.simulate.visitors import Visitor, pick
from nudge.domain.slots.slot import Scalar

USUAL: Final = "last_on_device"
"""The number that is filled in while amounts are looked at."""
BOOST: Final = 1.0


@dataclass(frozen=True)
class Visit:
    """A visit: what a visitor brings to a slot, and would do.

    Attributes:
        page: that asks.
        channel: by which it asks.
        context: what the front end knows.
        outcomes: variant -> what may happen then.
        amount: that is paid, in yuan.
        shown: the exposure is an event of its own.
    """

    page: str
    channel: str
    context: Mapping[str, Scalar]
    outcomes: Callable[[str], truth.Outcomes]
    amount: int
    shown: bool = False

    def happens(self, variant: str, u: float) -> frozenset[str]:
        """The rewarding types of events that come, by a number in [0, 1)."""
        for types, chance in self.outcomes(variant):
            u -= chance
            if u < 0.0:
                return types
        return frozenset()


def denomination(visitor: Visitor, rng: np.random.Generator) -> Visit:
    """Half of them on the home page, half on the recharge page; all of them have begun."""
    page = "home" if rng.random() < 0.5 else "recharge"  # noqa: PLR2004 - half
    return Visit(
        page,
        visitor.channel,
        visitor.context(),
        lambda amount: truth.without_prefill(truth.path(visitor, amount, USUAL)),
        visitor.wished,
    )


def banner(visitor: Visitor, _: np.random.Generator) -> Visit:
    """Everybody sees it; who begins goes on with 50 yuan preselected."""
    return Visit(
        "home",
        visitor.channel,
        visitor.context(),
        lambda name: truth.path(visitor, "50", None, truth.start(visitor, name, BOOST)),
        visitor.wished,
        shown=True,
    )


def payment_retry(visitor: Visitor, rng: np.random.Generator) -> Visit:
    """A payment has failed, for a reason that is known, with a method."""
    failure, method = pick(rng, truth.FAILURES), pick(rng, truth.METHODS)
    return Visit(
        "payment",
        visitor.channel,
        visitor.context() | {"failure_reason": failure, "method": method},
        lambda offer: _paid(truth.recovery(offer, failure)),
        visitor.wished,
    )


def prefill(visitor: Visitor, rng: np.random.Generator) -> Visit:
    """The recharge page, with 50 yuan preselected; some have typed a number on the home page."""
    carried = bool(rng.random() < truth.QUICK)
    return Visit(
        "recharge",
        visitor.channel,
        visitor.context() | {"carried_number": carried},
        lambda number: truth.path(visitor, "50", number),
        visitor.wished,
    )


def sms_timing(visitor: Visitor, _: np.random.Generator) -> Visit:
    """A reminder is due, and is sent."""
    return Visit(
        "sms",
        "sms",
        visitor.context(),
        lambda timing: _paid(truth.sms(visitor, timing, BOOST)),
        visitor.wished,
        shown=True,
    )


def _paid(chance: float) -> truth.Outcomes:
    return ((frozenset({"paid"}), chance),)


VISITS: Final[Mapping[str, Callable[[Visitor, np.random.Generator], Visit]]] = {
    "denomination": denomination,
    "banner": banner,
    "payment_retry": payment_retry,
    "prefill": prefill,
    "sms_timing": sms_timing,
}
"""By slot: all five that ship."""
