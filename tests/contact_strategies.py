"""Contact policies, customers and moments of every kind, and the rules said once more by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from hypothesis import strategies as st

from nudge.domain.contact.contact import REASONS, Consent, Contact, ContactFacts
from nudge.domain.contact.contact_policy import Caps, Channel, ContactPolicy, Holidays, Purpose
from nudge.domain.contact.pressure_rules import (
    SEQUENCE_KINDS,
    ContentLimit,
    RollingLimit,
    SequenceRule,
)

HOUR = 3600.0
DAY = 86_400.0
ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",  # 5:45
    "America/St_Johns",  # until 2011 the clock changed at 00:01: a day came back for an hour
    "Africa/Cairo",  # the hour from midnight is left out in spring
    "Pacific/Apia",  # 2011-12-30 never was
)
DATES = (
    date(2026, 3, 29),  # clocks change in Europe
    date(2026, 10, 25),
    date(2026, 3, 8),  # in America
    date(2026, 11, 1),
    date(2026, 4, 5),  # on Lord Howe Island
    date(2026, 10, 4),
    date(2026, 4, 24),  # in Cairo
    date(2006, 10, 29),  # in St. John's
    date(2011, 12, 31),  # in Apia
    date(2026, 2, 17),  # Spring Festival
    date(2024, 2, 29),
    date(2028, 2, 29),
    date(2100, 3, 1),  # no leap year
    date(2026, 1, 31),
    date(2025, 12, 31),
    date(2027, 1, 1),  # ISO week 53 of 2026
    date(2050, 10, 1),
    date(1900, 3, 1),
)

zones = st.sampled_from(ZONES).map(ZoneInfo)
bases = st.builds(
    lambda day, zone, hours: math.floor(
        datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() + hours * HOUR
    ),
    st.sampled_from(DATES),
    zones,
    st.integers(-72, 72),
)
"""Seconds: around the days on which calendars and clocks are special."""


def around(base: float, days: float) -> st.SearchStrategy[float]:
    """Moments near one: whole hours away, or any eighth of a second, which floats have exactly."""
    hours = int(days * 24)
    return st.integers(-hours, hours).map(lambda n: base + n * HOUR) | st.integers(
        -hours * 28_800, hours * 28_800
    ).map(lambda n: base + n / 8)


def some(base: float, days: int, count: int) -> st.SearchStrategy[list[float]]:
    """So many moments near one, by chance: cheaper than drawing each, which shrinks no better."""
    half = days * 24 * 28_800
    return st.randoms(use_true_random=True).map(
        lambda chance: [base + chance.randint(-half, half) / 8 for _ in range(count)]
    )


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    """Quiet hours, by quarters or by the minute, that may span midnight."""
    minutes = st.sampled_from((0, 15, 120, 150, 180, 480, 1260, 1439)) | st.integers(0, 1439)
    start, end = draw(st.lists(minutes, min_size=2, max_size=2, unique=True))
    return start * 60, (end or 1440) * 60


LENGTHS = st.sampled_from((60.0, HOUR, DAY, 3 * DAY)) | st.integers(1, 10**6).map(float)
"""Seconds within which several contacts are looked at."""
TAGS = ("", "", "draw", "gift", "banner:draw")
"""Content of contacts; mostly nobody told it."""
OFFERS = st.sampled_from((frozenset[str](), frozenset({"gift"})))
PURPOSES = ("failed", "reminder", "offer", "code", "survey")
SORTS = ("reminder", "offer", "failed", "content:draw")

rolling_limits = st.lists(
    st.builds(
        RollingLimit,
        st.integers(1, 3),
        LENGTHS,
        st.sampled_from((frozenset[str](), frozenset({"sms"}), frozenset({"sms", "call"}))),
        st.sampled_from((frozenset[str](), frozenset({"offer"}), frozenset({"offer", "failed"}))),
    ),
    max_size=2,
).map(tuple)
content_limits = st.none() | st.builds(ContentLimit, st.integers(1, 2), LENGTHS)
sequences = st.lists(
    st.builds(
        SequenceRule,
        st.sampled_from(sorted(SEQUENCE_KINDS)),
        st.sampled_from(SORTS),
        st.sampled_from((*SORTS, "code")),
        LENGTHS | st.just(math.inf),
    ),
    max_size=2,
).map(tuple)


@st.composite
def policies(draw: st.DrawFn, base: float) -> ContactPolicy:
    """Every rule, or not; holidays near the base."""
    near = datetime.fromtimestamp(base, ZoneInfo("UTC")).date()
    dates = st.frozensets(st.integers(-5, 5).map(lambda n: near + timedelta(n)), max_size=3)
    cap = st.none() | st.integers(1, 3)
    channels = {
        name: Channel(
            name,
            consent,
            tuple(draw(st.lists(spans(), max_size=2))),
            draw(st.none() | st.integers(1, 4)),
        )
        for name, consent in (("sms", "required"), ("push", "unless_refused"))
    }
    listed = (
        Purpose("code", exempt=True),
        Purpose("failed", 2),
        Purpose("reminder", 1, share=draw(st.sampled_from((1.0, 0.5)))),
        Purpose("offer", 1),
    )
    return ContactPolicy(
        zone=draw(zones),
        channels=channels,
        purposes={one.name: one for one in listed},
        caps=Caps(draw(cap), draw(cap), draw(cap)),
        spacing=draw(st.sampled_from((0.0, HOUR, DAY, 7 * DAY)) | st.integers(1, 10**6).map(float)),
        weekdays=draw(st.just(frozenset(range(7))) | st.frozensets(st.integers(0, 6), min_size=1)),
        holidays=Holidays(
            draw(st.sampled_from((None, "CN", "DE"))), None, draw(dates), draw(dates)
        ),
        complaint_pause=draw(st.sampled_from((0.0, DAY, math.inf))),
        limits=draw(st.just(()) | rolling_limits),
        content=draw(content_limits),
        sequences=draw(st.just(()) | st.just(()) | sequences),
        offers=draw(OFFERS),
    )


def contacts(base: float) -> st.SearchStrategy[tuple[Contact, ...]]:
    """On both sides of the base, by anyone, for anything."""
    one = st.builds(
        Contact,
        around(base, 3) | around(base, 3) | around(base, 40),
        st.sampled_from(("sms", "push", "call")),
        st.sampled_from(PURPOSES),
        st.sampled_from(TAGS),
        st.just(""),
        st.just(0),
    )
    return st.lists(one, max_size=4).map(tuple)


@st.composite
def customers(draw: st.DrawFn, base: float) -> ContactFacts:
    """Mostly somebody who agreed at some time; otherwise all that may be known of one."""
    consents = st.lists(
        st.builds(Consent, st.sampled_from(("sms", "push")), around(base, 3), st.booleans()),
        max_size=3,
    ).map(tuple)
    agreed = (Consent("sms", base - 100 * DAY, given=True),)
    return ContactFacts(
        contacts=draw(contacts(base)),
        planned=draw(contacts(base)),
        consents=(*draw(st.sampled_from(((), agreed, agreed))), *draw(consents)),
        blacklisted=draw(st.sampled_from((False, False, False, True))),
        complained_at=draw(st.none() | st.none() | around(base, 3)),
        zone=draw(st.sampled_from((None, "No/Where", "", *ZONES))),
    )


wants = st.tuples(
    st.sampled_from(("failed", "reminder", "offer", "code", "unheard")),
    st.sampled_from(("sms", "sms", "push", "fax")),
)
"""Purpose and channel."""


@cache
def days_off(country: str) -> holidays.HolidayBase:
    """The package's own calendar."""
    return holidays.country_holidays(country)


def clock(policy: ContactPolicy, known: ContactFacts, at: float) -> datetime:
    """The time on the customer's clock; a part of a second changes nothing."""
    name = known.zone if known.zone in ZONES else policy.zone.key
    return datetime.fromtimestamp(math.floor(at), ZoneInfo(name))


def by_hand(
    policy: ContactPolicy,
    known: ContactFacts,
    purpose: str,
    channel: str,
    at: float,
    content: str = "",
) -> str | None:
    """The rules once more, each by counting and comparing at this one moment."""
    found = set(reasons(policy, known, purpose, channel, at, content))
    return min(found, key=REASONS.index) if found else None


def reasons(
    policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str, at: float, content: str
) -> Iterable[str]:
    """All that forbids a contact at a moment."""
    if purpose == "code":
        if is_offer(policy, content):
            yield "no_offers"
    elif purpose == "unheard":
        yield "unknown_purpose"
    elif channel == "fax":
        yield "unknown_channel"
    else:
        yield from permission(policy, known, channel, at)
        yield from calendar(policy, clock(policy, known, at), channel)
        yield from pressure(policy, known, purpose, at)
        yield from crowding(policy, known, Contact(at, channel, purpose, content))
        yield from order(policy, known, Contact(at, channel, purpose, content))


def permission(
    policy: ContactPolicy, known: ContactFacts, channel: str, at: float
) -> Iterable[str]:
    """The customer's word."""
    if known.blacklisted:
        yield "blacklisted"
    since = math.inf if known.complained_at is None else at - known.complained_at
    if 0 <= since < policy.complaint_pause and since < math.inf:
        yield "complaint"
    said = [(c.at, c.given) for c in known.consents if c.channel == channel and c.at <= at]
    last = [given for when, given in said if when == max(said)[0]]
    if (channel == "sms" and not last) or not all(last):
        yield "no_consent"


def calendar(policy: ContactPolicy, shown: datetime, channel: str) -> Iterable[str]:
    """The reasons why the clock and the calendar on the customer's wall forbid it."""
    special, day = policy.holidays, shown.date()
    off = special.country is not None and day in days_off(special.country)
    if day in special.forbidden or (off and day not in special.allowed):
        yield "holiday"
    if shown.weekday() not in policy.weekdays and day not in special.allowed:
        yield "weekday"
    second = shown.hour * 3600 + shown.minute * 60 + shown.second
    for start, end in policy.channels[channel].quiet:
        within = start <= second < end if start < end else second >= start or second < end
        if within:
            yield "quiet_hours"


def pressure(policy: ContactPolicy, known: ContactFacts, purpose: str, at: float) -> Iterable[str]:
    """How many contacts are too near, or in the same day, week or month."""
    others = beside(policy, known, purpose)
    if any(abs(one.at - at) < policy.spacing for one in others):
        yield "spacing"
    mine = periods(clock(policy, known, at))
    theirs = [periods(clock(policy, known, one.at)) for one in others]
    caps = {"day": policy.caps.day, "week": policy.caps.week, "month": policy.caps.month}
    for name, most in caps.items():
        if most is not None and sum(their[name] == mine[name] for their in theirs) >= most:
            yield f"cap_{name}"


RANK = {"failed": 2, "reminder": 1, "offer": 1, "survey": math.inf, "code": math.inf}
"""Priorities of the policies; what is exempt gives way to nothing."""


def beside(policy: ContactPolicy, known: ContactFacts, purpose: str) -> list[Contact]:
    """Contacts that count beside one for a purpose."""
    stay = (one for one in known.planned if RANK[one.purpose] >= RANK[purpose])
    there = (*known.contacts, *stay)
    return [one for one in there if one.purpose != "code" or is_offer(policy, one.content)]


def is_offer(policy: ContactPolicy, content: str) -> bool:
    """True for a tag that is a variant of a slot, or listed."""
    return content.count(":") > 0 or any(content == one for one in policy.offers)


def crowding(policy: ContactPolicy, known: ContactFacts, new: Contact) -> Iterable[str]:
    """Every stretch of a limit's length that holds the new contact, counted with it."""
    others = beside(policy, known, new.purpose)
    for limit in policy.limits:
        if limited(limit, new):
            same = [one.at for one in others if limited(limit, one)]
            if most_together(same, new.at, limit.within) > limit.most:
                yield "cap_rolling"
    if policy.content is not None and new.content:
        same = [one.at for one in others if one.content == new.content]
        if most_together(same, new.at, policy.content.within) > policy.content.most:
            yield "same_content"


def limited(limit: RollingLimit, one: Contact) -> bool:
    """True for a contact that a limit is about."""
    channels, purposes = limit.channels or {one.channel}, limit.purposes or {one.purpose}
    return one.channel in channels and one.purpose in purposes


def most_together(times: list[float], at: float, length: float) -> int:
    """The most that a stretch with this moment in it holds, of a few times and the moment."""
    held = [*times, at]
    starts = (one for one in held if 0 <= at - one < length)
    return max(sum(0 <= one - start < length for one in held) for start in starts)


def order(policy: ContactPolicy, known: ContactFacts, new: Contact) -> Iterable[str]:
    """Every pair of the new contact and another one, held against every sequence."""
    stay = [one for one in known.planned if RANK[one.purpose] >= RANK[new.purpose]]
    others = [*known.contacts, *stay]
    for rule in policy.sequences:
        if rule.kind == "only_after":
            before = (x for x in known.contacts if sorts(rule.other, x))
            if sorts(rule.contact, new) and not any(
                0 < new.at - x.at < rule.within for x in before
            ):
                yield rule.kind
            continue
        for one in others:
            for first, second in ((one, new), (new, one)):
                if sorts(rule.other, first) and sorts(rule.contact, second):
                    apart = second.at - first.at
                    apart = abs(apart) if rule.kind == "never_with" else apart
                    if 0 <= apart < rule.within:
                        yield rule.kind


def sorts(sort: str, one: Contact) -> bool:
    """True for a contact of a sort: of a purpose, or of a content."""
    return sort in (one.purpose, f"content:{one.content}")


def periods(shown: datetime) -> dict[str, object]:
    """The day, the week and the month of a local time."""
    return {
        "day": shown.date(),
        "week": tuple(shown.isocalendar())[:2],
        "month": (shown.year, shown.month),
    }
