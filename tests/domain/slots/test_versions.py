"""Versions of a policy: seeds, and which ones are kept."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bandits.units import HOUR
from nudge.domain.slots.versions import LAST, forgotten, seed_of

PUBLISHED = st.lists(st.floats(0, 20 * HOUR), max_size=300).map(
    lambda times: dict(enumerate(sorted(times), start=1))
)


def kept(published: dict[int, float], last: int = LAST) -> set[int]:
    return set(published) - set(forgotten(published, last))


@given(PUBLISHED, st.integers(1, 120))
def test_the_last_and_one_an_hour_are_kept(published: dict[int, float], last: int) -> None:
    """The newest stay, every hour keeps a version, and no hour keeps two old ones."""
    stay = kept(published, last)
    newest = sorted(published)[-last:]
    assert set(newest) <= stay
    hours = [int(published[v] // HOUR) for v in sorted(stay - set(newest))]
    assert {int(at // HOUR) for at in published.values()} == {
        int(published[v] // HOUR) for v in stay
    }
    assert all(one < other for one, other in pairwise(hours))


@given(PUBLISHED)
def test_forgetting_along_the_way_keeps_the_same(published: dict[int, float]) -> None:
    """Whether it is asked at every version or once at the end, the same versions stay."""
    held: dict[int, float] = {}
    for version, at in published.items():
        held[version] = at
        for gone in forgotten(held, 10):
            del held[gone]
    assert set(held) == kept(published, 10)


def test_seeds_belong_to_slot_and_version() -> None:
    """The same version has the same seed everywhere; others have others."""
    seeds = [seed_of(slot, version) for slot in ("banner", "prefill") for version in range(100)]
    assert len(set(seeds)) == 200
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of("banner", 1) == 7809076849337314179
