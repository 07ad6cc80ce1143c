"""Every shipped slot against its holdout, through the service, in a world with a written truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

from benchmarks.folds import served
from benchmarks.lifts import lift_of, line
from benchmarks.lifts_worlds import VISITS
from lab.simulate.truth import reward_probability
from lab.simulate.visitors import draw_visitor, generator
from nudge.config.slot_file import load_slots
from nudge.store.wire.client import Client


@pytest.fixture
def client() -> Iterator[Client]:
    with served() as found:
        yield found.client


@pytest.mark.parametrize("name", VISITS)
def test_the_world_knows_every_variant_of_every_slot(name: str) -> None:
    """Each shipped slot has a visit, whose truth is a probability for each of its variants."""
    slot = load_slots(ROOT / "config" / "slots")[name]
    for number in range(50):
        rng = generator(3, number)
        visit = VISITS[name](draw_visitor(number, rng), rng)
        assert visit.shown == (slot.terms.on == "shown")
        chances = [reward_probability(visit.outcomes(one), slot.terms.event) for one in slot.names]
        assert all(0.0 <= chance <= 1.0 for chance in chances)
        assert max(chances) > 0.0


def test_a_number_that_is_filled_in_beats_a_blank(client: Client, tmp_path: Path) -> None:
    """`prefill`: nobody keeps a blank, so that the smallest run shows the lift.

    Of 800 visitors about 700 have a choice and 65 of them are held out: the interval for one
    look is 2 * sqrt(.25 / 630) = .04 wide on the policy's side, and .06 on that of a holdout
    that never converts (its upper end). The least that a number brings is .65 (truth.KEPT) on the
    way to a payment, of which half arrive: .3.
    """
    found = lift_of(client, tmp_path, "prefill", 800, seed=5)
    assert found.look.low > 0.0, line(found)
    assert found.truth.fallback == 0.0


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "visitors"),
    [
        ("denomination", 40_000),
        ("banner", 60_000),
        ("payment_retry", 60_000),
        ("prefill", 10_000),
        ("sms_timing", 60_000),
    ],
)
def test_every_slot_beats_its_fallback(
    client: Client, tmp_path: Path, name: str, visitors: int
) -> None:
    """The interval of policy minus holdout lies above zero, and that for every look has the truth.

    The latter is wrong in at most one of twenty runs; the seed is another than the benchmark's.
    The true lifts that the benchmark found are 3.8 (`payment_retry`) to 9 standard errors of these
    sizes, and the interval begins above zero from 2 on: 3 of 100 seeds would fail at the smallest.
    """
    found = lift_of(client, tmp_path, name, visitors, seed=2)
    assert found.look.low > 0.0, line(found)
    assert found.always.contains(found.truth.difference), line(found)
