"""Chances: found once for many as for each alone, and without the hours that are full."""

from __future__ import annotations

import pytest
from contact_strategies import around, bases, customers, policies, wants
from hypothesis import given, settings
from hypothesis import strategies as st
from test_windows import AGREED, POLICY, windows

from nudge.domain.basics.intervals import Intervals
from nudge.domain.contact.contact_capacity import Capacity, hour_of
from nudge.domain.slots.window import Window
from nudge.domain.timing.send_options import find_options
from nudge.domain.timing.send_options_cache import SendOptionsCache
from nudge.domain.timing.windows import Calendar, WindowQuery

forms = pytest.mark.parametrize(
    "examples", [25, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
KEY = b"k" * 32


@forms
def test_what_is_found_once_for_many_is_what_each_would_find(examples: int) -> None:
    """Customers of any history, asked for one after the other: none gets another's windows."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy = data.draw(policies(base))
        anchor = data.draw(st.sampled_from(("month", "cycle")))
        named = {str(n): data.draw(windows(anchor)) for n in range(data.draw(st.integers(1, 3)))}
        cache = SendOptionsCache(Calendar(policy), named, data.draw(around(base, 3)))
        for _ in range(data.draw(st.integers(1, 6))):
            known, (purpose, channel) = data.draw(customers(base)), data.draw(wants)
            expected = data.draw(st.none() | around(base, 20))
            found = cache.find_options(known, purpose, channel, expected, None)
            wanted = WindowQuery(known, purpose, channel, cache.at)
            alone = find_options(Calendar(policy), named, wanted, expected, None)
            assert (found.cycle, found.allowed, found.blocked) == (
                alone.cycle,
                alone.allowed,
                alone.blocked,
            )

    law()


def test_a_share_that_comes_to_nobody_leaves_no_window() -> None:
    """Half of one contact an hour is none: hours that nobody used are full as well."""
    cache = SendOptionsCache(Calendar(POLICY), {"w": Window("month", 1, -1, (0, 86_400))}, 1.8e9)
    options = cache.find_options(AGREED, "reminder", "sms", None, None)
    assert cache.subtract_full(options, Capacity(), "sms", 0).blocked == {"w": "no_capacity"}
    assert cache.subtract_full(options, Capacity(), "sms", 1) is options
    assert cache.subtract_full(options, Capacity(), "sms", None) is options


def test_what_is_remembered_is_of_one_capacity() -> None:
    """Hours that filled meanwhile, of which another look at the store tells, are full."""
    window = Window("month", 1, -1, (0, 86_400))
    cache = SendOptionsCache(Calendar(POLICY), {"w": window}, 1.8e9)
    options = cache.find_options(AGREED, "reminder", "sms", None, None)
    (start, _), *_ = options.allowed["w"]
    first, second = hour_of(start), hour_of(start) + 1
    for used in ({first: 1}, {second: 1}, {first: 1, second: 1}):
        left = cache.subtract_full(options, Capacity({"sms": used}), "sms", 1)
        taken = {hour for hour in (first, second) if not _is_open(left.allowed["w"], hour)}
        assert taken == set(used)


def _is_open(intervals: Intervals, hour: int) -> bool:
    return any(low < (hour + 1) * 3600 and hour * 3600 < high for low, high in intervals)


@forms
def test_a_full_hour_is_in_no_window(examples: int) -> None:
    """Sends are drawn until nothing is left: no hour gets more than it carries, and none is lost.

    What is left of a window when it is removed for want of capacity lies in full hours.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy, (purpose, channel) = data.draw(policies(base)), data.draw(wants)
        known = data.draw(customers(base))
        cache = SendOptionsCache(Calendar(policy), {"w": data.draw(windows("month"))}, base)
        options = cache.find_options(known, purpose, channel, None, None)
        most = data.draw(st.integers(0, 2))
        capacity, sent = Capacity(), []
        for number in range(5):
            left = cache.subtract_full(options, capacity, channel, most)
            if not left.allowed:
                assert left.blocked in (options.blocked, {"w": "no_capacity"})
                full = capacity.full(channel, most)
                spans = options.allowed.get("w", ())
                assert most == 0 or all(hour_of(start) in full for start, _ in spans)
                break
            at = left.find_send_time("w", str(number), KEY)
            assert any(start <= at < end for start, end in options.allowed["w"])
            capacity.take(channel, at)
            sent.append(hour_of(at))
        assert all(sent.count(hour) <= most for hour in sent)

    law()
