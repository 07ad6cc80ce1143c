"""Records as bytes."""

from __future__ import annotations

from dataclasses import replace

import msgpack
import pytest
from builders import decision
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.journal.records import Decision, Event, Exposure, Mark, Record, Ref, Reward
from nudge.domain.slots.slot import RewardTerms
from nudge.errors import CorruptRecordError
from nudge.store.wire.codec import decode, encode

SUBJECT = "0" * 32
NAMES = st.text(max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)
MAPS = st.dictionaries(NAMES, SCALARS | NAMES, max_size=4)
TIMES = st.none() | st.floats(0, 4e9)
REFS = st.builds(Ref, st.integers(0, 1023), st.integers(1, 2**63), st.integers(0, 999))
TERMS = st.builds(
    RewardTerms,
    st.sampled_from(["decision", "shown"]),
    st.just("paid"),
    st.sampled_from(["conversion", "revenue"]),
    st.floats(1, 1e6),
)
RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Decision,
        subject=st.just(SUBJECT),
        context=MAPS,
        eligible=st.lists(NAMES, max_size=4).map(tuple),
        removed=st.dictionaries(NAMES, NAMES, max_size=3),
        pmf=st.lists(st.floats(0, 1), max_size=4).map(tuple),
        propensity=st.floats(0, 1),
        u=st.integers(0, 2**64 - 1),
        terms=TERMS,
        revision=st.integers(0, 2**31),
        period=st.integers(0, 2**40),
        policy_version=st.integers(0, 2**40),
        supersedes=st.none() | REFS,
        twin=st.none() | REFS,
        ref=st.none() | REFS,
        at=TIMES,
        due=TIMES,
        floor=st.none() | st.floats(0, 1),
    ),
    st.builds(
        Exposure,
        subject=st.just(SUBJECT),
        decision=REFS,
        revision=st.integers(0, 99),
        propensity=st.floats(0, 1),
        window=st.floats(1, 1e6),
        at=st.floats(0, 4e9),
    ),
    st.builds(
        Reward,
        subject=st.just(SUBJECT),
        decision=REFS,
        revision=st.integers(0, 99),
        exposed_at=st.floats(0, 4e9),
        conversions=st.integers(-1, 1),
        value=st.integers(-(2**40), 2**40),
        square=st.integers(-(2**60), 2**60),
        at=st.floats(0, 4e9),
    ),
    st.builds(Event, subject=st.just(SUBJECT), decision=st.none() | REFS, fields=MAPS, at=TIMES),
    st.builds(Mark, subject=st.just(SUBJECT), fields=MAPS, at=TIMES),
)


@given(RECORDS)
def test_decode_is_the_inverse_of_encode(record: Record) -> None:
    """Every record of every kind comes back equal."""
    assert decode(encode(record), SUBJECT) == record


def test_a_record_of_the_version_before_has_no_floor() -> None:
    """Bytes without the last field are read; everything else is as it was written."""
    made = decision(floor=0.01)
    code, *values = msgpack.unpackb(encode(made)[1:])
    assert values[-1] == 0.01
    old = b"\x01" + msgpack.packb((code, *values[:-1]))
    assert decode(old, made.subject) == replace(made, floor=None)


@given(st.binary(max_size=60))
def test_foreign_bytes_are_refused_with_one_error(payload: bytes) -> None:
    """Whatever lies in the stream, a reader meets `CorruptRecordError` or a record."""
    try:
        decode(b"\x01" + payload, SUBJECT)
    except CorruptRecordError as error:
        assert error.code == "corrupt_record"  # noqa: PT017 - most bytes fail, a few may decode


def test_another_version_is_refused() -> None:
    """A payload of a later version is not guessed at."""
    payload = encode(Mark("slot_applied"))
    with pytest.raises(CorruptRecordError, match="version"):
        decode(b"\x02" + payload[1:], SUBJECT)
