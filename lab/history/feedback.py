"""Feedback of a history: scores and texts, as visitors write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from lab.simulate.journey import EventCall, Journey
from nudge.domain.slots.slot import Scalar

SAYS: Final = 0.03
"""Share of visitors who pay and say something; of those whose payment failed, ten times as many."""
AFTER_FAILURE: Final = 10.0
WRITES: Final = 0.5
PRAISE: Final = (
    "很方便，几秒就到账了",
    "一直用这个充值，挺好",
    "优惠不错",
    "界面清楚，老人也会用",
    "到账快",
)
COMPLAINTS: Final = (
    "支付失败了三次，太差了",
    "钱扣了话费没到账，怎么回事",
    "页面一直转圈，根本付不了款",
    "客服电话打不通，没人管",
    "再这样我就要投诉了",
    "套餐乱扣费，我要携号转网",
    "网速太慢，准备换一家了",
    "流量不够用还限速，太坑了",
)


def feedback(rng: np.random.Generator, scene: str, *, failed: bool) -> Journey:
    """Yield what a visitor says behind a payment, if anything."""
    if rng.random() >= SAYS * (AFTER_FAILURE if failed else 1.0):
        return
    score = int(rng.integers(0, 5)) if failed else int(rng.integers(6, 11))
    fields: dict[str, Scalar] = {"scene": scene, "score": score}
    if rng.random() < WRITES:
        words = COMPLAINTS if failed else PRAISE
        fields["text"] = words[int(rng.integers(len(words)))]
    told: Mapping[str, Scalar] = fields
    yield EventCall("feedback", fields=told)
