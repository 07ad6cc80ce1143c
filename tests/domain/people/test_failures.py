"""Failed payments, as far as a decision may know of them."""

from __future__ import annotations

import pytest

from nudge.domain.people.failures import CODES, FRESH, KINDS, kind_of, with_failure_told
from nudge.domain.slots.slot import Scalar

AT = 1_000_000.0
HARD: dict[str, Scalar] = {"failure_reason": "hard", "failed_at": AT - 60, "method": "card"}


@pytest.mark.parametrize(("code", "kind"), [*CODES.items(), *((kind, kind) for kind in KINDS)])
def test_codes_have_kinds(code: str, kind: str) -> None:
    """Every code that is listed has one of the four kinds; a kind is its own."""
    assert kind_of(code) == kind_of(code.upper() if code in CODES else code) == kind
    assert kind in KINDS


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("CARD_EXPIRED", "hard"),
        ("gateway_timeout", "gateway_down"),
        ("soft", "soft"),
        ("E-4711", "unknown"),
        (4711, "unknown"),
    ],
)
def test_a_page_s_code_becomes_a_kind(told: Scalar, reason: str) -> None:
    """Rules and policies see kinds only, also where the page sent a gateway's own code."""
    assert with_failure_told({}, {"failure_reason": told}, AT) == {"failure_reason": reason}


@pytest.mark.parametrize("told", [None, "", False, "unknown", "E-4711"])
def test_a_page_that_knows_nothing_hides_nothing(told: Scalar) -> None:
    """A hard failure that a server reported stays hard, where the page cannot say what it was."""
    assert with_failure_told(HARD, {"failure_reason": told}, AT) == HARD
    nothing = with_failure_told({}, {"failure_reason": told}, AT)
    assert nothing == ({"failure_reason": "unknown"} if told else {})


def test_a_page_that_knows_more_counts_more() -> None:
    """A failure in front of the page a moment ago is news to the service."""
    told: dict[str, Scalar] = {"failure_reason": "network", "method": "alipay", "city": "ningbo"}
    known = with_failure_told(HARD | {"city": "hangzhou"}, told, AT)
    assert known == {**told, "failure_reason": "soft", "failed_at": AT - 60}


def test_a_failure_of_another_visit_is_no_question() -> None:
    """A visitor who comes back later begins anew; what the page tells now still counts."""
    known = HARD | {"last_amount": 50}
    assert with_failure_told(known, {}, AT - 60 + FRESH) == known
    later = AT - 59 + FRESH
    assert with_failure_told(known, {}, later) == {"last_amount": 50}
    assert with_failure_told(known, {"failure_reason": "soft"}, later) == {
        "last_amount": 50,
        "failure_reason": "soft",
    }
