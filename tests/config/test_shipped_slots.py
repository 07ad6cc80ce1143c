"""The configuration that ships: what the product promises out of the box."""

from __future__ import annotations

import tomllib

import pytest
from places import ROOT

from bandits.config import read_config
from bandits.features import CellSpec
from nudge.config.slot_file import dump_slot, load_slot, load_slots, parse_slot
from nudge.domain.choosing.eligibility import EligibilityInput, removal_reasons, variant_rules
from nudge.domain.slots.slot import FreeAmount, Slot

HILLSTROM = ROOT / "examples" / "hillstrom"


@pytest.fixture(scope="module")
def slots() -> dict[str, Slot]:
    return load_slots(ROOT / "config" / "slots")


def test_the_six_slots_ship(slots: dict[str, Slot]) -> None:
    """Every shipped file loads, with a holdout, and survives its plain form."""
    names = ["banner", "denomination", "payment_retry", "prefill", "retention_offer", "sms_timing"]
    assert sorted(slots) == names
    assert all(slot.holdout == 0.05 for slot in slots.values())
    assert all(parse_slot(dump_slot(slot), "x") == slot for slot in slots.values())


def test_denominations_start_from_the_defaults_set_by_hand(slots: dict[str, Slot]) -> None:
    """field-notes: six amounts; home page 100, recharge page 50."""
    slot = slots["denomination"]
    assert [v.value for v in slot.variants] == [10, 30, 50, 100, 300, 500]
    assert all(v.attributes == {"amount": v.value} for v in slot.variants)
    pages = ("home", "recharge", "elsewhere")
    assert [slot.fallback_for(page) for page in pages] == ["100", "50", "50"]
    assert slot.stickiness.by == ("page",)


def test_what_matters_most_keeps_its_cells(slots: dict[str, Slot]) -> None:
    """A slot with too many cells loses its last attributes, never its first."""
    for slot in slots.values():
        config = read_config(dump_slot(slot))
        sizes = CellSpec.build(config.context, config.policy.max_cells).sizes
        assert all(size > 1 for size in sizes[: min(3, len(sizes))])


def test_a_blank_number_is_always_possible(slots: dict[str, Slot]) -> None:
    """Every other prefill needs the attribute that says it has a number to fill in."""
    gone = removal_reasons(
        slots["prefill"],
        variant_rules(slots["prefill"]),
        EligibilityInput("web", "recharge", {}, 0.0),
    )
    assert set(slots["prefill"].names) - set(gone) == {"blank"}
    some = removal_reasons(
        slots["prefill"],
        variant_rules(slots["prefill"]),
        EligibilityInput("web", "recharge", {"last_number": True}, 0.0),
    )
    assert "last_on_device" not in some


def test_a_failing_gateway_does_not_count_against_what_was_shown(slots: dict[str, Slot]) -> None:
    """Intent rewards amounts and banners, payments the offer after a failure, both the number."""
    events = {name: slot.terms.event for name, slot in slots.items()}
    assert events["banner"] == events["denomination"] == "pay_tapped|paid"
    assert events["prefill"] == "prefill_kept+paid"
    assert (events["payment_retry"], slots["payment_retry"].terms.window) == ("paid", 1800.0)


def test_no_offer_after_a_failure_but_one_says_retry(slots: dict[str, Slot]) -> None:
    """A page that does what it is told tries the same method again only where it is told so."""
    slot = slots["payment_retry"]
    retrying = [v.name for v in slot.variants if "retry" in str(v.value)]
    assert retrying == ["same_method"]
    assert slot.stickiness.by == ("failure",)


def test_the_amount_may_be_typed(slots: dict[str, Slot]) -> None:
    """field-notes: a free amount may also be typed; what is far above the usual is not shown."""
    slot = slots["denomination"]
    assert slot.free_amount == FreeAmount(1.0, 500.0, 1.0)
    assert slot.affordable == 3.0
    assert all(slots[name].free_amount is None for name in slots if name != "denomination")


def test_the_example_campaign_loads() -> None:
    """The mapping's words are the slot's variants, its attributes the slot's context."""
    mapping = tomllib.loads((HILLSTROM / "mapping.toml").read_text(encoding="utf-8"))
    slot = load_slot(HILLSTROM / mapping["slot_file"])
    assert slot.name == mapping["slot"]
    assert set(mapping["variant"]["map"].values()) == set(slot.names)
    assert set(mapping["context"]) == {one.name for one in slot.context}
    assert mapping["reward"]["event"] == slot.terms.event
