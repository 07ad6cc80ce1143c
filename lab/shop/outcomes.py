"""Outcomes of a payment that the stand-in can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Status = Literal["open", "paid", "failed"]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a payment.

    Attributes:
        status: what the shop's server hears; `open` is never answered.
        reason: the gateway's code of a failure; empty for none.
        delay: seconds until it is heard.
    """

    status: Status
    reason: str = ""
    delay: float = 0.0


OUTCOMES: Final = {
    "paid": Outcome("paid"),
    "insufficient_balance": Outcome("failed", "insufficient_balance"),
    "card_closed": Outcome("failed", "card_closed"),
    "slow": Outcome("paid", delay=8.0),
    "silent": Outcome("open"),
}
"""Name, as the page sends it -> outcome; one failure that may pass at once, one that never will."""

METHODS: Final = ("alipay", "wechat", "unionpay")
"""Methods of payment that the shop offers, of those that `payment_retry` knows."""
