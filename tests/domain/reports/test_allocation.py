"""How a policy shares its variants out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import CONFIG

from bandits.counts import CountTable
from bandits.features import CellSpec
from bandits.learners import fit
from bandits.policies.uniform import UniformPolicy
from nudge.config.slot_file import load_slots
from nudge.domain.reports.allocation import allocation, representative
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Slot

SHIPPED = load_slots(CONFIG / "slots")


def spec_of(slot: Slot) -> CellSpec:
    config = learner_config(slot)
    return CellSpec.build(config.context, config.policy.max_cells)


@given(st.data())
def test_a_representative_lies_in_its_cell(data: st.DataObject) -> None:
    """Each cell of each shipped slot has a context that is discretised to it."""
    spec = spec_of(SHIPPED[data.draw(st.sampled_from(sorted(SHIPPED)))])
    code = data.draw(st.integers(0, spec.count - 1))
    assert spec.code(representative(spec, spec.label(code))) == code


def test_shares_are_weighted_by_visitors() -> None:
    """Cells count by their exposures: where two policies would differ, the larger cell wins."""
    slot = SHIPPED["banner"]
    spec = spec_of(slot)
    web, app = spec.cell({"channel": "web"}), spec.cell({"channel": "app"})
    rows = [
        (0, cell, arm, 500, 400 if arm == best else 1, 0, 0)
        for cell, best in ((web, 0), (app, 1))
        for arm in range(len(slot.variants))
    ]
    policy = fit(learner_config(slot), CountTable.from_rows(rows), 300.0, seed=1)
    some, other = (
        allocation(policy, slot, spec, {web: 900, app: 100}),
        allocation(policy, slot, spec, {web: 100, app: 900}),
    )
    assert sum(some.values()) == pytest.approx(1)
    assert some["data_draw"] > 0.8
    assert other["data_draw"] < 0.2


def test_without_visitors_an_unknown_one_is_asked_for() -> None:
    """A slot that nobody has seen has shares, too; a variant that is off has none."""
    slot = SHIPPED["banner"]
    first, *rest = slot.variants
    slot = replace(slot, variants=(replace(first, enabled=False), *rest))
    shares = allocation(UniformPolicy(arms=slot.names), slot, spec_of(slot), {"no cell": 5})
    assert shares[first.name] == 0
    assert [shares[v.name] for v in rest] == pytest.approx([1 / len(rest)] * len(rest))
