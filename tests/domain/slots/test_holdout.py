"""The holdout: visitors who are never personalised."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.slots.holdout import (
    GLOBAL,
    in_holdout,
    in_usual,
    share_beside_usual,
    share_held_out,
)

SUBJECTS = tuple(f"{i:032x}" for i in range(20_000))
CRITICAL = 10.83
"""Chi-square with one degree of freedom is above this with probability .001."""


def members(salt: str, share: float) -> frozenset[str]:
    return frozenset(s for s in SUBJECTS if in_holdout(s, salt, share))


def chi_square(a: frozenset[str], b: frozenset[str]) -> float:
    n, both = len(SUBJECTS), len(a & b)
    table = [[both, len(a) - both], [len(b) - both, n - len(a | b)]]
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table, strict=True)]
    cells = [(i, j, rows[i] * columns[j] / n) for i in (0, 1) for j in (0, 1)]
    return float(sum((table[i][j] - expected) ** 2 / expected for i, j, expected in cells))


def test_the_share_is_kept() -> None:
    """As many subjects are held out as the share says, within 4 standard errors."""
    n = len(SUBJECTS)
    for salt in (GLOBAL, "banner", "denomination"):
        for share in (0.01, 0.05, 0.5):
            error = 4 * sqrt(share * (1 - share) / n)
            assert abs(len(members(salt, share)) / n - share) < error


def test_salts_are_independent() -> None:
    """Whether the global share holds a subject out says nothing about a slot's share."""
    salts = (GLOBAL, "banner", "denomination", "prefill")
    held = {salt: members(salt, 0.3) for salt in salts}
    pairs = [(a, b) for i, a in enumerate(salts) for b in salts[i + 1 :]]
    assert all(chi_square(held[a], held[b]) < CRITICAL for a, b in pairs)


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_raising_the_share_only_adds(subject: str, one: float, other: float) -> None:
    """Nobody leaves the holdout because it grew."""
    low, high = sorted((one, other))
    assert in_holdout(subject, "banner", low) <= in_holdout(subject, "banner", high)


@given(st.text())
def test_the_ends_are_exact(subject: str) -> None:
    """A share of 0 holds nobody out, a share of 1 everybody."""
    assert not in_holdout(subject, GLOBAL, 0.0)
    assert in_holdout(subject, GLOBAL, 1.0)


def test_membership_is_for_ever() -> None:
    """The rule is part of the log's meaning: a new release moves no subject (fixed examples)."""
    held = [i for i in range(100) if in_holdout(SUBJECTS[i], GLOBAL, 0.1)]
    assert held == PINNED


USUAL_PINNED = [13, 24, 30, 44, 64, 79, 82, 85]
PINNED = [7, 26, 30, 34, 41, 47, 51, 65, 67, 85]


def test_two_holdouts_take_the_share_of_their_union() -> None:
    """The global holdout and a slot's own overlap by chance: 14.5 % for 5 % and 10 %."""
    held = members(GLOBAL, 0.05) | members("banner", 0.1)
    share = share_held_out(0.05, 0.1)
    error = 4 * sqrt(share * (1 - share) / len(SUBJECTS))
    assert abs(len(held) / len(SUBJECTS) - share) < error
    assert share_held_out(0.0, 0.1) == share_held_out(0.1, 0.0)


def test_the_group_usual_has_a_salt_of_its_own() -> None:
    """Its members are independent of both holdouts; its share is kept and only adds, for ever."""
    usual = frozenset(s for s in SUBJECTS if in_usual(s, "banner", 0.3))
    assert abs(len(usual) / len(SUBJECTS) - 0.3) < 4 * sqrt(0.3 * 0.7 / len(SUBJECTS))
    assert chi_square(usual, members("banner", 0.3)) < CRITICAL
    assert chi_square(usual, members(GLOBAL, 0.3)) < CRITICAL
    assert {s for s in SUBJECTS if in_usual(s, "banner", 0.1)} <= usual
    assert [i for i in range(100) if in_usual(SUBJECTS[i], "banner", 0.1)] == USUAL_PINNED


def test_the_holdout_s_share_is_told_beside_the_group_usual() -> None:
    """Of 100 subjects 10 are held out, 18 usual and 72 the policy's: 10 of 82."""
    assert share_beside_usual(0.1, 0.2) == pytest.approx(10 / 82)
    assert share_beside_usual(0.1, 0.0) == 0.1
