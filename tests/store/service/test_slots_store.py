"""Slots as the store gives them: read often, parsed once."""

from __future__ import annotations

from dataclasses import replace

from places import shipped_slots

from nudge.store.store import Store

BANNER = replace(shipped_slots()["banner"], revision=1)


def test_a_revision_is_parsed_once(store: Store) -> None:
    """Loops that look at every slot again and again get the same value until it changes."""
    assert store.slots.put(BANNER, None)
    first = store.slots.current()["banner"]
    assert first == BANNER
    assert store.slots.current()["banner"] is first
    assert store.slots.revision("banner", 1) is first
    changed = replace(BANNER, revision=2, title="another")
    assert store.slots.put(changed, BANNER)
    assert store.slots.current()["banner"] == changed
    assert store.slots.revision("banner", 1) == BANNER
