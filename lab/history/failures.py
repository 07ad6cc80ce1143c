"""Failures of payment methods: what breaks in a history, when, and how often a payment works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

WORKS: Final = {"alipay": 0.92, "wechat": 0.93, "unionpay": 0.90, "card": 0.88}


@dataclass(frozen=True)
class Outage:
    """An outage of one payment method.

    Attributes:
        start: seconds.
        end: seconds.
        works: share of payments that go through meanwhile.
    """

    method: str
    start: float
    end: float
    works: float


def works(method: str, at: float, rng: np.random.Generator, outages: Sequence[Outage]) -> bool:
    """Draw whether a payment goes through."""
    hit = [one.works for one in outages if one.method == method and one.start <= at < one.end]
    return bool(rng.random() < min([WORKS.get(method, 0.9), *hit]))
