"""Plans under the contact policy: many sends together, priorities, the gateway's capacity."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from contact_strategies import DAY, around, bases, by_hand, clock, periods, policies
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.contact.contact import Consent, Contact, ContactFacts
from nudge.domain.contact.contact_capacity import Capacity, limit, spans
from nudge.domain.contact.contact_policy import Caps, Channel, ContactPolicy, Purpose
from nudge.domain.contact.contact_rules import displaced_contacts, forbidden, next_allowed_time

forms = pytest.mark.parametrize(
    "examples", [60, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
NOON = 1_790_913_600.0  # 2026-10-02T12:00:00+08:00, a Friday
PLAIN = ContactPolicy(
    zone=ZoneInfo("Asia/Shanghai"),
    channels={"sms": Channel("sms", "unless_refused", capacity=10)},
    purposes={
        one.name: one
        for one in (
            Purpose("code", exempt=True),
            Purpose("failed", 2),
            Purpose("reminder", 1, share=0.8),
        )
    },
    caps=Caps(day=1, week=2),
    spacing=DAY,
)


@forms
def test_no_plan_breaks_a_rule(examples: int) -> None:
    """Sends planned in any order, before and behind each other, end within every limit at once.

    Recounted when all is planned: consent, quiet hours and holidays at each moment, distances of
    all pairs, contacts in each local day, week and month, and in each hour of the gateway.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy = data.draw(policies(base))
        people = [
            ContactFacts(consents=(Consent("sms", base - DAY, given=True),), zone=zone)
            for zone in data.draw(st.lists(st.sampled_from((None, "Europe/Berlin")), max_size=3))
        ]
        capacity = Capacity()
        for _ in range(data.draw(st.integers(0, 8))):
            for who, known in enumerate(people):
                purpose = data.draw(st.sampled_from(("failed", "reminder", "code")))
                channel = data.draw(st.sampled_from(("sms", "push")))
                at = data.draw(around(base, 20))
                made = next_allowed_time(policy, known, purpose, channel, at, at + 5 * DAY)
                if made is None or capacity.forbidden(policy, purpose, channel, made):
                    continue
                capacity.take(channel, made)
                contact = Contact(made, channel, purpose)
                people[who] = known._replace(contacts=(*known.contacts, contact))
        for known in people:
            for number, one in enumerate(known.contacts):
                # An exempt contact asks no rule: what was planned before it stands.
                later = (c for c in known.contacts[number + 1 :] if c.purpose not in policy.exempt)
                others = (*known.contacts[:number], *later)
                alone = known._replace(contacts=others)
                assert by_hand(policy, alone, one.purpose, one.channel, one.at) is None
            assert_limits(policy, known)
        assert_capacity(policy, [one for known in people for one in known.contacts])

    law()


def assert_limits(policy: ContactPolicy, known: ContactFacts) -> None:
    """No pair too near, no day, week or month too full."""
    limits = {"day": policy.caps.day, "week": policy.caps.week, "month": policy.caps.month}
    counted = sorted(one.at for one in known.contacts if one.purpose != "code")
    assert all(later - one >= policy.spacing for one, later in pairwise(counted))
    for name, most in limits.items():
        held = [periods(clock(policy, known, at))[name] for at in counted]
        assert most is None or all(held.count(one) <= most for one in held)


def assert_capacity(policy: ContactPolicy, made: list[Contact]) -> None:
    """No hour of a channel has more than it carries, but for what is transactional."""
    hours = Counter((one.channel, one.at // 3600) for one in made if one.purpose != "code")
    for (channel, _), count in hours.items():
        most = policy.channels[channel].capacity
        assert most is None or count <= most


@forms
def test_a_higher_priority_displaces_what_no_longer_fits_and_nothing_else(examples: int) -> None:
    """After it, all that stays fits together; only the weaker go, and each of them had to."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy = data.draw(policies(base))
        known = ContactFacts(consents=(Consent("sms", base - 60 * DAY, given=True),))
        for _ in range(data.draw(st.integers(0, 5))):
            known = planned(policy, known, data.draw(st.sampled_from(("reminder", "failed"))), data)
        made = next_allowed_time(policy, known, "failed", "sms", base, base + 5 * DAY)
        if made is None:
            return
        new = Contact(made, "sms", "failed")
        gone = displaced_contacts(policy, known, new)
        assert all(one.purpose == "reminder" for one in gone)
        stay = list(known.planned)
        for one in gone:
            stay.remove(one)  # two plans may be alike: each goes by itself
        everything = (*stay, new)
        assert_limits(policy, known._replace(contacts=everything))
        for one in gone:
            beside = known._replace(contacts=everything, planned=())
            assert by_hand(policy, beside, one.purpose, one.channel, one.at) is not None

    law()


def planned(
    policy: ContactPolicy, known: ContactFacts, purpose: str, data: st.DataObject
) -> ContactFacts:
    """The customer with one more send planned, that fits beside all that is planned already."""
    base = known.consents[0].at + 60 * DAY
    at = data.draw(around(base, 3))
    all_count = known._replace(contacts=known.planned, planned=())
    found = next_allowed_time(policy, all_count, purpose, "sms", at, at + 5 * DAY)
    if found is None:
        return known
    return known._replace(planned=(*known.planned, Contact(found, "sms", purpose)))


def test_a_failed_payment_goes_before_the_monthly_reminder() -> None:
    """A plan that is weaker does not stand in the way, and is told to be withdrawn."""
    reminder = Contact(NOON + 3600, "sms", "reminder")
    known = ContactFacts(planned=(reminder,))
    assert forbidden(PLAIN, known, "reminder", "sms", NOON) == "spacing"
    assert forbidden(PLAIN, known, "failed", "sms", NOON) is None
    assert displaced_contacts(PLAIN, known, Contact(NOON, "sms", "failed")) == (reminder,)
    later = ContactFacts(planned=(reminder._replace(at=NOON + DAY),))
    assert displaced_contacts(PLAIN, later, Contact(NOON, "sms", "failed")) == ()


def test_a_reminder_does_not_displace_a_failed_payment() -> None:
    """Priority goes one way; among equals, who is planned first stays."""
    for purpose in ("failed", "reminder"):
        known = ContactFacts(planned=(Contact(NOON + 3600, "sms", purpose),))
        assert forbidden(PLAIN, known, "reminder", "sms", NOON) == "spacing"


def test_what_was_sent_counts_whatever_its_priority() -> None:
    """Only what is still planned can give way."""
    known = ContactFacts(contacts=(Contact(NOON - 3600, "sms", "reminder"),))
    assert forbidden(PLAIN, known, "failed", "sms", NOON) == "spacing"


def test_all_channels_count_together() -> None:
    """A call made by others, for a purpose of theirs, stands in the way of an SMS."""
    known = ContactFacts(contacts=(Contact(NOON - 3600, "call", "survey"),))
    assert forbidden(PLAIN, known, "failed", "sms", NOON) == "spacing"
    loose = replace(PLAIN, spacing=0.0)
    assert forbidden(loose, known, "failed", "sms", NOON) == "cap_day"
    assert forbidden(loose, known, "failed", "sms", NOON + DAY) is None


def test_a_cap_counts_what_is_planned_for_later() -> None:
    """Two sends planned for the end of a week leave no room at its start."""
    loose = replace(PLAIN, spacing=0.0)
    late = tuple(Contact(NOON + n * DAY, "sms", "failed") for n in (1, 2))
    known = ContactFacts(planned=late)
    assert forbidden(loose, known, "failed", "sms", NOON - 4 * DAY) == "cap_week"
    assert forbidden(loose, known, "failed", "sms", NOON - 5 * DAY) is None  # the week before
    assert forbidden(loose, known, "failed", "sms", NOON + 3 * DAY) is None  # the week behind


@pytest.mark.parametrize("ahead", [False, True])
def test_a_month_is_counted_from_its_first_day_to_its_last(*, ahead: bool) -> None:
    """A contact on the 1st counts on the 31st, and the other way round; none of beside months."""
    policy = replace(PLAIN, spacing=0.0, caps=Caps(month=1))
    first, last = NOON - DAY, NOON + 29 * DAY  # 2026-10-01 and 2026-10-31
    counts, asked = (last, first) if ahead else (first, last)
    known = ContactFacts(contacts=(Contact(counts, "sms", "failed"),))
    assert forbidden(policy, known, "failed", "sms", asked) == "cap_month"
    for beside in (first - DAY, last + DAY):
        assert forbidden(policy, known, "failed", "sms", beside) is None


def test_spacing_may_be_longer_than_a_month() -> None:
    """However far away a contact is, it counts while it is nearer than the spacing."""
    policy = replace(PLAIN, spacing=60 * DAY, caps=Caps())
    known = ContactFacts(contacts=(Contact(NOON, "sms", "failed"),))
    for apart in (-59 * DAY, 59 * DAY):
        assert forbidden(policy, known, "failed", "sms", NOON + apart) == "spacing"
        assert forbidden(policy, known, "failed", "sms", NOON + apart / 59 * 60) is None


def test_the_next_moment_is_found_however_far_it_is() -> None:
    """Exactly where the spacing ends, at every half hour of three weeks."""
    known = ContactFacts(contacts=(Contact(NOON, "sms", "failed"),))
    for halves in range(1, 21 * 48):
        policy = replace(PLAIN, spacing=halves * 1800.0, caps=Caps())
        found = next_allowed_time(policy, known, "failed", "sms", NOON, NOON + 22 * DAY)
        assert found == NOON + halves * 1800.0


def test_transactional_messages_are_exempt_and_take_no_place() -> None:
    """A receipt goes out whatever the rules say, and costs the customer no reminder."""
    refused = ContactFacts(blacklisted=True, contacts=(Contact(NOON, "sms", "failed"),))
    assert forbidden(PLAIN, refused, "code", "sms", NOON) is None
    known = ContactFacts(contacts=(Contact(NOON - 60, "sms", "code"),))
    assert forbidden(PLAIN, known, "reminder", "sms", NOON) is None


def test_an_hour_carries_what_the_channel_does_and_no_more() -> None:
    """A purpose fills an hour to its share; the rest is for others; the next hour is empty."""
    capacity = Capacity()
    for expected in (8, 7, 6, 5, 4, 3, 2, 1):
        assert capacity.room(PLAIN, "reminder", "sms", NOON) == expected
        capacity.take("sms", NOON + 3599)
    assert capacity.forbidden(PLAIN, "reminder", "sms", NOON) == "no_capacity"
    assert capacity.room(PLAIN, "failed", "sms", NOON) == 2
    capacity.take("sms", NOON, count=5)
    assert capacity.room(PLAIN, "failed", "sms", NOON) == 0
    assert capacity.forbidden(PLAIN, "failed", "sms", NOON) == "no_capacity"
    assert capacity.forbidden(PLAIN, "failed", "sms", NOON + 3600) is None
    assert capacity.forbidden(PLAIN, "failed", "sms", NOON - 1) is None


def test_a_full_hour_is_known_as_such() -> None:
    """By what each may use of it; the version tells who remembers what is possible."""
    capacity = Capacity({"sms": {0: 8, 1: 3}})
    assert (set(capacity.full("sms", 8)), set(capacity.full("sms", 3))) == ({0}, {0, 1})
    before = capacity.version
    capacity.take("sms", 3600.0, count=4)
    assert capacity.version == before
    capacity.take("sms", 3600.0)
    assert capacity.version > before
    assert set(capacity.full("sms", 8)) == {0, 1}
    assert spans([1]) == [(3600.0, 7200.0)]


def test_transactional_messages_use_capacity_and_are_not_held_back() -> None:
    """They go out in a full hour; what they used, others do not have."""
    capacity = Capacity()
    capacity.take("sms", NOON, count=10)
    assert capacity.forbidden(PLAIN, "code", "sms", NOON) is None
    assert capacity.forbidden(PLAIN, "failed", "sms", NOON) == "no_capacity"


@pytest.mark.parametrize("percent", range(1, 101))
def test_a_share_is_as_many_as_it_says(percent: int) -> None:
    """Of 100 in an hour, 29 % are 29, though 0.29 is a little less in binary."""
    policy = replace(PLAIN, purposes={"offer": Purpose("offer", share=percent / 100)})
    policy = replace(policy, channels={"sms": Channel("sms", "required", capacity=100)})
    assert limit(policy, "offer", "sms") == percent


def test_what_the_policy_does_not_know_has_no_room() -> None:
    """A purpose or a channel without a rule is not sent for."""
    assert limit(PLAIN, "unheard", "sms") == limit(PLAIN, "failed", "fax") == 0
    unlimited = replace(PLAIN, channels={"sms": Channel("sms", "required")})
    assert Capacity().room(unlimited, "failed", "sms", NOON) is None
