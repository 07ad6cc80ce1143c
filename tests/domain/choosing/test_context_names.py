"""Context names: an attribute that nothing makes is told, one that something makes is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bandits.units import DAY
from nudge.config.documents.segment_file import context_warnings, load_segments
from nudge.config.slot_file import load_slots
from nudge.domain.choosing.context_names import KEPT, unmade_names
from nudge.domain.people.facts import REGION
from nudge.domain.people.person import Failure
from nudge.domain.people.recharges import Payment
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.slot import SlotAttribute
from nudge.settings.settings import load

CONFIG = Path(__file__).parents[3] / "config"


def test_the_shipped_slots_ask_for_nothing_that_nobody_makes() -> None:
    """The shipped slots and segments learn by attributes that exist in a live service."""
    slots, segments = load_slots(CONFIG / "slots"), load_segments(CONFIG)
    brought = load({"NUDGE_CONFIG_DIR": str(CONFIG)}).people_attributes
    assert unmade_names(slots.values(), segments, brought) == {}
    assert unmade_names(slots.values(), segments, ()).keys() == {
        (name, "context.city_tier") for name in ("banner", "denomination", "sms_timing")
    }


def test_a_name_that_nothing_makes_is_told_with_the_one_that_was_meant() -> None:
    """The warning names slot, key and the likely attribute, as `value_tier` once stood there."""
    timing, segments = load_slots(CONFIG / "slots")["sms_timing"], load_segments(CONFIG)
    context = (SlotAttribute("value_tier", "category", ("high", "low")),)
    (told,) = context_warnings([replace(timing, context=context)], segments, ())
    assert told.startswith("slots/sms_timing.toml: context.value_tier: nothing makes 'value_tier'")
    assert "did you mean 'tier'?" in told
    assert context_warnings([replace(timing, context=context)], segments, ("value_tier",)) == []


def test_rules_are_looked_at_too() -> None:
    """Attributes in the rules of segments are told as those of slots are."""
    segments = load_segments(CONFIG)
    renamed = {"stage": segments["stage"], "city": ()}
    assert unmade_names((), renamed, ()) == {}
    tests = [test for one in segments["stage"] for test in one.when.tests()]
    assert {test.attribute for test in tests} <= KEPT


def test_what_the_state_makes_is_in_the_list() -> None:
    """Each attribute of a visitor's state is in the list, so that none is told wrongly."""
    days = [DAY * number for number in (1, 2, 3, 4, 5, 6, 7)]
    state = VisitorState(
        channels=("app",),
        last_amount=5000,
        last_paid_at=days[-1],
        first_paid_at=days[0],
        payments=tuple(Payment(at, 5000) for at in days),
        failures=(Failure(days[-1], "f1", "soft", "alipay"),),
    )
    rhythm = Rhythm(1, 1.5, 60.0, 0.8, 200.0, 1_000, 5_000, "2026-11-30", -1.0)
    assert set(state.context(days[-1] + DAY, rhythm)) == KEPT - set(REGION)
    assert set(state.context(days[-1] + DAY)) == KEPT - set(REGION) - {"alive"}
