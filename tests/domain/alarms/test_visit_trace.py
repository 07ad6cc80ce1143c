"""The trace of a visit as bytes: those of the version before are read, others begin anew."""

from __future__ import annotations

import msgpack
import pytest
from builders import decision
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.alarms.drawn_shares import Draw, decode_draw, encode_draw
from nudge.domain.alarms.minute_counts import leaf_of, leaf_with, tail_of
from nudge.domain.alarms.visit_trace import (
    NEW,
    Arrival,
    VisitTrace,
    decided,
    decode_trace,
    encode_trace,
)
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.journal.records import Ref

DRAW = Draw((3, 70, 1), "a", {"a": 250_000, "b": 750_000})
WAITING = {"method": (30_000_001, "method\x1fchannel=app")}
SEEN = {"method": 1}
NAMES = st.sampled_from(["channel", "city", "method", "page"])
VALUES = st.text(max_size=5).filter(str.isprintable)


def test_the_version_before_is_read() -> None:
    """Its attributes and draws were maps; nothing of them is lost."""
    known = {"city": "2", "channel": "app"}
    old = (1, 9.0, 8.0, known, "card", SEEN, WAITING, False, (7, "card"), {"banner": DRAW})
    assert decode_trace(msgpack.packb(old)) == VisitTrace(
        9.0,
        8.0,
        "channel=app\x1fcity=2",
        "card",
        SEEN,
        {"method": Arrival(*WAITING["method"])},
        paid=False,
        failed=(7, "card"),
        drawn={"banner": encode_draw(DRAW)},
    )
    assert decode_trace(msgpack.packb(old[:-1])).drawn == {}


@pytest.mark.parametrize("blob", [None, b"", b"\xc1", msgpack.packb((99, 1)), msgpack.packb((1,))])
def test_bytes_that_are_no_trace_begin_anew(blob: bytes | None) -> None:
    """One visitor's bytes never stop a partition."""
    assert decode_trace(blob) == NEW


def test_a_trace_comes_back_with_its_draw() -> None:
    """A decision leaves its attributes and its draw, in whole millionths."""
    drawn = decision("a" * 32, slot="banner", variant="a", eligible=("a", "b"), pmf=(0.25, 0.75))
    trace = decided(NEW, drawn, Ref(*DRAW.ref), 9.0, WatchPlan())
    assert decode_trace(encode_trace(trace)) == trace
    assert decode_draw(trace.drawn["banner"]) == DRAW


@given(
    known=st.dictionaries(NAMES, VALUES | st.none()),
    more=st.dictionaries(NAMES, VALUES),
)
def test_a_leaf_is_the_same_by_its_tail(known: dict[str, str | None], more: dict[str, str]) -> None:
    """Attributes that stand in a tail and those beside it make the leaf that all of them make."""
    tail = tail_of(tuple(known), *known.values())
    whole = {name: value for name, value in known.items() if value} | more
    assert leaf_with("pay", tail, *more.items()) == leaf_of("pay", whole)


def test_equal_numbers_of_two_kinds_are_told_apart() -> None:
    """Whether 1 is a number or a yes is seen, whichever came first; nothing below zero is zero."""
    found = [tail_of(("x",), value) for value in (1, True, 1.0, -0.0, 0.0, False, 0)]
    assert found == ["x=1", "x=true", "x=1", "x=0", "x=0", "x=false", "x=0"]
