"""The pace of snapshots: early while little is known, never later than after the usual pause."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.slots.snapshot_pace import (
    LEAST_NEWS,
    PARTS,
    SHORTEST,
    is_due,
    news_batches,
    worthwhile_news,
)
from nudge.domain.slots.versions import LAST

COUNTS = st.integers(0, 10**9)
SECONDS = st.floats(0, 10**6)


@given(SECONDS, st.floats(0.05, 3600), COUNTS, COUNTS)
def test_a_snapshot_is_never_later_than_the_usual_pause(
    elapsed: float, every: float, known: int, news: int
) -> None:
    """After `every` a snapshot is due whatever is known; within the shortest pause none is."""
    if elapsed >= every:
        assert is_due(elapsed, every, known, news)
    elif elapsed < SHORTEST * every:
        assert not is_due(elapsed, every, known, news)


@given(st.floats(0, 0.999), COUNTS, st.integers(0, LEAST_NEWS - 1))
def test_a_quiet_slot_is_published_as_it_always_was(part: float, known: int, news: int) -> None:
    """Fewer visitors than the least news bring no snapshot early."""
    assert not is_due(part, 1.0, known, news)


@given(st.floats(0, 0.999), COUNTS, COUNTS, st.integers(0, 1000), st.integers(0, 1000))
def test_more_news_are_never_later_and_more_knowledge_never_sooner(
    part: float, known: int, news: int, more: int, longer: int
) -> None:
    """The rule is monotone: in news upwards, in knowledge downwards."""
    if is_due(part, 1.0, known + longer, news):
        assert is_due(part, 1.0, known, news + more)


@given(st.integers(0, 10**7))
def test_snapshots_grow_like_the_logarithm_of_visitors(visitors: int) -> None:
    """Up to n visitors there are at most 20 early snapshots, and one for each 5 % beyond 400."""
    batches = sum(1 for _ in news_batches(visitors, visitors or 1))
    young = LEAST_NEWS * PARTS
    later = math.log(max(visitors, young) / young) / math.log1p(1 / PARTS)
    assert batches <= LEAST_NEWS + math.ceil(later)


@given(st.integers(1, 20_000), st.integers(1, 700))
def test_batches_follow_each_other_and_none_is_beyond_the_usual(visitors: int, most: int) -> None:
    """Every visitor is in one batch, and no batch is larger than without news."""
    found = list(news_batches(visitors, most))
    assert (found[0][0], found[-1][1]) == (0, visitors)
    assert all(one[1] == other[0] for one, other in pairwise(found))
    assert all(0 < stop - start <= min(most, worthwhile_news(start)) for start, stop in found)


def published(rate: float, seconds: float, every: float = 5.0) -> list[float]:
    """Return the times of the snapshots of a slot with as many visitors a second."""
    times, known = [0.0], 0
    for look in range(1, int(seconds / every * 20)):
        now = look * every / 20
        came = int(rate * now)
        if came > known and is_due(now - times[-1], every, known, came - known):
            times.append(now)
            known = came
    return times


@pytest.mark.parametrize("rate", [0.1, 3, 10, 50, 200, 1000, 5000])
def test_early_snapshots_leave_minutes_of_versions(rate: float) -> None:
    """The newest hundred reach back four minutes at the start, and from a quarter hour on as ever.

    The usual pause alone would reach back 495 seconds. Early ones are over by then: a twentieth of
    what 100 seconds bring takes five seconds.
    """
    times = published(rate, 3600.0)
    spans = [(now, now - times[i - LAST + 1]) for i, now in enumerate(times) if i >= LAST]
    assert all(span >= 240 for _, span in spans)
    assert all(span >= 99 * 5.0 for now, span in spans if now > 900)
    assert sum(1 for one in times if one < 900) <= 900 / 5 + 100
