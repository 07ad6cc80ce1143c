"""The reach of a call: nobody is listed whom the policy forbids, and nobody is forgotten."""

from __future__ import annotations

from contact_strategies import bases, customers, policies
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.contact.contact_capacity import Capacity, hour_of, limit
from nudge.domain.contact.contact_rules import forbidden, next_allowed_time
from nudge.domain.worklist.call_reach import CallPlanner

DAYS = 12
DAY = 86_400.0


@given(st.data())
def test_the_moment_that_is_told_is_allowed_and_none_is_earlier(data: st.DataObject) -> None:
    """The policy's own judgement agrees: it allows the moment, and no one before it."""
    base = data.draw(bases)
    policy, known = data.draw(policies(base)), data.draw(customers(base))
    purpose = data.draw(st.sampled_from(sorted(policy.purposes)))
    channels = tuple(sorted(policy.channels))
    planner = CallPlanner(policy, purpose, channels, Capacity({}), DAYS * DAY)
    for one in planner.each(known, base):
        unlimited = limit(policy, purpose, one.channel) != 0
        ask = policy, known, purpose, one.channel
        first = next_allowed_time(*ask, base, base + DAYS * DAY)
        assert one.start == (first if unlimited else None)
        if one.start is not None:
            assert forbidden(*ask, one.start) is None
            assert one.reason == (forbidden(*ask, base) or "")
        else:
            assert one.reason
            assert one.sentence
    best = planner.best(known, base)
    starts = [one.start for one in planner.each(known, base) if one.start is not None]
    assert best.start == min(starts, default=None)


@given(st.data())
def test_a_full_hour_of_the_gateway_is_not_told(data: st.DataObject) -> None:
    """An hour without capacity is passed over."""
    base = data.draw(bases)
    policy, known = data.draw(policies(base)), data.draw(customers(base))
    purpose, channels = min(policy.purposes), tuple(sorted(policy.channels))
    hours = {hour_of(base) + n: 10**9 for n in range(3)}
    planner = CallPlanner(
        policy, purpose, channels, Capacity(dict.fromkeys(channels, hours)), 2 * DAY
    )
    for one in planner.each(known, base):
        if limit(policy, purpose, one.channel) is not None and one.start is not None:
            assert hour_of(one.start) not in hours
