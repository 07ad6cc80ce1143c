"""One visitor's segments: time moves people by itself, and nobody is moved twice."""

from __future__ import annotations

import pytest

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.records import Event
from nudge.domain.membership.member import NO_MEMBER, Member, decode_member, encode_member
from nudge.domain.membership.member_watch import MemberWatch
from nudge.domain.membership.segment_book import SegmentBook, SegmentKey
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.segments import Segment
from nudge.errors import CorruptRecordError

DAY = 86_400.0
AT = 1_790_000_000.0
NEW = Segment("new", read_rule({"attribute": "first_paid_at", "since": "60d"}), {})
OLD = Segment("old", read_rule({"attribute": "payments", "known": True}), {})
BOOK = SegmentBook({"age": (NEW, OLD)}, OperatorCalendar())


def paid(amount: float = 50) -> Event:
    return Event("s", "p", "paid", "server", fields={"amount": amount})


def watch() -> MemberWatch:
    """The watch over a visitor who has just paid for the first time."""
    made = MemberWatch(BOOK, 0.0, NO_MEMBER)
    made.take_fact(paid(), AT, AT)
    return made


def test_time_alone_moves_a_visitor_at_its_own_moment() -> None:
    """After sixty days the new one is an old one, dated by the day and not by who looks."""
    made = watch()
    made.advance(AT + 300 * DAY)
    moves = [(one.key.name, one.joined, round(one.at - AT)) for one in made.moves]
    assert moves == [("new", True, 0), ("new", False, 60 * DAY), ("old", True, 60 * DAY)]


def test_who_is_not_heard_of_is_forgotten() -> None:
    """A customer's memberships end 400 days behind the last fact, and the record goes."""
    made = watch()
    made.advance(AT + 500 * DAY)
    assert made.member == NO_MEMBER
    last = made.moves[-1]
    assert (last.key, last.joined) == (SegmentKey("age", "old"), False)
    assert 400 * DAY <= last.at - AT <= 402 * DAY


def test_who_stays_keeps_the_since() -> None:
    """A further payment in the same segment moves nobody."""
    made = watch()
    made.take_fact(paid(), AT + DAY, AT + DAY)
    assert len(made.moves) == 1
    assert made.member.groups[0].since == AT


def test_the_operators_own_word_counts_more_than_the_rules() -> None:
    """A loaded value under a kind's name is the visitor's segment, where it is one."""
    made = watch()
    loaded = Event("s", "l", "loaded", "server", fields={"age": "old"})
    made.take_fact(loaded, AT + 1, AT + 1)
    assert [one.segment for one in made.member.groups] == ["old"]


def test_a_pages_claim_makes_nobody_a_member() -> None:
    """The word of a page about a payment is a claim, and no fact."""
    made = MemberWatch(BOOK, 0.0, NO_MEMBER)
    made.take_fact(Event("s", "p", "paid", "page", fields={"amount": 50}), AT, AT)
    assert made.moves == []


def test_a_visit_makes_a_member_where_a_rule_asks_for_it() -> None:
    """A visit by an app is known from its moment on, and the second one changes nothing."""
    rule = read_rule({"attribute": "mobile_before", "is": True})
    book = SegmentBook({"device": (Segment("mobile", rule, {}),)}, OperatorCalendar())
    made = MemberWatch(book, 0.0, NO_MEMBER)
    for at, channel in ((AT, "web"), (AT + 9, "app"), (AT + 12, "app")):
        made.advance(at)
        made.take_visit(channel, at)
    assert [(one.key.name, one.at) for one in made.moves] == [("mobile", AT + 9)]
    assert (book.follows_visits, BOOK.follows_visits) == (True, True)
    paid_much = read_rule({"attribute": "usual_amount", "at_least": 200})
    assert not SegmentBook({"tier": (Segment("high", paid_much, {}),)}).follows_visits


def test_records_survive_their_encoding() -> None:
    """A record is decoded as it was; another version is refused with the cure."""
    made = watch().member
    assert decode_member(encode_member(made)) == made
    assert decode_member(None) == Member()
    with pytest.raises(CorruptRecordError, match="rebuild --fold segment"):
        decode_member(b"\x02")
