"""Blocks as bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import planned_decision
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.journal.block import MOST, Block, BlockDecision, drawn_of, evenly, shape_of
from nudge.domain.journal.records import Decision, Ref
from nudge.domain.slots.slot import RewardTerms
from nudge.errors import CorruptRecordError
from nudge.store.wire.block_codec import decode_block, encode_block, is_block, subjects_of
from nudge.store.wire.codec import encode

SUBJECTS = st.binary(min_size=16, max_size=16).map(bytes.hex)
TIMES = st.none() | st.floats(0, 4e9)
REFS = st.builds(Ref, st.integers(0, 1023), st.integers(1, 2**63), st.integers(0, 499))


def decision(context: dict[str, str | float], arms: int) -> Decision:
    """A decision among some windows."""
    return planned_decision(
        "ab" * 16,
        revision=2,
        context=context,
        cell="c",
        eligible=tuple(f"w{i}" for i in range(arms)),
        removed={"gone": "past"},
        pmf=(1 / arms,) * arms,
        u=1,
        variant="w0",
        propensity=1 / arms,
        policy="auto",
        policy_version=3,
        terms=RewardTerms("shown", "paid", "conversion", 3600.0),
        due=1_800_000_000.0,
    )


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Blocks of some decisions with some shapes."""
    contexts = st.dictionaries(st.sampled_from("abc"), st.text(max_size=3) | st.floats(0, 1))
    made = draw(st.lists(st.tuples(contexts, st.integers(1, 9)), min_size=1, max_size=3))
    shapes = [shape_of(decision(context, arms)) for context, arms in made]
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(shapes),
                SUBJECTS,
                st.integers(0, 2**64 - 1),
                TIMES,
                REFS | st.none(),
            ),
            min_size=1,
            max_size=20,
        )
    )
    return Block(
        tuple(
            BlockDecision(s, who, u, u % len(s.eligible), due, ref) for s, who, u, due, ref in rows
        )
    )


@given(blocks())
def test_every_decision_of_a_block_comes_back(block: Block) -> None:
    """The decoded decisions are those that went in, bit for bit and in order."""
    assert decode_block(encode_block(block), subjects_of(block)) == [
        one.decision for one in block.drawn
    ]


@given(st.integers(1, 9), SUBJECTS, st.integers(0, 2**64 - 1), TIMES)
def test_a_decision_is_its_shape_and_its_own_part(
    arms: int, who: str, u: int, due: float | None
) -> None:
    """Taking a decision apart and putting it together again changes nothing."""
    made = replace(decision({"stage": "warning"}, arms), subject=who, u=u, due=due)
    assert drawn_of(made).decision == made


def test_decisions_of_one_shape_cost_little_more_than_subject_and_draw() -> None:
    """500 customers of 60 different contexts need less than 60 bytes each."""
    shapes = [shape_of(decision({"stage": f"s{i}", "age": i / 7}, 9)) for i in range(60)]
    drawn = tuple(
        BlockDecision(
            shapes[i % 60], f"{i * 0x9E3779B97F4A7C15:032x}", i * 977 << 40, i % 9, 1.8e9 + i
        )
        for i in range(MOST)
    )
    block = Block(drawn)
    assert len(encode_block(block)) + len(subjects_of(block)) < 60 * MOST


@pytest.mark.parametrize(("count", "lengths"), [(1, [1]), (500, [500]), (501, [250, 251])])
def test_parts_are_about_equal(count: int, lengths: list[int]) -> None:
    """As few blocks as hold them, none of them over the limit."""
    parts = list(evenly(range(count), MOST))
    assert [len(part) for part in parts] == lengths
    assert [one for part in parts for one in part] == list(range(count))


def test_a_block_is_told_from_a_record() -> None:
    """By the first byte."""
    one = decision({}, 2)
    assert is_block(encode_block(Block((drawn_of(one),))))
    assert not is_block(encode(one))


@pytest.mark.parametrize(
    "payload", [b"\x02", b"\x02nothing", encode_block(Block((drawn_of(decision({}, 2)),)))[:-3]]
)
def test_broken_bytes_are_told(payload: bytes) -> None:
    """A payload that is no block is an error of its own, not one of a library."""
    with pytest.raises(CorruptRecordError):
        decode_block(payload, b"")
