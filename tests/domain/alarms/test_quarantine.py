"""Quarantine: rounded outward, closed once, and read back as it was written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.buckets import FINE
from nudge.domain.alarms.quarantine import (
    Quarantine,
    QuarantineAction,
    QuarantineNote,
    QuarantineScope,
    QuarantineStatus,
    new_quarantine,
)
from nudge.errors import InvalidRequestError

NOW = 1_790_000_000.0
NOTE = QuarantineNote("ann", NOW, "the gateway was down")
RELEASE, DISCARD = QuarantineAction.RELEASE, QuarantineAction.DISCARD


def marked(start: float = NOW, end: float = NOW + 7200.0, alarm: str = "") -> Quarantine:
    return new_quarantine((start, end), QuarantineScope(method="wechat"), NOTE, alarm)


@given(
    st.floats(0.0, 4e9), st.floats(1e-3, 1e6), st.floats(0.0, 86_400.0), st.sampled_from(["", "a"])
)
def test_an_interval_is_rounded_outward_and_reaches_back(
    start: float, length: float, reach: float, alarm: str
) -> None:
    """An interval covers all that was asked for, in whole buckets, adding less than two."""
    end = start + length
    one = new_quarantine((start, end), QuarantineScope(), NOTE, alarm, reach)
    assert one.start % FINE == one.end % FINE == 0
    assert one.start <= max(0.0, start - reach)
    assert end <= one.end
    assert one.end - one.start < length + reach + 2 * FINE
    assert Quarantine.read(json.loads(json.dumps(one.plain))) == one


@pytest.mark.parametrize(("start", "end"), [(2.0, 2.0), (3.0, 2.0), (0.0, float("inf"))])
def test_an_empty_interval_is_refused(start: float, end: float) -> None:
    """Nothing would be left out, and a person would believe that something is."""
    with pytest.raises(InvalidRequestError):
        marked(start, end)


def test_an_extension_never_shortens_and_one_author_s_extensions_are_one_step() -> None:
    """An outage that goes on for a day has a short history."""
    one = marked()
    assert one.extended(NOW + 60.0, NOTE) is one
    longer = one.extended(NOW + 8000.0, NOTE).extended(NOW + 9000.0, NOTE)
    assert (longer.end, longer.revision) == (-(-(NOW + 9000.0) // FINE) * FINE, 3)
    assert [step.action for step in longer.steps] == ["mark", "extend"]
    other = longer.extended(NOW + 9900.0, QuarantineNote("ben", NOW))
    assert [step.note.who for step in other.steps] == ["ann", "ann", "ben"]


@pytest.mark.parametrize(("action", "other"), [(RELEASE, DISCARD), (DISCARD, RELEASE)])
def test_a_quarantine_is_closed_once(action: QuarantineAction, other: QuarantineAction) -> None:
    """A repeated step changes nothing, the other one is refused, and the end moves no more."""
    closed = marked().closed(action, NOTE)
    assert closed.leaves_out == (action is DISCARD)
    assert closed.closed(action, QuarantineNote("ben", NOW)) is closed
    assert closed.extended(NOW + 1e6, NOTE) is closed
    with pytest.raises(InvalidRequestError, match="stays so"):
        closed.closed(other, NOTE)
    assert marked().status is QuarantineStatus.MARKED


def test_an_alarm_marks_once_whatever_its_interval() -> None:
    """The id is the alarm's; by hand it is that of interval and scope."""
    assert marked(alarm="a").id == marked(NOW + 600.0, NOW + 9e3, alarm="a").id
    assert marked().id == marked(NOW + 1.0).id != marked(NOW + 600.0).id
