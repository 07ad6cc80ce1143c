"""The guard's rule: what is harm, since when it is counted, and how it is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from places import CONFIG

from bandits.inference.holdout import holdout_sums
from benchmarks.harms import WATCHED, frozen_at
from nudge.config.slot_file import dump_slot, load_slots, parse_slot
from nudge.domain.choosing.eligibility import EligibilityInput, removal_reasons, variant_rules
from nudge.domain.reports.harm_guard import HarmFinding, MetricFinding, begins, judge
from nudge.domain.reports.harm_sentences import frozen
from nudge.domain.slots.slot import GuardTerms, Slot
from nudge.errors import InvalidConfigError

SLOT = load_slots(CONFIG / "slots")["denomination"]
WORLDS = 100
ASKED = EligibilityInput("web", "home", {}, 0.0)


def history(*changes: dict[str, object]) -> list[Slot]:
    """Revisions of a slot, each with changes to the one before: the newest first."""
    found = [replace(SLOT, revision=1)]
    for number, change in enumerate(changes, 2):
        found.append(replace(found[-1], revision=number, **change))  # type: ignore[arg-type]
    return found[::-1]


@pytest.mark.parametrize("effect", [1.0, 1.1])
def test_at_most_alpha_of_the_worlds_without_harm_are_frozen(effect: float) -> None:
    """However often one looks, a policy that is not worse is frozen with a chance of alpha.

    The worlds are seeded; of 500 others each the benchmark `harms` counts how many.
    """
    found = [frozen_at(1_000_000 + seed, effect, visits=8_000, every=400) for seed in range(WORLDS)]
    assert sum(one is not None for one in found) <= WATCHED.alpha * WORLDS


def test_harm_is_found() -> None:
    """The bound is crossed where two fifths of those who would pay leave.

    Of 20,000 visits .12 pay with the policy and .2 in the holdout (a tenth). The bound there is
    .044 (boundary.py: V = (10 + 1.1) * .16 * 20,000 = 35,600, rho = 3,200, alpha .025 a side;
    both, and the Bernstein term of 10 / 6 * 10, over 20,000), half of the harm; the estimate's own
    error is .009, so a world in which it is not found would be four of these away.
    """
    found = [frozen_at(2_000_000 + seed, 0.6) for seed in range(20)]
    assert None not in found


def test_nothing_is_said_of_few_conversions() -> None:
    """Below 20 conversions there are exposures and no figures."""
    rewards = np.zeros(1000)
    rewards[:19] = 1.0
    held = np.arange(1000) % 5 == 0
    seen = judge("abandonment", holdout_sums(rewards, held, 0.2, np.arange(1000)), WATCHED)
    assert seen.exposures == (800, 200)
    assert seen.difference is None
    assert not seen.harm
    assert seen.plain["rise"] is None


def test_a_slot_whose_holdout_is_empty_is_never_frozen() -> None:
    """Without a holdout there is nothing to compare with."""
    sums = holdout_sums(np.ones(100), np.zeros(100, dtype=bool), 0.1, np.arange(100))
    assert not judge("abandonment", sums, WATCHED).harm


def test_the_count_begins_where_the_slot_was_set_live_again() -> None:
    """Harm before somebody looked at it and decided is not held against them."""
    froze = {"mode": "frozen", "frozen_serves": "fallback"}
    assert begins(history()) == 1
    assert begins(history(froze, {"mode": "live"})) == 3
    assert begins(history(froze, {"mode": "live"}, {"title": "x"}, {"holdout": 0.1})) == 3
    assert begins(history({"mode": "shadow"}, {"mode": "live"})) == 3


def test_the_count_begins_where_the_choice_was_changed() -> None:
    """A new variant is judged by what happened since, and not by the years before it."""
    fewer = {"variants": SLOT.variants[:-1]}
    assert begins(history({"title": "x"}, fewer, {"title": "y"})) == 3
    assert begins(history({"floor": 0.01})) == 2
    assert begins(history({"guard": None}, {"holdout": 0.3})) == 1


def test_the_sentence_has_the_numbers() -> None:
    """Chinese and English, with both groups and the bound for every look."""
    sums = holdout_sums(*_harmful())
    seen = tuple(judge(metric, sums, WATCHED) for metric in WATCHED.metrics)
    paid = replace(SLOT, terms=replace(SLOT.terms, event="paid"))
    said, rises = frozen(HarmFinding(paid, 4, seen, 0.0)), [one.rise for one in seen]
    (low, high), (less, most) = ((x.low, x.high) for x in rises if x is not None)
    both = "whenever one looks; 4,500 and 500 exposures"
    assert said["en"] == (
        "Frozen: 80.0 % of the policy's exposures ended without paying, of the holdout's 50.0 %; "
        f"that is 30.0 points more ({100 * low:.1f} to {100 * high:.1f}, {both}); "
        "the policy brought 0.20 yuan an exposure, the holdout 0.50; that is 0.30 yuan less "
        f"({less:.2f} to {most:.2f}, {both}) (counted since revision 4). "
        "The fallback is shown until the mode is set to live."
    )
    assert said["zh"].startswith("已冻结：策略组 80.0% 的曝光未支付，对照组为 50.0%")


def _harmful() -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:  # type: ignore[type-arg]
    held = np.arange(5000) % 10 == 0
    turn = np.arange(5000) // 10
    return np.where(held, turn % 2 == 0, turn % 5 == 0).astype(float), held, 0.1, np.arange(5000)


def test_a_rise_of_abandonment_is_told_as_a_share() -> None:
    """The share of leavers is one less that of conversions, and its interval is turned round."""
    seen = judge("abandonment", holdout_sums(*_harmful()), WATCHED)
    assert seen.harm
    assert seen.plain["policy"] == pytest.approx(0.8)
    assert seen.plain["holdout"] == pytest.approx(0.5)
    rise = seen.rise
    assert rise is not None
    assert 0 < rise.low < rise.value < rise.high


def test_what_was_frozen_for_harm_shows_the_fallback() -> None:
    """`frozen_serves` says what a frozen slot shows; a slot that is live does not mind it."""
    harm = replace(SLOT, mode="frozen", frozen_serves="fallback")
    assert removal_reasons(harm, variant_rules(harm), ASKED) == dict.fromkeys(SLOT.names, "frozen")
    assert (
        removal_reasons(
            replace(harm, frozen_serves="policy"),
            variant_rules(replace(harm, frozen_serves="policy")),
            ASKED,
        )
        == {}
    )
    assert (
        removal_reasons(
            replace(harm, mode="live"), variant_rules(replace(harm, mode="live")), ASKED
        )
        == {}
    )


def test_a_guard_survives_its_plain_form() -> None:
    """The table [guard] is read, with defaults, and written as it was."""
    assert SLOT.guard == GuardTerms(("abandonment", "downgrade"))
    other = replace(SLOT, guard=GuardTerms(("abandonment",), 0.01, 3600.0, matured=True))
    assert parse_slot(dump_slot(other), "x") == other
    assert "guard" not in dump_slot(replace(SLOT, guard=None))


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ({}, "guard.metrics: is missing"),
        ({"metrics": []}, "guard.metrics: is empty"),
        ({"metrics": ["abandoned"]}, "'abandoned' is not allowed"),
        ({"metrics": ["downgrade"], "alpha": 0}, "guard.alpha"),
        ({"metrics": ["downgrade"], "every": "2d"}, "guard.every"),
        ({"metrics": ["downgrade"], "often": 1}, "guard.often: is unknown"),
    ],
)
def test_what_is_wrong_with_a_guard_is_named(guard: dict[str, object], told: str) -> None:
    """Key, what is wrong, and what would be right."""
    with pytest.raises(InvalidConfigError) as error:
        parse_slot(dump_slot(SLOT) | {"guard": guard}, "x")
    assert any(told in problem for problem in error.value.problems)


def test_only_amounts_can_be_watched_for_becoming_smaller() -> None:
    """`downgrade` means nothing where the event has no amount."""
    table = dump_slot(SLOT) | {"reward": {"event": "clicked", "window": "1h"}}
    with pytest.raises(InvalidConfigError, match="downgrade needs amounts"):
        parse_slot(table, "x")


def test_seen_is_no_harm_while_zero_is_possible() -> None:
    """The whole interval must be on the wrong side."""
    from bandits.inference.interval import Estimate  # noqa: PLC0415

    assert not MetricFinding("downgrade", (1, 1), (1.0, 2.0), Estimate(-1.0, -2.0, 0.0)).harm
    assert MetricFinding("downgrade", (1, 1), (1.0, 2.0), Estimate(-1.0, -2.0, -0.1)).harm
