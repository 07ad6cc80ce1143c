"""Batches: what a slot brings to its trials, who is in a pilot, and what is told of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from places import CONFIG

from bandits.baseline.choice import make_baseline
from bandits.policies.batch import BatchPolicy
from bandits.policies.uniform import UniformPolicy
from nudge.config.slot_file import dump_slot, load_slots, parse_slot
from nudge.config.window_value import windows_of
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.slot import ComparisonTerms, Slot, TrialTerms
from nudge.domain.timing.batch_trials import (
    Batch,
    TrialCount,
    find_own_window,
    is_in_pilot,
    make_terms,
    serve_batch,
    serve_most,
)
from nudge.errors import InvalidConfigError

SLOT = load_slots(CONFIG / "slots")["sms_timing"]
NAMES = SLOT.names
MONTH = np.array([not name.startswith(("at_", "two_")) for name in NAMES])


def live(slot: Slot = SLOT) -> LiveSlot:
    """The slot before anything is learned."""
    return LiveSlot(slot, UniformPolicy(arms=slot.names), windows_of(slot))


def test_the_own_window_is_the_rule_s_or_the_purpose_s_fallback() -> None:
    """The operator's rule first, where it is possible; then the fallback of the purpose."""
    every = np.ones(len(NAMES), dtype=np.bool_)
    ruled = replace(
        SLOT, comparison=ComparisonTerms(OperatorRule.parse("page:reminder=mid_midday"), 0.0)
    )

    def own(slot: Slot, page: str, eligible: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
        baseline = make_baseline(learner_config(slot))
        return NAMES[find_own_window(baseline, {"page": page}, eligible)]

    assert own(SLOT, "reminder", every) == "end_morning"
    soon = np.array([name in {"at_once", "two_hours"} for name in NAMES])
    assert own(SLOT, "payment_failed", soon) == "at_once"
    assert own(ruled, "reminder", every) == "mid_midday"
    assert own(ruled, "winback", every) == "end_morning"
    without = every & (np.array(NAMES) != "mid_midday")
    assert own(ruled, "reminder", without) == "end_morning"
    assert own(SLOT, "reminder", np.array([name == "early_evening" for name in NAMES]))
    last = own(SLOT, "reminder", np.array([name == "mid_evening" for name in NAMES]))
    assert last == "mid_evening"


def test_a_policy_without_a_posterior_is_served_as_it_is() -> None:
    """Plans of a uniform slot are drawn evenly, as its log promises."""
    uniform = live(replace(SLOT, policy={"kind": "uniform"}))
    assert serve_batch(uniform, Batch(1000)) is uniform
    assert isinstance(serve_batch(live()).policy, BatchPolicy)


def test_most_visitors_get_the_windows_that_no_purpose_has_for_itself() -> None:
    """A slot is told as reminders get it: the own window, and trials."""
    served, possible = serve_most(live())
    assert (possible == MONTH).all()
    pmf = dict(zip(NAMES, served.policy.distribution_one({}, possible).tolist(), strict=True))
    assert pmf["end_morning"] >= 0.94
    assert pmf["at_once"] == pmf["two_hours"] == 0.0
    assert sum(pmf.values()) == pytest.approx(1.0)


def test_a_pilot_is_a_small_batch_from_which_much_gains() -> None:
    """Its plans are fewer, more of them may be trials, and the rest of the file gains as well."""
    whole, pilot = (make_terms(SLOT, Batch(100_000, share), 5) for share in (0.0, 0.05))
    assert (whole.plans, whole.later, whole.most) == (20_000.0, 2.0, 0.05)
    assert (pilot.plans, pilot.most) == (pytest.approx(1_000.0), 0.5)
    # Two batches of 100,000 and the 95,000 that wait, for each of 5,000 plans.
    assert pilot.later == pytest.approx((2 * 100_000 + 95_000) / 5_000)
    chosen = [is_in_pilot(f"v{n}", Batch(20_000, 0.05), "salt", b"k" * 32) for n in range(20_000)]
    assert abs(sum(chosen) - 1_000) < 5 * (20_000 * 0.05 * 0.95) ** 0.5
    other = [is_in_pilot(f"v{n}", Batch(20_000, 0.05), "more", b"k" * 32) for n in range(20_000)]
    assert chosen != other
    assert is_in_pilot("v", Batch(20_000), "salt", b"k" * 32)


def test_the_trials_that_are_told_are_those_that_are_drawn() -> None:
    """Share and windows are the mean of the plans' own; nothing looked at costs nothing."""
    served = serve_batch(live(), Batch(50_000))
    assert isinstance(served.policy, BatchPolicy)
    context = {"page": "reminder"}
    told = TrialCount.count(served, [(context, MONTH)] * 3).outlook
    trials = served.policy.trials_one(context, MONTH)
    assert told.looked == 3
    assert told.share == pytest.approx(trials.sum())
    assert told.windows == pytest.approx(
        {name: x for name, x in zip(NAMES, trials.tolist(), strict=True) if x}
    )
    assert 0.0 < told.cost < told.share
    assert TrialCount.count(served, []).outlook == (0, 0.0, {}, 0.0)


def test_trials_of_a_slot_are_kept_and_belong_to_plans() -> None:
    """The table survives a round through the store; another slot has none."""
    slot = replace(SLOT, trials=TrialTerms(0.02, 6))
    assert parse_slot(dump_slot(slot), "x") == slot
    banner = dump_slot(load_slots(CONFIG / "slots")["banner"])
    with pytest.raises(InvalidConfigError, match="trials: belongs to sms_timing"):
        parse_slot(banner | {"trials": {"most": 0.1}}, "x")
    with pytest.raises(InvalidConfigError, match=r"trials\.most: 2"):
        parse_slot(dump_slot(slot) | {"trials": {"most": 2.0}}, "x")
