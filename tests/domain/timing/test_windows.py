"""Send windows: nothing goes out that is forbidden, always at the same time, evenly spread."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from contact_strategies import DAY, around, bases, customers, policies, wants, zones
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.config.slot_file import parse_slot
from nudge.config.window_value import window_of, windows_of
from nudge.domain.basics.intervals import Intervals, merge
from nudge.domain.basics.local_time import date_of, local
from nudge.domain.contact.contact import Consent, ContactFacts
from nudge.domain.contact.contact_policy import Channel, ContactPolicy, Purpose
from nudge.domain.contact.contact_rules import allowed_intervals, forbidden
from nudge.domain.slots.window import AHEAD, Window, windows_for
from nudge.domain.timing.send_options import find_options
from nudge.domain.timing.windows import (
    NO_DATE,
    NO_DAY,
    PAST,
    Calendar,
    WindowQuery,
    beginning_of,
    cycle_at,
    intervals_of,
    left_of,
    length_of,
    next_cycle,
    send_time,
)
from nudge.errors import InvalidConfigError

forms = pytest.mark.parametrize(
    "examples", [40, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
SHANGHAI = ZoneInfo("Asia/Shanghai")
KEY = b"k" * 32
POLICY = ContactPolicy(
    zone=SHANGHAI,
    channels={"sms": Channel("sms", "required", ((21 * 3600, 8 * 3600),))},
    purposes={"reminder": Purpose("reminder", 1)},
)
AGREED = ContactFacts(consents=(Consent("sms", 0.0, given=True),))


def at(text: str) -> float:
    """Seconds of a local time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


@st.composite
def windows(draw: st.DrawFn, anchor: str) -> Window:
    """Any window of an anchor; some have no day in a short month."""
    days = st.integers(-31, 31).filter(lambda day: anchor == "cycle" or day != 0)
    first, last = draw(days), draw(days)
    if anchor == "cycle" or (first > 0) == (last > 0):
        first, last = min(first, last), max(first, last)
    start, end = sorted(draw(st.lists(st.integers(0, 288), min_size=2, max_size=2, unique=True)))
    made = {"anchor": anchor, "first_day": first, "last_day": last, "hours": (start, end)}
    return Window(**made | {"hours": (start * 300, end * 300)})


def shown_in(window: Window, at: float, zone: ZoneInfo, origin: int, days: int) -> bool:
    """Whether a moment lies in a window: by the clock on the wall, said once more."""
    wall = datetime.fromtimestamp(math.floor(at), zone)
    second = wall.hour * 3600 + wall.minute * 60 + wall.second
    if not window.hours[0] <= second < window.hours[1]:
        return False
    if window.anchor == "cycle":
        day = wall.date().toordinal() - date_of(origin).toordinal()
        return window.first_day <= day <= window.last_day
    front, back = wall.day, wall.day - days - 1
    first = front >= window.first_day if window.first_day > 0 else back >= window.first_day
    last = front <= window.last_day if window.last_day > 0 else back <= window.last_day
    return first and last and wall.month == date_of(origin).month


@forms
def test_every_send_time_is_in_its_window_and_allowed(examples: int) -> None:
    """Whatever policy, customer, zone and clock: what is left is allowed, what is not says why.

    The same question has the same answer, from another calendar too.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy, known = data.draw(policies(base)), data.draw(customers(base))
        purpose, channel = data.draw(wants)
        anchor = data.draw(st.sampled_from(("month", "cycle")))
        named = {str(n): data.draw(windows(anchor)) for n in range(data.draw(st.integers(1, 3)))}
        wanted = WindowQuery(known, purpose, channel, data.draw(around(base, 40)))
        zone = policy.zone_of(known)
        cycle = cycle_at(anchor, zone, base, data.draw(st.none() | around(base, 20)))
        allowed, blocked = left_of(Calendar(policy), named, cycle, wanted)
        assert allowed.keys() | blocked.keys() == named.keys()
        assert not allowed.keys() & blocked.keys()
        assert left_of(Calendar(policy), named, cycle, wanted) == (allowed, blocked)
        assert cycle is not None or set(blocked.values()) == {NO_DATE}
        for name, left in allowed.items():
            assert cycle is not None
            sent = send_time(left, length_of(left), data.draw(st.text(max_size=3)), KEY)
            assert sent >= wanted.at
            assert any(start <= sent < end for start, end in left)
            assert forbidden(policy, known, purpose, channel, sent) is None
            assert shown_in(named[name], sent, zone, cycle.origin, cycle.days)
        if cycle is not None:
            wholes = {name: intervals_of(named[name], cycle, zone) for name in named}
            for name, why in blocked.items():
                check_blocked(policy, wanted, wholes[name], why)
            for name, left in allowed.items():
                assert left == looked_at_alone(policy, wanted, wholes[name])

    law()


def looked_at_alone(policy: ContactPolicy, wanted: WindowQuery, whole: Intervals) -> Intervals:
    """The part of a window that the policy allows, each of its stretches by itself."""
    ask = policy, wanted.known, wanted.purpose, wanted.channel
    found = (allowed_intervals(*ask, max(start, wanted.at), end) for start, end in whole)
    return merge(one for some in found for one in some)


def check_blocked(
    policy: ContactPolicy, wanted: WindowQuery, whole: tuple[tuple[float, float], ...], why: str
) -> None:
    """No moment of the window, from now on, is allowed; and the reason is one that applies."""
    left = [(max(start, wanted.at), end) for start, end in whole if end > wanted.at]
    codes = {
        forbidden(policy, wanted.known, wanted.purpose, wanted.channel, start + (end - start) * n)
        for start, end in left
        for n in (0.0, 0.37, 0.71)
    }
    assert None not in codes
    assert (why == NO_DAY) == (not whole)
    assert (why == PAST) == (bool(whole) and not left)


@forms
def test_intervals_are_the_windows_on_the_wall(examples: int) -> None:
    """A moment is in the intervals exactly where days and hours say so, over changes of clocks."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base, zone = data.draw(bases), data.draw(zones)
        anchor = data.draw(st.sampled_from(("month", "cycle")))
        window = data.draw(windows(anchor))
        cycle = cycle_at(anchor, zone, base, float(base))
        assert cycle is not None
        found = intervals_of(window, cycle, zone)
        assert all(a[1] < b[0] for a, b in pairwise(found))
        for _ in range(5):
            moment = data.draw(around(base, 35))
            inside = any(start <= moment < end for start, end in found)
            assert inside == shown_in(window, moment, zone, cycle.origin, cycle.days)

    law()


def test_times_are_spread_evenly_over_what_is_allowed() -> None:
    """60,000 customers in a window with a hole: each of 60 equal parts gets its share.

    Chi-square with 59 degrees of freedom: mean 59, variance 118; a normal deviate (Wilson and
    Hilferty 1931) beyond 5 happens once in 3.5 million keys, and these keys are fixed.
    """
    left = ((1000.0, 1000.0 + 2400), (5000.0, 5000.0 + 3600))
    parts, count = 60, 60_000
    found: Counter[int] = Counter()
    for number in range(count):
        moment = send_time(left, length_of(left), f"subject-{number}", KEY)
        before = moment - 1000.0 if moment < 5000.0 else moment - 5000.0 + 2400
        found[int(before // 100)] += 1
    expected = count / parts
    chi = sum((found[n] - expected) ** 2 / expected for n in range(parts))
    free = parts - 1
    deviate = ((chi / free) ** (1 / 3) - (1 - 2 / (9 * free))) / math.sqrt(2 / (9 * free))
    assert abs(deviate) < 5


def test_days_are_counted_from_both_ends_of_the_month() -> None:
    """-1 is the last day in every month; days that a month has not are no window."""
    end = Window("month", -3, -1, (0, 86_400))
    for day, first in (("2027-02-10", "2027-02-26"), ("2028-02-10", "2028-02-27")):
        cycle = cycle_at("month", SHANGHAI, at(day), None)
        assert cycle is not None
        ((start, behind),) = intervals_of(end, cycle, SHANGHAI)
        assert (start, behind - start) == (at(first), 3 * DAY)
    cycle = cycle_at("month", SHANGHAI, at("2027-02-10"), None)
    assert cycle is not None
    assert intervals_of(Window("month", 29, 31, (0, 3600)), cycle, SHANGHAI) == ()
    behind_it = next_cycle(cycle)
    assert behind_it == cycle_at("month", SHANGHAI, at("2027-03-31T23:59"), None)


def test_windows_of_a_cycle_follow_the_expected_date() -> None:
    """Three to one days before the expected recharge, in the hours of the day."""
    cycle = cycle_at("cycle", SHANGHAI, at("2026-11-01"), at("2026-11-20T15:30"))
    assert cycle is not None
    assert next_cycle(cycle) is None
    found = intervals_of(Window("cycle", -3, -1, (9 * 3600, 12 * 3600)), cycle, SHANGHAI)
    days = ("2026-11-17", "2026-11-18", "2026-11-19")
    assert found == tuple((at(f"{day}T09:00"), at(f"{day}T12:00")) for day in days)


def test_reasons_tell_what_takes_the_window() -> None:
    """Past, quiet all the time, no consent, no such day: each by its code."""
    named = {
        "past": Window("month", 1, 5, (8 * 3600, 9 * 3600)),
        "quiet": Window("month", -2, -1, (21 * 3600, 86_400)),
        "none": Window("month", 31, 31, (8 * 3600, 9 * 3600)),
        "open": Window("month", -2, -1, (20 * 3600, 86_400)),
    }
    now = at("2026-11-10T10:00")
    cycle = cycle_at("month", SHANGHAI, now, None)
    ask = partial(left_of, Calendar(POLICY), named, cycle)
    allowed, blocked = ask(WindowQuery(AGREED, "reminder", "sms", now))
    assert blocked == {"past": PAST, "quiet": "quiet_hours", "none": NO_DAY}
    assert [local(SHANGHAI, end)[1] for _, end in allowed["open"]] == [21 * 3600] * 2
    _, blocked = ask(WindowQuery(ContactFacts(), "reminder", "sms", now))
    assert blocked["open"] == "no_consent"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (3, "is not a window"),
        ({"first_day": 1}, "last_day"),
        ({"first_day": 0, "last_day": 3}, "no day 0"),
        ({"first_day": 5, "last_day": 3}, "before first_day"),
        ({"first_day": 1, "last_day": 40}, "from -31 to 31"),
        ({"first_day": 1, "last_day": 3, "hours": "22:00-02:00"}, "midnight"),
        ({"first_day": 1, "last_day": 3, "anchor": "week"}, "one of month, cycle, now"),
        ({"anchor": "now", "first_day": 1}, "counts from no day"),
        ({"anchor": "now", "within": "2d"}, "up to a day"),
        ({"first_day": 1, "last_day": 3, "within": "2h"}, "belongs to anchor"),
        ({"first_day": 1, "last_day": 3, "purposes": []}, "is empty"),
    ],
)
def test_a_wrong_window_is_told(value: object, told: str) -> None:
    """Each slip of the pen has a message with the cure."""
    with pytest.raises(ValueError, match=told):
        window_of(value)


def test_the_slot_is_refused_with_the_key() -> None:
    """`nudge check` names the variant; windows of two anchors do not mix."""
    table = {
        "slot": "sms_timing",
        "on": "shown",
        "stickiness": {"period": "30d"},
        "reward": {"event": "paid", "window": "72h"},
        "fallback": {"default": "a"},
    }
    month, cycle = (
        {"anchor": anchor, "first_day": 1, "last_day": 2} for anchor in ("month", "cycle")
    )
    parse_slot(table | {"variants": [{"name": "a", "value": month}]}, "x")
    with pytest.raises(InvalidConfigError, match=r"variants\.a\.value"):
        parse_slot(table | {"variants": [{"name": "a", "value": 1}]}, "x")
    both = [{"name": "a", "value": month}, {"name": "b", "value": cycle}]
    with pytest.raises(InvalidConfigError, match="different anchors"):
        parse_slot(table | {"variants": both}, "x")


def test_windows_of_a_purpose_are_of_one_anchor_and_have_its_fallback() -> None:
    """Each purpose has windows of its own, or the others; the holdout's is one of them."""
    month = {"first_day": 1, "last_day": 2}
    soon = {"anchor": "now", "purposes": ["failed"]}
    table = {
        "slot": "sms_timing",
        "on": "shown",
        "stickiness": {"period": "30d"},
        "reward": {"event": "paid", "window": "72h"},
        "fallback": {"default": "a", "failed": "b"},
        "variants": [{"name": "a", "value": month}, {"name": "b", "value": soon}],
    }
    windows = windows_of(parse_slot(table, "x"))
    assert {purpose: list(windows_for(windows, purpose)) for purpose in ("failed", "reminder")} == {
        "failed": ["b"],
        "reminder": ["a"],
    }
    with pytest.raises(InvalidConfigError, match=r"fallback\.failed: is missing: a is for other"):
        parse_slot(table | {"fallback": {"default": "a"}}, "x")
    mixed = {"name": "c", "value": month | {"purposes": ["failed"]}}
    with pytest.raises(InvalidConfigError, match="different anchors of failed"):
        parse_slot(table | {"variants": [*table["variants"], mixed]}, "x")


@forms
def test_a_window_from_now_is_the_first_of_what_is_allowed(examples: int) -> None:
    """Its moments are the first `within` seconds in which the contact policy allows a contact."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = float(data.draw(bases))
        policy, known = data.draw(policies(base)), data.draw(customers(base))
        purpose, channel = data.draw(wants)
        within = data.draw(st.sampled_from((60.0, 7200.0, 86_400.0)))
        window = Window("now", 0, AHEAD - 1, (0, 86_400), within)
        wanted = WindowQuery(known, purpose, channel, base)
        found = find_options(Calendar(policy), {"w": window}, wanted, None, None)
        allowed = allowed_intervals(policy, known, purpose, channel, base, base + 33 * DAY)
        if "w" in found.allowed and allowed:
            moments = found.find_moments("w")
            assert moments[0][0] == allowed[0][0] >= base
            assert length_of(moments) <= within + 1e-3
            first = beginning_of(allowed, within)
            if length_of(first) >= within - 1e-3:
                flat = [[x for pair in one for x in pair] for one in (moments, first)]
                assert flat[0] == pytest.approx(flat[1], abs=1e-3)
        else:
            assert not allowed

    law()
