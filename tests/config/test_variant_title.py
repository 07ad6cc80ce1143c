"""Titles of variants in slot files."""

from __future__ import annotations

from pathlib import Path

import pytest

from nudge.config.slot_file import digest, dump_slot, load_slots, parse_slot
from nudge.config.slot_patch import merge_patch
from nudge.errors import InvalidConfigError

SLOTS = Path(__file__).parents[2] / "config" / "slots"


def test_q4_every_shipped_variant_has_a_title_in_both_languages() -> None:
    """A title survives the way through the store, and a patch adds or removes it alone."""
    slots = load_slots(SLOTS)
    for slot in slots.values():
        assert {frozenset(v.title) for v in slot.variants} == {frozenset(("zh", "en"))}
        assert parse_slot(dump_slot(slot), "stored") == slot
    banner = dump_slot(slots["banner"])
    bare = merge_patch(banner, {"variants": {"coffee": {"title": None}}})
    without = parse_slot(bare, "bare")
    assert "coffee" not in without.titles
    assert "title" not in next(v for v in dump_slot(without)["variants"] if v["name"] == "coffee")  # type: ignore[attr-defined]
    assert digest(without) != digest(slots["banner"])


@pytest.mark.parametrize("title", [{"zh": ""}, {"fr": "x"}, "coffee", {"en": "a\nb"}])
def test_q4_a_title_that_is_none_is_refused(title: object) -> None:
    """Text of one line, by language."""
    table = dump_slot(load_slots(SLOTS)["banner"])
    wrong = merge_patch(table, {"variants": {"coffee": {"title": title}}})
    if isinstance(title, dict) and "zh" not in title:
        wrong["variants"][2]["title"] = title
    with pytest.raises(InvalidConfigError, match=r"variants\.coffee\.title"):
        parse_slot(wrong, "slot")
