"""The model of a slot: what it tells is what is served, and it finds the truth of a world."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from places import CONFIG

import bandits
from bandits.policies.snapshot import dump
from bandits.units import DAY
from nudge.config.slot_file import load_slots
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.model.slot_model import slot_model
from nudge.domain.slots.learning import first_policy, learner_config
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.slot import ComparisonTerms, FrozenServes, Slot, SlotMode
from nudge.flows.folds.learner_fit import fit_learner
from nudge.flows.folds.page_share import FitMemories, facts_of
from nudge.store.folds.counts import CountRow

SHIPPED = load_slots(CONFIG / "slots")["banner"]
SLOT = replace(
    SHIPPED,
    variants=tuple(replace(one, title={}) for one in SHIPPED.variants[:2]),
    context=tuple(one for one in SHIPPED.context if one.name == "channel"),
    fallback={"default": SHIPPED.names[0]},
    policy={"kind": "auto", "draws": 64},
)
FIRST, SECOND = SLOT.names
CALENDAR = OperatorCalendar.named("Asia/Shanghai")
CELLS = ("1", "2", "3")
"""Cells 1, 2, 3: web, wap, app. The first variant converts on WAP, the second elsewhere."""


def rows(*, drifts: bool = False) -> list[CountRow]:
    """Counts of 20 days; in a world that drifts, the better variant changes every four days."""
    found = []
    for day in range(20):
        for cell in CELLS:
            for arm, name in enumerate(SLOT.names):
                good = (cell == "2") == (arm == 0)
                if drifts and day // 4 % 2:
                    good = not good
                tally = (300, 60 if good else 15, 0, 0)
                found.append(CountRow(int(day * DAY), cell, name, tally))
    return found


@cache
def learned(*, drifts: bool = False) -> LiveSlot:
    """The slot with the policy that the publisher would make, as it is read from its snapshot."""
    memories, counted = FitMemories(), rows(drifts=drifts)
    for day in range(4, 21, 2):
        past = [one for one in counted if one.bucket < day * DAY]
        policy = fit_learner(SLOT, past, [0], day * DAY, day, memories)
    return LiveSlot(SLOT, bandits.load_policy(dump(policy)))


def told(served: LiveSlot) -> dict[str, Any]:
    return slot_model(served, 0.05, CALENDAR)


def test_what_is_told_of_a_cell_is_served_in_it() -> None:
    """The distribution of a cell equals that of a visitor of the cell exactly; values are means."""
    served = learned()
    model = told(served)
    every = np.ones(2, dtype=np.bool_)
    assert [one["visitors"] for one in model["cells"]] == [12000] * 3
    for one in model["cells"]:
        pmf = served.policy.distribution_one(one["context"], every)
        assert list(one["shares"].values()) == pmf.tolist()
        assert served.cells.cell(one["context"]) == one["cell"]
        # One attribute: its values are the cells.
        value = next(v for v in model["values"] if v["value"] == one["context"]["channel"])
        assert list(value["shares"].values()) == pytest.approx(pmf.tolist(), abs=1e-6)


def test_the_floor_that_is_served_is_told_beside_the_configured_one() -> None:
    """A snapshot may have a lower floor than its slot; both are numbers, and in a sentence."""
    served = learned()
    policy: Any = served.policy
    assert told(served)["floor"] == told(served)["floor_configured"] == SLOT.floor
    low = told(LiveSlot(SLOT, replace(policy, floor=SLOT.floor / 10)))
    assert (low["floor"], low["floor_configured"]) == (SLOT.floor / 10, SLOT.floor)
    now, configured = (f"{100 * one:.3g}" for one in (SLOT.floor / 10, SLOT.floor))
    said = f"at least {now} % now ({configured} % configured)"
    assert any(said in one["en"] for one in low["sentences"])


def test_the_truth_of_a_world_is_told_with_its_sign() -> None:
    """Rates, shares and sentences are those of the world in which the slot learned."""
    model = told(learned())
    wap = next(one for one in model["cells"] if one["context"]["channel"] == "wap")
    assert wap["shares"][FIRST] > 0.9
    assert wap["rates"] == pytest.approx({FIRST: 0.2, SECOND: 0.05}, abs=0.03)
    rate = dict.fromkeys(SLOT.names, 0.0)
    for term in model["terms"]:
        if term["values"] in ([], ["wap"]):
            rate[term["variant"]] += term["mean"]
    assert rate[FIRST] > rate[SECOND]
    assert (model["learned"]["exposures"], model["visitors"]) == (36000, 36000)
    assert model["learned"]["conversions"] == 4500
    said = [one for one in model["sentences"] if "WAP" in one["en"]]
    assert said[0]["zh"].startswith("WAP 访客：9")
    assert f"因为 {FIRST} 的预期转化率为" in said[-1]["zh"]
    assert f"because {FIRST} is expected to convert" in said[-1]["en"]


def test_fewer_than_twenty_exposures_hide_a_group() -> None:
    """A value and a cell with so few have no figures; of as many as 20 there are all of them."""
    counted = [
        replace(one, tally=(10, 1, 0, 0)) if one.cell == "1" else one
        for one in rows()
        if one.cell != "1" or (one.bucket == 0 and one.variant == FIRST)
    ]
    hidden = told(LiveSlot(SLOT, fit_learner(SLOT, counted, [0], 20 * DAY, 7)))
    few = [one for one in (*hidden["values"], *hidden["cells"]) if one["hidden"]]
    assert [one.get("value") or one["context"]["channel"] for one in few] == ["web", "web"]
    assert all((one["visitors"], one["shares"]) == (None, {}) for one in few)
    assert (few[1]["rates"], few[1]["revenue"]) == (None, None)
    assert any("channel = web" in one["en"] for one in hidden["sentences"])
    assert not any(one["en"].startswith("web visitors") for one in hidden["sentences"])
    more = [replace(one, tally=(20, 1, 0, 0)) if one.cell == "1" else one for one in counted]
    shown = told(LiveSlot(SLOT, fit_learner(SLOT, more, [0], 20 * DAY, 7)))
    assert not any(one["hidden"] for one in (*shown["values"], *shown["cells"]))


def test_a_world_that_drifts_is_forgotten_sooner() -> None:
    """Half of a weight is gone in days where the better variant changes every four days."""
    still, moving = told(learned()), told(learned(drifts=True))
    assert still["half_weight_days"] is None or still["half_weight_days"] > 20
    assert 0.2 < moving["half_weight_days"] < 8
    assert moving["learned"]["effective"] < still["learned"]["effective"] / 2
    assert any("observation's weight is gone after" in one["en"] for one in moving["sentences"])


def test_a_mixture_tells_the_weight_of_pages_words() -> None:
    """A page's word alone has a share; half-lives and floor are those of the facts."""
    spoken = [replace(one, claims=(0, one.tally[1] // 3, 0, 0)) for one in rows()]
    assert facts_of(spoken) != spoken
    model = told(LiveSlot(SLOT, fit_learner(SLOT, spoken, [0], 20 * DAY, 7)))
    assert model["page_share"] == 0.05
    assert model["half_lives"]
    assert model["floor"] == SLOT.floor
    assert any("What only pages say" in one["en"] for one in model["sentences"])


def test_a_snapshot_of_an_earlier_version_is_answered_with_what_it_has() -> None:
    """Without an audience the shares are told, and a sentence says what is missing and why."""
    policy: Any = learned().policy
    kept = {"slot", "revision", "seed", "positions", "published_at", "allocation", "fallback"}
    old = replace(policy, meta={name: policy.meta[name] for name in kept})
    model = told(LiveSlot(SLOT, old))
    assert (model["visitors"], model["values"], model["cells"]) == (None, [], [])
    assert model["learned"]["exposures"] is model["learned"]["conversions"] is None
    assert model["half_lives"] == []
    assert model["shown"] == policy.meta["allocation"]
    assert any("An older version published" in one["en"] for one in model["sentences"])


def test_a_slot_with_other_attributes_tells_no_cell_of_the_last_revision() -> None:
    """A cell is a place in a list of attributes: under others it would mean somebody else."""
    other = replace(SLOT, revision=SLOT.revision + 1, context=SHIPPED.context[1:2])
    model = told(LiveSlot(other, learned().policy))
    assert model["cells"] == []
    assert any(f"the slot has {other.revision} now" in one["en"] for one in model["sentences"])


@pytest.mark.parametrize(
    ("mode", "frozen", "serves"),
    [
        (SlotMode.LIVE, FrozenServes.POLICY, "policy"),
        (SlotMode.SHADOW, FrozenServes.POLICY, "fallback"),
        (SlotMode.OFF, FrozenServes.POLICY, "fallback"),
        (SlotMode.FROZEN, FrozenServes.POLICY, "policy"),
        (SlotMode.FROZEN, FrozenServes.FALLBACK, "fallback"),
    ],
)
def test_it_says_whom_the_policy_serves(mode: SlotMode, frozen: FrozenServes, serves: str) -> None:
    """A slot that serves its fallback says so; else the holdouts are taken off."""
    slot: Slot = replace(SLOT, mode=mode, frozen_serves=frozen, holdout=0.1)
    model = told(LiveSlot(slot, learned().policy))
    assert model["serves"] == serves
    assert model["holdout"] == pytest.approx(1 - 0.95 * 0.9)
    assert model["policy_share"] == (1 - model["holdout"] if serves == "policy" else 0.0)
    assert ("would show" in model["sentences"][0]["en"]) == (serves == "fallback")


@pytest.mark.parametrize(
    "policy",
    [
        {"kind": "beta"},
        {"kind": "uniform"},
        {"kind": "fixed", "arm": FIRST},
        pytest.param(
            {"kind": "mabwiser", "options": {"learning_policy": "UCB1"}}, marks=pytest.mark.soak
        ),
    ],
    ids=("beta", "uniform", "fixed", "mabwiser"),
)
def test_every_kind_of_policy_is_told(policy: dict[str, object]) -> None:
    """A policy without terms has none, and its shares are told like any other's."""
    slot = replace(SLOT, policy=policy)
    learner_config(slot)
    made = fit_learner(slot, rows(), [0], 20 * DAY, 7)
    model = told(LiveSlot(slot, bandits.load_policy(dump(made))))
    assert model["learned"]["exposures"] == 36000
    assert sum(model["shown"].values()) == pytest.approx(1)
    assert len(model["cells"]) == 3
    assert all(one["zh"] and one["en"] for one in model["sentences"])


def test_before_the_first_snapshot_the_first_rule_is_told() -> None:
    """A slot without a snapshot has a distribution and a sentence that nothing was learned."""
    model = told(LiveSlot(SLOT, first_policy(SLOT)))
    assert (model["learned"], model["policy"]["version"]) == (None, 0)
    assert model["shown"] == pytest.approx({FIRST: 0.975, SECOND: 0.025})
    assert "No learned policy" in model["sentences"][1]["en"]


def test_a_title_stands_for_its_variant() -> None:
    """Sentences use a variant's title in their language; figures keep the name."""
    first, *rest = SLOT.variants
    titled = replace(first, title={"zh": "抽流量", "en": "Data draw"})
    model = told(LiveSlot(replace(SLOT, variants=(titled, *rest)), learned().policy))
    assert any("“抽流量”" in one["zh"] for one in model["sentences"])
    assert any("“Data draw”" in one["en"] for one in model["sentences"])
    assert FIRST in model["shown"]


def test_the_group_usual_is_taken_off_the_policys_share() -> None:
    """Whom the operator's own rule serves is told, and the three shares are all visitors."""
    terms = ComparisonTerms(OperatorRule.parse(f"channel:*={FIRST}"), 0.2)
    model = told(LiveSlot(replace(SLOT, holdout=0.0, comparison=terms), learned().policy))
    assert model["usual"] == pytest.approx(0.95 * 0.2)
    assert model["usual"] + model["policy_share"] + model["holdout"] == pytest.approx(1)
    assert "operator's own rule" in model["sentences"][0]["en"]


def test_revenue_is_told_in_yuan() -> None:
    """The reason is the expected yuan of an exposure, no rate, where revenue is the objective."""
    slot = replace(SLOT, terms=replace(SLOT.terms, objective="revenue"), policy={"kind": "beta"})
    paid = [
        replace(
            one, tally=(one.tally[0], one.tally[1], 5000 * one.tally[1], 5000**2 * one.tally[1])
        )
        for one in rows()
    ]
    model = told(LiveSlot(slot, fit_learner(slot, paid, [0], 20 * DAY, 7)))
    wap = next(one for one in model["cells"] if one["context"]["channel"] == "wap")
    assert wap["rates"] is None
    assert wap["revenue"] == pytest.approx({FIRST: 10.0, SECOND: 2.5}, abs=0.5)
    assert any("yuan an exposure" in one["en"] for one in model["sentences"])
