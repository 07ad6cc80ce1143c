"""Samples of journal records: complete, alike in every test, changed by keyword."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from nudge.domain.journal.records import Decision
from nudge.domain.slots.slot import RewardTerms

SUBJECT: Final = "5" * 32
TERMS: Final = RewardTerms("decision", "paid", "conversion", 86_400.0)
_PAGE: Final = Decision(
    subject=SUBJECT,
    slot="banner",
    revision=1,
    channel="web",
    page="home",
    context={},
    cell="-",
    eligible=("a", "b"),
    removed={},
    pmf=(0.5, 0.5),
    u=0,
    variant="a",
    propensity=0.5,
    reason="policy",
    policy="beta",
    policy_version=1,
    terms=TERMS,
    unit="banner",
    period=0,
)
_PLAN: Final = replace(
    _PAGE,
    slot="sms_timing",
    channel="sms",
    page="reminder",
    terms=replace(TERMS, on="shown"),
    unit="sms_timing|reminder",
    period=24_321,
)


def decision(subject: str = SUBJECT, **changes: Any) -> Decision:
    """Return a page's decision between two variants of `banner`, drawn by the policy."""
    return replace(_PAGE, subject=subject, **changes)


def planned_decision(subject: str = SUBJECT, **changes: Any) -> Decision:
    """Return a decision on when to send an SMS: it is exposed when the SMS was sent."""
    return replace(_PLAN, subject=subject, **changes)
