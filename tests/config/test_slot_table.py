"""The plain form of a slot: what the store holds and the API answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from slot_strategies import slots

from bandits.config import read_config
from nudge.config.slot_file import digest, dump_slot, parse_slot
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.slot import ComparisonTerms, FreeAmount, Slot


@given(slots())
def test_a_slot_survives_its_plain_form(slot: Slot) -> None:
    """A slot that was applied is the one that is served, also after a journey through JSON."""
    plain = json.loads(json.dumps(dump_slot(slot), allow_nan=False))
    again = parse_slot(plain, "store")
    assert again == slot
    assert digest(again) == digest(slot)
    assert dump_slot(again) == dump_slot(slot)


@given(slots())
def test_learners_read_the_same_form(slot: Slot) -> None:
    """Whatever passes the check here, `bandits` can learn on."""
    config = read_config(dump_slot(slot))
    assert config.names == slot.names
    assert config.objective == slot.terms.objective


@given(slots())
def test_the_digest_leaves_the_revision_out(slot: Slot) -> None:
    """Applying the same content again is seen as no change."""
    assert digest(replace(slot, revision=slot.revision % 2**53 + 1)) == digest(slot)


def test_the_digest_sees_content(table: dict[str, Any]) -> None:
    """Every change of content is a change; the order in which keys are written is none."""
    slot = parse_slot(table, "f.toml")
    assert digest(parse_slot(dict(reversed(table.items())), "f.toml")) == digest(slot)
    others = [
        replace(slot, floor=0.03),
        replace(slot, title="x"),
        replace(slot, variants=slot.variants[::-1]),
        replace(slot, terms=replace(slot.terms, window=1.0)),
        replace(slot, policy={"kind": "uniform"}),
        replace(slot, free_amount=FreeAmount(1.0, 500.0, 1.0)),
        replace(slot, affordable=4.0),
        replace(slot, comparison=ComparisonTerms(OperatorRule("page", (("*", "50"),)), 0.1)),
        replace(slot, comparison=ComparisonTerms(OperatorRule("page", (("*", "50"),)), 0.2)),
    ]
    assert len({digest(one) for one in [slot, *others]}) == 1 + len(others)
    assert len(digest(slot)) == 32


def test_what_was_written_and_what_was_meant_agree(table: dict[str, Any]) -> None:
    """A default that is written out, or a duration in other words, is the same content."""
    slot = parse_slot(table, "f.toml")
    table |= {"floor": 0.02, "revision": 7}
    table["reward"]["window"] = 3 * 86400
    assert digest(parse_slot(table, "f.toml")) == digest(slot)
