"""The visitor's state: what it tells a decision, and its bytes."""

from __future__ import annotations

from dataclasses import replace

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.contact.contact import Consent, Contact
from nudge.domain.journal.records import AWAY, Ref
from nudge.domain.people.deliveries import Delivery
from nudge.domain.people.person import Failure, KnownFact, NumberUse, TypedNumber
from nudge.domain.people.recharges import Payment
from nudge.domain.people.refunds import Receipt, Refund
from nudge.domain.people.room import Dropped
from nudge.domain.people.visitor import (
    ClosedExposure,
    EarlyShown,
    OpenExposure,
    RewardEvent,
    VisitorState,
    without_sources,
)
from nudge.domain.people.visitor_codec import VERSION, decode_state, encode_state, into_of
from nudge.domain.slots.slot import RewardTerms
from nudge.errors import CorruptRecordError

REFS = st.builds(Ref, st.integers(0, 7), st.integers(1, AWAY + 2**32), st.integers(0, 3))
TIMES = st.floats(0, 2e9)
WORDS = st.text(max_size=4)
TERMS = st.builds(
    RewardTerms,
    st.sampled_from(["decision", "shown"]),
    st.sampled_from(["paid", "clicked"]),
    st.sampled_from(["conversion", "revenue"]),
    st.floats(1, 7 * 86400),
)
OPEN = st.builds(
    OpenExposure,
    REFS,
    st.text(min_size=1),
    st.integers(1, 2**53),
    st.text(min_size=1),
    st.text(),
    st.sampled_from(["policy", "holdout", "forced"]),
    st.floats(0, 1),
    TERMS,
    TIMES,
    TIMES,
    st.lists(REFS, max_size=2).map(tuple),
    by_page=st.booleans(),
)
EVENTS = st.builds(
    RewardEvent,
    st.text(min_size=1),
    st.sampled_from(["paid", "clicked"]),
    TIMES,
    st.integers(0, 10**7),
    st.none() | REFS,
    st.lists(st.text(), max_size=2).map(tuple),
    st.sampled_from(["page", "server", ""]),
    st.none() | st.floats(0, 60),
)
CLOSED = st.builds(
    ClosedExposure,
    REFS,
    st.text(min_size=1),
    st.integers(1, 2**53),
    st.text(min_size=1),
    st.text(),
    st.sampled_from(["policy", "holdout", "forced"]),
    st.sampled_from(["paid", "prefill_kept+paid"]),
    TIMES,
    st.lists(EVENTS, max_size=2).map(tuple),
)
STATES = st.builds(
    VisitorState,
    waiting=st.lists(OPEN, max_size=3).map(tuple),
    early=st.lists(st.builds(EarlyShown, REFS, TIMES), max_size=3).map(tuple),
    open=st.lists(OPEN, max_size=3).map(tuple),
    events=st.lists(EVENTS, max_size=3).map(tuple),
    watermark=TIMES,
    last_amount=st.none() | st.integers(1, 10**7),
    last_paid_at=st.none() | TIMES,
    channels=st.lists(st.sampled_from(["app", "sms", "wap", "web"]), max_size=3).map(tuple),
    benefits=st.lists(st.text(max_size=3), max_size=3).map(tuple),
    payments=st.lists(st.builds(Payment, TIMES, st.integers(1, 10**9)), max_size=3).map(tuple),
    first_paid_at=st.none() | TIMES,
    numbers=st.lists(st.builds(NumberUse, TIMES, WORDS, WORDS, st.integers(1, 99)), max_size=3).map(
        tuple
    ),
    typed=st.none() | st.builds(TypedNumber, TIMES, WORDS, WORDS),
    contacts=st.lists(
        st.builds(Contact, TIMES, WORDS, WORDS, st.just(""), st.just(""), st.just(0))
        | st.builds(Contact, TIMES, WORDS, WORDS, WORDS, WORDS, st.integers(0, 3)),
        max_size=3,
    ).map(tuple),
    consents=st.lists(
        st.builds(Consent, WORDS, TIMES, st.booleans(), heard=TIMES, kept=TIMES), max_size=3
    ).map(tuple),
    complained_at=st.none() | TIMES,
    failures=st.lists(st.builds(Failure, TIMES, WORDS, WORDS, WORDS), max_size=3).map(tuple),
    known=st.lists(
        st.builds(KnownFact, WORDS, TIMES, WORDS | st.booleans() | st.integers(0, 9)), max_size=3
    ).map(tuple),
    amounts=st.lists(st.integers(1, 10**7), max_size=3).map(tuple),
    receipts=st.lists(
        st.builds(Receipt, WORDS, TIMES, st.integers(1, 10**7), WORDS, WORDS), max_size=3
    ).map(tuple),
    refunds=st.lists(st.builds(Refund, WORDS, WORDS, TIMES, st.integers(0, 10**7)), max_size=3).map(
        tuple
    ),
    closed=st.lists(CLOSED, max_size=2).map(tuple),
    chosen=st.lists(st.integers(1, 10**7), max_size=3).map(tuple),
    dropped=st.lists(st.builds(Dropped, WORDS, WORDS, st.integers(1, 99)), max_size=3).map(tuple),
    deliveries=st.lists(st.builds(Delivery, TIMES, WORDS, st.integers(1, 3)), max_size=3).map(
        tuple
    ),
    into=st.none() | st.tuples(WORDS, st.integers(0, 7)),
)


@given(STATES)
def test_bytes_keep_everything(state: VisitorState) -> None:
    """An encoded state is decoded to an equal one."""
    assert decode_state(encode_state(state)) == state


@given(STATES, st.data())
def test_damaged_bytes_are_refused(state: VisitorState, data: st.DataObject) -> None:
    """Bytes that are cut short, or of another version, are an error of ours and nothing else."""
    whole = encode_state(state)
    end = data.draw(st.integers(0, len(whole) - 1))
    newer = bytes((VERSION + 1,))
    for damaged in (whole[:end], newer + whole[1:], whole[:1] + b"\xc1" + whole[2:]):
        with pytest.raises(CorruptRecordError):
            decode_state(damaged)


def test_states_of_the_version_before_can_be_read() -> None:
    """An upgrade keeps what is known of visitors: versions 1 to 5 had fewer fields."""
    state = VisitorState(last_amount=5000, channels=("web",))
    fields = msgpack.unpackb(encode_state(state)[1:])
    for version, length in ((1, 8), (2, 11), (3, 19), (4, 22), (5, 24)):
        into = fields[-1:] if version >= 3 else []
        old = bytes((version,)) + msgpack.packb([*fields[:length], *into])
        assert decode_state(old) == state
    with pytest.raises(CorruptRecordError):
        decode_state(b"\x01" + msgpack.packb(fields))


def test_who_left_before_this_version_is_followed() -> None:
    """The subject that a visitor turned out to be is read from the bytes of version 3 as well."""
    state = VisitorState(into=("c" * 32, 3))
    whole = encode_state(state)
    fields = msgpack.unpackb(whole[1:])
    old = b"\x03" + msgpack.packb([*fields[:19], fields[-1]])
    assert decode_state(old) == state
    assert into_of(old) == into_of(whole) == state.into


def test_f02_events_of_the_version_before_can_be_read() -> None:
    """Version 3 did not note who sent an event, but for types that only servers are believed."""
    event = RewardEvent("e", "paid", 5.0, 5000, None, ("banner",), "server", 2.0)
    into = ("b" * 32, 3)
    state = VisitorState(events=(event, event._replace(type="clicked")), into=into)
    fields = list(msgpack.unpackb(encode_state(state)[1:]))
    place = next(i for i, x in enumerate(fields) if isinstance(x, list) and len(x) == 2)
    fields[place] = [row[:6] for row in fields[place]]
    old = b"\x03" + msgpack.packb([*fields[:19], fields[-1]])
    found = decode_state(old).events
    assert [(x.source, x.skew) for x in found] == [("server", None), ("", None)]
    assert [x[:6] for x in found] == [x[:6] for x in state.events]
    assert into_of(old) == into_of(encode_state(state)) == into
    assert without_sources(state, decode_state(old)).events[1].source == ""


def test_an_unknown_person_adds_nothing_to_the_context() -> None:
    """An unknown attribute is left out, so that it cannot hide what the caller knows."""
    assert VisitorState().context() == {}


def test_amounts_are_told_in_yuan() -> None:
    """The last amount is a whole number of yuan where it is one."""
    state = VisitorState(last_amount=5000, last_paid_at=12.0)
    assert state.context() == {"last_amount": 50, "last_paid_at": 12.0}
    assert replace(state, last_amount=5050).context()["last_amount"] == 50.5


@pytest.mark.parametrize(
    ("channels", "mobile"), [(("web",), False), (("sms", "web"), False), (("wap", "web"), True)]
)
def test_mobile_before_is_wap_or_app(channels: tuple[str, ...], *, mobile: bool) -> None:
    """A visitor was mobile before if a decision was made for them on WAP or in the app."""
    assert VisitorState(channels=channels).context() == {"mobile_before": mobile}


def test_what_the_operator_knows_of_mobile_goes_further_back() -> None:
    """A visit on the web, or an SMS, does not take away that somebody came by mobile before."""
    told = (KnownFact("mobile_before", 0.0, True),)
    for channels in (("web",), ("sms",), ("sms", "web"), ()):
        assert VisitorState(channels=channels, known=told).context()["mobile_before"] is True
    assert VisitorState(channels=("sms",)).context() == {}
    denied = (KnownFact("mobile_before", 0.0, False),)
    assert VisitorState(channels=("wap",), known=denied).context()["mobile_before"] is True
