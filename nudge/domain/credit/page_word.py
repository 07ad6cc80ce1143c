"""Pages' words against facts: finds a variant that pages speak of and servers do not. Pure.

Of rewards that a page speaks of, some are confirmed by a server: as many under one variant as under
another, within a bucket of time, but for luck and for what payments of unlike amounts may do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import exp, log, sqrt
from operator import itemgetter
from typing import Final, NamedTuple

WHO: Final = "page_word"
"""Name in the audit of who freezes a slot for this."""
FREEZE: Final = {"mode": "frozen", "frozen_serves": "policy"}
"""Change of a slot: the policy that was published moves by the page share at most."""
MARGIN: Final = 5.0
"""Ratio of odds up to which variants may differ honestly."""
LEAST: Final = 20
"""Confirmed rewards of the other variants that a bucket must have to be compared with."""
CERTAIN: Final = 25.0
"""Nats: such an excess by luck has a chance below e**-25, about one in 70 billion."""
DEVIATIONS: Final = 3.0
"""Standard errors that the odds of the other variants are given."""


class SpokenRewards(NamedTuple):
    """Rewards of one variant in one bucket of time.

    Attributes:
        bucket: its start in seconds.
        told: of which pages alone speak.
        confirmed: of which a server speaks.
    """

    bucket: int
    variant: str
    told: int
    confirmed: int


def find_parting(rewards: Iterable[SpokenRewards]) -> SpokenRewards | None:
    """Return the rewards of the variant whose words and facts part most clearly, or None."""
    buckets: defaultdict[int, dict[str, SpokenRewards]] = defaultdict(dict)
    for one in rewards:
        before = buckets[one.bucket].get(one.variant, one._replace(told=0, confirmed=0))
        buckets[one.bucket][one.variant] = one._replace(
            told=one.told + before.told, confirmed=one.confirmed + before.confirmed
        )
    found = (
        (_excess(one, each.values()), one) for each in buckets.values() for one in each.values()
    )
    most, parted = max(found, key=itemgetter(0), default=(0.0, None))
    return parted if most >= CERTAIN else None


def _excess(one: SpokenRewards, every: Iterable[SpokenRewards]) -> float:
    """Return by how much a variant's unconfirmed share is beyond the margin: Chernoff's bound."""
    others = [x for x in every if x.variant != one.variant]
    told, confirmed = sum(x.told for x in others), sum(x.confirmed for x in others)
    number = one.told + one.confirmed
    if confirmed < LEAST or not number:
        return 0.0
    error = sqrt(1.0 / (told + 0.5) + 1.0 / (confirmed + 0.5))
    odds = MARGIN * exp(DEVIATIONS * error) * (told + 0.5) / (confirmed + 0.5)
    most, share = odds / (1.0 + odds), one.told / number
    if share <= most:
        return 0.0
    rest = (1.0 - share) * log((1.0 - share) / (1.0 - most)) if share < 1.0 else 0.0
    return number * (share * log(share / most) + rest)


def sentence(one: SpokenRewards) -> str:
    """Explain in Chinese and English why a slot was frozen."""
    told, confirmed = f"{one.told:,}", f"{one.confirmed:,}"
    return (
        f"已冻结（page_word）：方案 {one.variant} 有 {told} 次转化只有页面上报，"
        f"服务器确认的只有 {confirmed} 次，与其他方案明显不符。"
        f" Frozen (page_word): of variant {one.variant}, pages alone told {told} conversions and "
        f"servers confirmed {confirmed}, unlike the other variants. The policy published last is "
        "served, and nothing is learned, until the mode is set to live."
    )
