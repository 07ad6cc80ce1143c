"""The check of one contact: it judges as the policy does, and tells the visitor's figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from contact_strategies import bases, customers, policies, reasons
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.contact.contact import REASONS, Consent, Contact, ContactFacts
from nudge.domain.contact.contact_capacity import Capacity, hour_of, limit
from nudge.domain.contact.contact_policy import Caps, Channel, ContactPolicy, Holidays, Purpose
from nudge.domain.contact.contact_rules import forbidden, next_allowed_time
from nudge.domain.contact.pressure_rules import ContactKind, RollingLimit
from nudge.domain.sms.check_sentences import check_sentence, spoken_visitor
from nudge.domain.sms.contact_check import AHEAD, CALENDAR, check_contact
from nudge.domain.sms.reason_details import ReasonDetails

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = 86_400.0
SMS = ContactKind("reminder", "sms")
MASKED = {"zh": "138****5678", "en": "138****5678"}
POLICY = ContactPolicy(
    zone=SHANGHAI,
    channels={
        "sms": Channel("sms", "required", ((21 * 3600, 9 * 3600),), capacity=10),
        "call": Channel("call", "required"),
        "push": Channel("push", "unless_refused"),
    },
    purposes={
        "reminder": Purpose("reminder", 1),
        "failed": Purpose("failed", 2),
        "code": Purpose("code", exempt=True),
    },
)
AGREED = ContactFacts(consents=(Consent("sms", 0.0, given=True), Consent("call", 0.0, given=True)))


def at(text: str) -> float:
    """Seconds of a local time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


NOW = at("2026-11-30T19:30")


def told(
    policy: ContactPolicy,
    known: ContactFacts,
    moment: float = NOW,
    kind: ContactKind = SMS,
    used: Capacity | None = None,
) -> Any:
    """The sentence about a contact, asked for now."""
    found = check_contact(policy, known, kind, moment, used or Capacity())
    details = ReasonDetails(policy, known, kind, moment)
    why = details.describe(found.reasons[0]) if found.reasons else None
    return check_sentence(found, MASKED, why, NOW)


@given(st.data())
def test_a_check_says_what_the_policy_does(data: st.DataObject) -> None:
    """The reasons are those that a recount by hand finds, and the earliest moment is the policy's.

    A contact is allowed exactly where the policy forbids nothing and the hour has room.
    """
    base = data.draw(bases)
    policy, known = data.draw(policies(base)), data.draw(customers(base))
    kind = ContactKind(
        data.draw(st.sampled_from(sorted(policy.purposes))),
        data.draw(st.sampled_from(sorted(policy.channels))),
    )
    found = check_contact(policy, known, kind, base, Capacity())
    ask = policy, known, kind.purpose, kind.channel
    counted = set(reasons(*ask, base, ""))
    room = limit(policy, kind.purpose, kind.channel) != 0
    own = set(found.reasons) - {"no_capacity"}
    assert own - CALENDAR == counted - CALENDAR
    # A closed day is told by one reason: which of them does not matter to anybody.
    assert own & CALENDAR <= counted
    assert bool(own & CALENDAR) == bool(counted & CALENDAR)
    assert ("no_capacity" in found.reasons) == (not room and not counted)
    assert found.is_allowed == (room and forbidden(*ask, base) is None)
    first = next_allowed_time(*ask, base, base + AHEAD)
    assert found.earliest == (first if room else None)
    assert found.is_allowed == (found.earliest == base)
    personal = [one not in CALENDAR for one in found.reasons]
    assert personal == sorted(personal, reverse=True), "the visitor's own reasons come first"


@given(st.data())
def test_every_reason_has_its_clause(data: st.DataObject) -> None:
    """Whatever forbids a contact, its clause is there in both languages and without a full stop."""
    base = data.draw(bases)
    policy, known = data.draw(policies(base)), data.draw(customers(base))
    kind = ContactKind("reminder", data.draw(st.sampled_from(sorted(policy.channels))))
    details = ReasonDetails(policy, known, kind, base)
    for reason in check_contact(policy, known, kind, base, Capacity()).reasons:
        clause = details.describe(reason)
        assert clause.keys() == {"zh", "en"}
        assert all(clause.values())
        assert not clause["zh"].endswith("。")
        assert not clause["en"].endswith(".")
        assert not clause["en"][:1].isupper()


@given(st.data())
def test_the_count_of_a_rolling_limit_is_its_fullest_stretch(data: st.DataObject) -> None:
    """A limit that forbids is told with at least its most contacts, never with fewer."""
    base = data.draw(bases)
    policy = replace(data.draw(policies(base)), limits=(RollingLimit(2, 3 * DAY),))
    known = data.draw(customers(base))
    found = check_contact(policy, known, SMS, base, Capacity())
    if "cap_rolling" in found.reasons:
        clause = ReasonDetails(policy, known, SMS, base).describe("cap_rolling")
        times = int(clause["zh"].split(" 次（")[0].rsplit(" ", 1)[1])
        assert times >= 2
        assert "（上限 2 次）" in clause["zh"]
        assert clause["zh"].startswith("3 天内")


def test_the_sentence_of_the_brief() -> None:
    """Number, figures of the limit that binds, and the earliest moment: whole in both languages."""
    made = tuple(
        Contact(at(f"2026-11-{day}T09:00"), "call", "reminder") for day in ("25", "27", "28")
    )
    policy = replace(POLICY, limits=(RollingLimit(3, 7 * DAY),))
    assert told(policy, AGREED._replace(contacts=made)) == {
        "zh": "今晚不能给 138****5678 发短信：7 天内已触达 3 次（上限 3 次）。"
        "最早 12 月 2 日 09:00。",
        "en": "No SMS to 138****5678 tonight: contacted 3 times in 7 days (limit 3). "
        "Earliest 2 December, 09:00.",
    }


@pytest.mark.parametrize(
    ("policy", "facts", "zh", "en"),
    [
        (
            POLICY,
            AGREED,
            "现在可以给 138****5678 发短信。",
            "138****5678 may get an SMS now.",
        ),
        (
            POLICY,
            AGREED._replace(consents=()),
            "今晚不能给 138****5678 发短信：客户没有同意该渠道。未来 31 天内没有可以触达的时间。",
            (
                "No SMS to 138****5678 tonight: the visitor has not agreed to the channel. "
                "No moment of the next 31 days is open."
            ),
        ),
        (
            POLICY,
            AGREED._replace(consents=(Consent("sms", at("2026-11-03T10:00"), given=False),)),
            (
                "今晚不能给 138****5678 发短信：客户 11 月 3 日拒绝了该渠道。"
                "未来 31 天内没有可以触达的时间。"
            ),
            (
                "No SMS to 138****5678 tonight: the visitor refused the channel on 3 November. "
                "No moment of the next 31 days is open."
            ),
        ),
        (
            replace(POLICY, complaint_pause=40 * DAY),
            AGREED._replace(complained_at=at("2026-11-25T10:00")),
            (
                "今晚不能给 138****5678 发短信：客户 11 月 25 日投诉过，2027 年 1 月 4 日前不触达。"
                "未来 31 天内没有可以触达的时间。"
            ),
            (
                "No SMS to 138****5678 tonight: the visitor complained on 25 November; there are "
                "no contacts until 4 January 2027. No moment of the next 31 days is open."
            ),
        ),
        (
            replace(POLICY, spacing=DAY),
            AGREED._replace(contacts=(Contact(at("2026-11-30T10:00"), "sms", "reminder"),)),
            (
                "今晚不能给 138****5678 发短信：距 11 月 30 日 10:00 的触达不足 1 天。"
                "最早 12 月 1 日 10:00。"
            ),
            (
                "No SMS to 138****5678 tonight: the contact of 30 November, 10:00 is less than 1 "
                "day ago. "
                "Earliest 1 December, 10:00."
            ),
        ),
        (
            replace(POLICY, caps=Caps(week=1)),
            AGREED._replace(planned=(Contact(at("2026-12-01T10:00"), "sms", "failed"),)),
            (
                "今晚不能给 138****5678 发短信：当周已触达和已排期 1 次（上限 1 次）。"
                "最早 12 月 7 日 09:00。"
            ),
            (
                "No SMS to 138****5678 tonight: contacted or planned once in that week (limit 1). "
                "Earliest 7 December, 09:00."
            ),
        ),
        (
            replace(POLICY, holidays=Holidays(forbidden=frozenset({date(2026, 11, 30)}))),
            AGREED,
            (
                "今晚不能给 138****5678 发短信：当天是法定节假日，或被设为不触达的日期。"
                "最早 12 月 1 日 09:00。"
            ),
            (
                "No SMS to 138****5678 tonight: the day is a public holiday, or a date on which "
                "nothing goes out. Earliest 1 December, 09:00."
            ),
        ),
    ],
)
def test_each_answer_in_words(policy: ContactPolicy, facts: ContactFacts, zh: str, en: str) -> None:
    """Each reason is told with what is known of this visitor, by their own clock."""
    assert told(policy, facts) == {"zh": zh, "en": en}


def test_another_moment_and_channel_are_named() -> None:
    """A later moment is told with its time, and a channel by its own verb."""
    moment = at("2026-12-01T22:00")
    assert told(POLICY, AGREED, moment) == {
        "zh": "12 月 1 日 22:00 不能给 138****5678 发短信：免打扰时段为 21:00-09:00。"
        "最早 12 月 2 日 09:00。",
        "en": "No SMS to 138****5678 on 1 December, 22:00: quiet hours are 21:00-09:00. "
        "Earliest 2 December, 09:00.",
    }
    assert told(POLICY, AGREED, kind=ContactKind("reminder", "call")) == {
        "zh": "现在可以给 138****5678 打电话。",
        "en": "138****5678 may be called now.",
    }
    black = AGREED._replace(blacklisted=True)
    assert told(POLICY, black, kind=ContactKind("reminder", "push"))["en"] == (
        "No contact with 138****5678 by push tonight: the visitor is on the blacklist. "
        "No moment of the next 31 days is open."
    )


def test_a_full_hour_is_told_and_passed_over() -> None:
    """An hour of the gateway without room forbids a contact until the next one."""
    used = Capacity({"sms": {hour_of(NOW): 10}})
    assert told(POLICY, AGREED, used=used) == {
        "zh": "现在不能给 138****5678 发短信：该小时的通道容量已用完。最早 11 月 30 日 20:00。",
        "en": "No SMS to 138****5678 now: the hour's capacity is used. "
        "Earliest 30 November, 20:00.",
    }
    exempt = check_contact(POLICY, ContactFacts(), ContactKind("code", "sms"), NOW, used)
    assert exempt.is_allowed, "what is exempt is never refused"


def test_a_visitor_who_is_asked_for_by_an_id_is_named_by_it() -> None:
    """Without a number the sentence names the id."""
    assert spoken_visitor("v-1") == {"zh": "访客 v-1", "en": "visitor v-1"}


def test_codes_are_those_of_the_policy() -> None:
    """The calendar's reasons are codes of the policy."""
    assert set(REASONS) >= CALENDAR
