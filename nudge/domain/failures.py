"""Why payments fail: a gateway's own code as one of four kinds that pages and policies know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNKNOWN: Final = "unknown"
KINDS: Final = ("soft", "hard", "gateway_down", UNKNOWN)
"""soft: may pass at once. hard: will fail again the same way. gateway_down: nobody can pay so."""

CODES: Final[Mapping[str, str]] = {
    "insufficient_balance": "soft",
    "insufficient_funds": "soft",
    "limit_exceeded": "soft",
    "wrong_password": "soft",
    "wrong_code": "soft",
    "cancelled": "soft",
    "timeout": "soft",
    "network": "soft",
    "card_expired": "hard",
    "card_closed": "hard",
    "card_blocked": "hard",
    "card_lost": "hard",
    "account_closed": "hard",
    "account_blocked": "hard",
    "not_supported": "hard",
    "fraud": "hard",
    "risk_refused": "hard",
    "gateway_error": "gateway_down",
    "gateway_timeout": "gateway_down",
    "gateway_unavailable": "gateway_down",
    "maintenance": "gateway_down",
}
"""Code -> kind. What is not listed, and is no kind itself, is `unknown`: it is offered what a
failure of any kind may be offered."""


def kind_of(reason: object) -> str:
    """The kind of a reason as it was sent."""
    if reason in KINDS:
        return str(reason)
    return CODES.get(str(reason).lower(), UNKNOWN)
