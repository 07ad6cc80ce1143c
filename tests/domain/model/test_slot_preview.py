"""Previews of a slot's changes: counted over all cells that came, groups included."""

from __future__ import annotations

from dataclasses import replace

import pytest
from places import CONFIG

import bandits
from bandits.policies.snapshot import dump
from nudge.config.slot_file import load_slots
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.model.slot_model import MOST_CELLS, slot_model
from nudge.domain.model.slot_preview import SlotPreview
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.slot import ComparisonTerms, SlotMode
from nudge.flows.folds.learner_fit import fit_learner
from nudge.store.folds.counts import CountRow

SLOT = replace(load_slots(CONFIG / "slots")["banner"], policy={"kind": "auto"})
DAY = 86_400.0


def learned() -> LiveSlot:
    """The slot with a policy learned from 36 cells of the same size."""
    cells = [f"{c}.{s}.{t}" for c in (1, 2, 3) for s in (1, 2, 3, 4) for t in (1, 2, 3)]
    rows = [
        CountRow(0, cell, name, (100, 30 if (place == 2) == (cell[0] == "2") else 5, 0, 0))
        for cell in cells
        for place, name in enumerate(SLOT.names)
    ]
    policy = fit_learner(SLOT, rows, [0], DAY, 1)
    return LiveSlot(SLOT, bandits.load_policy(dump(policy)))


def test_a_preview_is_counted_over_all_cells() -> None:
    """Without groups its shares are the allocation of the snapshot; the model tells fewer cells."""
    live = learned()
    bare = replace(live, slot=replace(live.slot, holdout=0.0))
    found = SlotPreview.of(bare, bare, 0.0)
    assert found.visitors == 36 * 100 * len(SLOT.names)
    assert found.moved == 0.0
    assert found.before == pytest.approx(live.policy.meta["allocation"], abs=1e-3)
    assert len(slot_model(live, 0.0, OperatorCalendar())["cells"]) == MOST_CELLS


def test_groups_are_counted_by_their_shares() -> None:
    """A mode that shows the fallback moves the policy's visitors and those of the own rule."""
    live = learned()
    rule = ComparisonTerms(OperatorRule("channel", (("*", "video"),)), 0.5)
    usual = replace(live, slot=replace(live.slot, holdout=0.2, comparison=rule))
    off = replace(usual, slot=replace(usual.slot, mode=SlotMode.OFF))
    found = SlotPreview.of(usual, off, 0.0)
    assert found.after == pytest.approx({**dict.fromkeys(SLOT.names, 0.0), "data_draw": 1.0})
    assert found.before["video"] > 0.8 * 0.5
    assert found.moved == pytest.approx(1.0 - found.before["data_draw"])
    more = replace(usual, slot=replace(usual.slot, holdout=0.3))
    assert 0.0 < SlotPreview.of(usual, more, 0.0).moved < 0.1
