"""Failures of payments: a gateway's own code as one of four kinds that pages and policies know.

Also the failure in the context of a decision: the page's word and the service's, as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bandits.units import HOUR
from nudge.domain.slots.rule import Scalar

UNKNOWN: Final = "unknown"
KINDS: Final = ("soft", "hard", "gateway_down", UNKNOWN)
"""soft: may pass at once. hard: fails again the same way. gateway_down: nobody can pay so."""

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
"""Code -> kind.

A code that is neither listed nor a kind itself is `unknown`: it is offered what a failure of any
kind may be offered.
"""


def kind_of(reason: object) -> str:
    """Return the kind of a reason as it was sent."""
    if reason in KINDS:
        return str(reason)
    return CODES.get(str(reason).lower(), UNKNOWN)


REASON: Final = "failure_reason"
FAILED_AT: Final = "failed_at"
METHOD: Final = "method"
FRESH: Final = 6.0 * HOUR
"""Seconds for which a failure asks for an offer: as long as a payment report belongs to a visit.

A visitor who comes back later begins anew, and must not be answered for an old failure.
"""


def with_failure_told(
    known: Mapping[str, Scalar], told: Mapping[str, Scalar], at: float
) -> dict[str, Scalar]:
    """Build the context of a decision: the service's facts, overridden by the page's.

    The page's reason becomes a kind. Without a reason, or with an unknown one, the service's fact
    stays: the page sees less of the third party's page than a server.

    Args:
        known: from the visitor's state.
        told: in the request.
        at: seconds, now.
    """
    failed_at = known.get(FAILED_AT)
    if failed_at is None and REASON not in told:
        return {**known, **told}
    if isinstance(failed_at, int | float) and at - failed_at > FRESH:
        known = {k: v for k, v in known.items() if k not in (REASON, FAILED_AT, METHOD)}
    rest = {name: value for name, value in told.items() if name != REASON}
    reason = told.get(REASON)
    kind = kind_of(reason) if reason else UNKNOWN
    if reason and (kind != UNKNOWN or REASON not in known):
        rest[REASON] = kind
    return {**known, **rest}
