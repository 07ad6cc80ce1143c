"""A site for the tests of win-back: a funnel with rules, events of visits, and the fold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from nudge.config.documents.funnel_file import parse_funnel
from nudge.config.documents.winback_file import parse_winback
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.funnel.funnel import Funnel
from nudge.domain.journal.records import Event
from nudge.domain.winback.winback_policy import WinbackPolicy
from nudge.flows.folds.care import CareFold
from nudge.store.store import Store

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
GRACE: Final = 0.2
"""Seconds in which late acts are gathered, in tests on a store."""
STEPS: Final = ("home", "recharge", "amount", "number", "pay_tapped", "method")
FUNNEL: Final[Funnel] = parse_funnel(
    {
        "visit": {"gap": "30m", "late": "6h"},
        "dimensions": {"city": "city_tier"},
        "stages": [
            {"name": "home", "events": [{"type": "step", "step": "home"}]},
            {"name": "recharge", "events": [{"type": "step", "step": "recharge"}]},
            {
                "name": "amount_number",
                "needs": "all",
                "events": [{"type": "step", "step": "amount"}, {"type": "step", "step": "number"}],
            },
            {"name": "pay_tapped", "events": [{"type": "step", "step": "pay_tapped"}]},
            {"name": "method", "events": [{"type": "step", "step": "method"}]},
            {"name": "paid", "events": [{"type": "paid", "source": "server"}]},
        ],
    },
    "funnel.toml",
)
RULES: Final[dict[str, Any]] = {
    "held_share": 0.0,
    "offers": ["banner"],
    "rules": [
        {"name": "failed", "failed": True, "after": "1h", "title": {"zh": "失败", "en": "failed"}},
        {"name": "tapped", "stages": ["pay_tapped", "method"]},
        {"name": "filled", "stages": ["amount_number"], "amount_at_least": 50, "after": "24h"},
    ],
}


def winback_policy(**changes: Any) -> WinbackPolicy:
    """Return the policy of the rules, with other keys."""
    return parse_winback(RULES | changes, "winback.toml", FUNNEL)


def winback_book(policy: WinbackPolicy | None = None) -> RuleBook:
    """Return a book of the rules of win-back alone."""
    policy = policy or winback_policy()
    return RuleBook(WarningPolicy(agents=("ann",)), None, None, policy.rules, policy.trails)


def hasty_book() -> RuleBook:
    """Return the same book, which waits for late acts but a moment: those of the past are due."""
    trails = winback_policy().trails
    assert trails is not None
    return winback_book(replace(winback_policy(), trails=replace(trails, grace=GRACE)))


def winback_fold(store: Store, book: RuleBook | None = None, **more: Any) -> CareFold:
    """Return the fold with rules of win-back."""
    found = book or hasty_book()
    return CareFold(store, lambda: found, **more)


def did(subject: str, name: str, at: float, step: str, **fields: Any) -> Event:
    """Return a step of a visit."""
    return Event(subject, name, "step", "page", fields={"step": step, **fields}, at=at)


def paid(subject: str, name: str, at: float, amount: float = 50.0) -> Event:
    """Return a payment that a server reports."""
    return Event(subject, name, "paid", "server", fields={"amount": amount}, at=at)


def failed(subject: str, name: str, at: float, reason: str = "timeout", **more: Any) -> Event:
    """Return a payment that failed."""
    fields = {"reason": reason, **more}
    return Event(subject, name, "payment_failed", "server", fields=fields, at=at)


def visit(subject: str, name: str, at: float, steps: int = 6, amount: float = 100.0) -> list[Event]:
    """Return the first steps of a visit, ten seconds apart."""
    return [
        did(
            subject,
            f"{name}-{step}",
            at + 10.0 * i,
            step,
            **({"amount": amount} if step == "amount" else {}),
            **({"method": "wallet"} if step == "method" else {}),
        )
        for i, step in enumerate(STEPS[:steps])
    ]
