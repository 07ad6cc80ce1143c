"""The contact policy: nothing goes out that a rule forbids, whatever clock, calendar and past."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from contact_strategies import (
    DAY,
    TAGS,
    around,
    bases,
    by_hand,
    customers,
    policies,
    some,
    wants,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.contact.contact_calendar import calendar_intervals
from nudge.domain.contact.contact_rules import (
    allowed_intervals,
    forbidden,
    next_allowed_time,
    personal_intervals,
)

SEARCHED = 20
"""Days in which a moment is looked for."""

forms = pytest.mark.parametrize(
    "examples", [40, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)


@forms
def test_a_moment_is_forbidden_for_the_first_rule_that_forbids_it(examples: int) -> None:
    """Each rule, recounted by hand at the moment, gives the same answer and the same reason."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy, known = data.draw(policies(base)), data.draw(customers(base))
        purpose, channel = data.draw(wants)
        content = data.draw(st.sampled_from(TAGS))
        for at in (base, data.draw(around(base, 3)), *data.draw(some(base, 3, 8))):
            found = forbidden(policy, known, purpose, channel, at, content)
            assert found == by_hand(policy, known, purpose, channel, at, content)

    law()


@forms
def test_a_window_is_allowed_exactly_where_its_moments_are(examples: int) -> None:
    """The intervals lie in the window, in order and apart; in them all is allowed, beside nothing.

    Looked at on both sides of each end, where a second decides, and at random.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy, known = data.draw(policies(base)), data.draw(customers(base))
        purpose, channel = data.draw(wants)
        start, end = data.draw(around(base, 3)), data.draw(around(base, 10))
        found = allowed_intervals(policy, known, purpose, channel, start, end)
        assert all(start <= low < high <= end for low, high in found)
        assert all(one[1] < other[0] for one, other in pairwise(found))
        edges = [near for pair in found for edge in pair for near in (before(edge), edge)]
        if start >= end:
            assert not found
            return
        tried = data.draw(some(base, 10, 8))
        for at in (at for at in (*edges, start, before(end), *tried) if start <= at < end):
            inside = any(low <= at < high for low, high in found)
            assert inside == (by_hand(policy, known, purpose, channel, at) is None), at

    law()


def before(edge: float) -> float:
    """The last moment before one."""
    return math.nextafter(edge, -math.inf)


@forms
def test_the_calendar_and_the_customer_give_the_whole(examples: int) -> None:
    """A zone's windows, computed once, serve each of its customers, and change nothing."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy = data.draw(policies(base))
        purpose, channel = data.draw(wants)
        end = base + data.draw(st.integers(1, 8)) * DAY
        zone = policy.zone
        shared = calendar_intervals(policy, zone, purpose, channel, base, end)
        for _ in range(2):
            known = data.draw(customers(base))._replace(zone=zone.key)
            assert personal_intervals(policy, known, purpose, channel, shared) == (
                allowed_intervals(policy, known, purpose, channel, base, end)
            )

    law()


@forms
def test_the_next_moment_is_the_first_that_is_allowed(examples: int) -> None:
    """It is allowed, not later than asked for, and no moment before it is."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy, known = data.draw(policies(base)), data.draw(customers(base))
        purpose, channel = data.draw(wants)
        until = base + data.draw(st.sampled_from((0, 1, SEARCHED))) * DAY
        found = next_allowed_time(policy, known, purpose, channel, base, until)
        reached = until if found is None else found
        if found is not None:
            assert base <= found < until
            assert by_hand(policy, known, purpose, channel, found) is None
        tried = data.draw(some(base, SEARCHED, 30))
        for at in (at for at in (base, before(reached), *tried) if base <= at < reached):
            assert by_hand(policy, known, purpose, channel, at) is not None

    law()
