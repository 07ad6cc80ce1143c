"""The simulated truth: probabilities of visitors' actions, which a learner has to find.

Ratios are those of the field notes; absolute levels are ours, since the notes give none. `boost`
multiplies the number of visitors who begin, so that minutes of a demonstration show weeks of a
channel; the ratios between variants stay, except at the cap.
"""

from __future__ import annotations

import math

import numpy as np

from bandits.units import HOUR
from lab.simulate.visitors import AMOUNTS, Visitor, distance
from nudge.domain.slots.reward_event import reward_rule

Outcomes = tuple[tuple[frozenset[str], float], ...]
"""Ways in which a visit may go on that exclude each other: which rewarding types of events it
brings, and how likely that is. What is left over brings none."""

CAP = 0.9

BASE_START = 0.01
BANNER_TIMES = {"data_draw": 10.0, "triple_gift": 1.0, "coffee": 2.0, "video": 1.5}
"""field-notes: data_draw converts 10 times as well as triple_gift."""
BANNER_FITS = {"coffee": {"1": 8.0}, "video": {"3": 10.0}}
"""Factors of what some like better, by city tier (field-notes: offers of one city serve those who
look for a discount). They are ours: without them one banner is the best for everybody, and nothing
can be learned that a hand could not set."""
CHANNEL_TIMES = {"web": 1.0, "wap": 0.7, "app": 1.2}
MOBILE_TIMES = 5.0
"""field-notes: who has used the mobile channels converts 5 times as well."""

QUICK = 0.3
"""Share of those who begin that pay from the home page; the others see the recharge page."""
SEEN = 0.95
"""Share of visitors who see the banner."""

AMOUNT_STEP, AMOUNT_DECAY = 0.80, 0.25
NUMBER_PREFILLED, NUMBER_TYPED = 0.98, 0.80
KEPT = {"carried": 0.97, "last_on_device": 0.85, "most_frequent": 0.75, "own": 0.65, "blank": 0.0}
PAY_STEP, METHOD_STEP, PAYMENT_WORKS = 0.78, 0.88, 0.90
"""Steps of the path; with the usual choices about 60 % of those who begin leave (field-notes)."""

FAILURES = {"soft": 0.50, "hard": 0.25, "gateway_down": 0.10, "unknown": 0.15}
METHODS = {"alipay": 0.40, "wechat": 0.40, "unionpay": 0.12, "card": 0.08}
RECOVERY = {
    "same_method": {"soft": 0.50, "hard": 0.05, "gateway_down": 0.05, "unknown": 0.25},
    "other_method": {"soft": 0.40, "hard": 0.55, "gateway_down": 0.50, "unknown": 0.40},
    "remind_later": {"soft": 0.15, "hard": 0.10, "gateway_down": 0.20, "unknown": 0.15},
}
NO_RECOVERY = 0.05

SMS_BASE = 0.005
SMS_TIMES = {"early": 2.0, "mid": 1.0, "end": 10.0}
"""field-notes: the end of the month gets 10 times the response of mid-month."""
SMS_FITS = {"early": {"low": 8.0}}
"""By value tier: who spends little tops up when the pay has come. The factor is ours, as above."""

LONGEST_DELAY = 6.0 * HOUR


def start(visitor: Visitor, banner: str | None, boost: float) -> float:
    """Return the probability that the visitor begins a recharge; `banner` None: none was seen."""
    fits = BANNER_FITS.get(banner or "", {}).get(visitor.city_tier, 1.0)
    times = BANNER_TIMES.get(banner or "", 1.0) * fits * CHANNEL_TIMES[visitor.channel]
    return min(CAP, BASE_START * boost * times * _mobile(visitor))


def best_banners(visitor: Visitor, boost: float) -> frozenset[str]:
    """Return the banners with which the visitor is likeliest to begin; several, at the cap."""
    chances = {name: start(visitor, name, boost) for name in BANNER_TIMES}
    most = max(chances.values())
    return frozenset(name for name, chance in chances.items() if chance == most)


def amount_step(visitor: Visitor, preselected: str | None) -> float:
    """Return the probability that a visitor who began settles on an amount."""
    if preselected is None or not preselected.isdigit() or int(preselected) not in AMOUNTS:
        return AMOUNT_STEP * math.exp(-AMOUNT_DECAY)
    return AMOUNT_STEP * math.exp(-AMOUNT_DECAY * distance(int(preselected), visitor.wished))


def keep_probability(prefill: str | None) -> float:
    """Return the probability that the prefilled number is right, and stays."""
    return KEPT.get(prefill or "blank", 0.0)


def number_step(*, prefilled: bool) -> float:
    """Return the probability that a visitor gets past the number."""
    return NUMBER_PREFILLED if prefilled else NUMBER_TYPED


def recovery(offer: str | None, failure: str) -> float:
    """Return the probability that a failed payment is still made, by the offer after it."""
    return RECOVERY.get(offer or "", {}).get(failure, NO_RECOVERY)


def path(
    visitor: Visitor, amount: str | None, prefill: str | None, reached: float = 1.0
) -> Outcomes:
    """Return the outcomes of a visit from a page with this amount and number on.

    Args:
        visitor: traits of the visitor.
        amount: preselected amount.
        prefill: variant of the prefilled number.
        reached: probability that the visitor continues from this page at all.
    """
    rescued = sum(share * recovery("other_method", name) for name, share in FAILURES.items())
    pays = METHOD_STEP * (PAYMENT_WORKS + (1 - PAYMENT_WORKS) * rescued)
    settles, stays = reached * amount_step(visitor, amount), keep_probability(prefill)
    right, typed = settles * stays, settles * (1 - stays)
    taps_right, taps_typed = NUMBER_PREFILLED * PAY_STEP, NUMBER_TYPED * PAY_STEP
    return (
        (frozenset({"prefill_kept"}), right * (1 - taps_right)),
        (frozenset({"prefill_kept", "pay_tapped"}), right * taps_right * (1 - pays)),
        (frozenset({"prefill_kept", "pay_tapped", "paid"}), right * taps_right * pays),
        (frozenset({"pay_tapped"}), typed * taps_typed * (1 - pays)),
        (frozenset({"pay_tapped", "paid"}), typed * taps_typed * pays),
    )


def without_prefill(outcomes: Outcomes) -> Outcomes:
    """Remove `prefill_kept` from outcomes: it names the number's decision, not other slots'."""
    return tuple((types - {"prefill_kept"}, chance) for types, chance in outcomes)


def reward_probability(outcomes: Outcomes, event: str) -> float:
    """Return the probability of a reward in a slot that rewards this event."""
    return sum(chance for types, chance in outcomes if reward_rule(event).met(types))


def finish(visitor: Visitor, amount: str | None, prefill: str | None) -> float:
    """Return the probability that a visitor who began pays, with the usual retry offer."""
    return reward_probability(path(visitor, amount, prefill), "paid")


def sms(visitor: Visitor, timing: str | None, boost: float) -> float:
    """Return the probability that a reminder SMS leads to a payment."""
    # The hours of a window, behind the part of the month, change nothing here.
    part = (timing or "").split("_")[0]
    fits = SMS_FITS.get(part, {}).get(visitor.value_tier, 1.0)
    times = SMS_TIMES.get(part, 1.0) * fits
    return min(CAP, SMS_BASE * boost * times * _mobile(visitor))


def payment_delay(rng: np.random.Generator) -> float:
    """Draw the seconds between choice of method and payment: mostly minutes, sometimes hours."""
    mean = 0.1 * HOUR if rng.random() < 0.75 else 3 * HOUR  # noqa: PLR2004 - told above
    return float(min(LONGEST_DELAY, rng.exponential(mean)))


def sms_delay(rng: np.random.Generator) -> float:
    """Draw the seconds between a reminder and the payment."""
    return float(min(LONGEST_DELAY, rng.exponential(4 * HOUR)))


def _mobile(visitor: Visitor) -> float:
    return MOBILE_TIMES if visitor.mobile_before else 1.0
