"""A new store gets the shipped slots, whoever comes first and whoever dies meanwhile."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from places import ROOT
from worker_site import Site

from nudge.config.slot_file import load_slots
from nudge.errors import InvalidConfigError
from nudge.store.service.slots import FirstSlots
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.first_slots_loop import FirstSlotsLoop

SHIPPED = ROOT / "config" / "slots"


def loop_of(site: Site, config: Path = SHIPPED.parent) -> FirstSlotsLoop:
    check = StoreCheck(site.store, site.settings.store_note)
    return FirstSlotsLoop(site.store, check, replace(site.settings, config_dir=config))


def test_o01_a_new_store_gets_the_shipped_slots_once(site: Site) -> None:
    """Many workers start at a time: each slot has one revision and one audit entry."""
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(loop_of(site).turn) for _ in range(6)]:
            done.result()
    assert site.store.slots.current() == load_slots(SHIPPED)
    for name in load_slots(SHIPPED):
        [entry] = site.store.slots.audits(name)
        assert (entry["who"], entry["action"]) == ("nudge work", "create")


def test_o01_a_store_that_had_a_slot_is_left_alone(site: Site) -> None:
    """The operator's own slots, and those of an earlier version, stay the only ones."""
    banner = load_slots(SHIPPED)["banner"]
    assert site.store.slots.put(banner, None)
    loop_of(site).turn()
    assert site.store.slots.current() == {"banner": banner}


def test_o01_what_a_dead_worker_began_is_finished(site: Site) -> None:
    """A worker that dies after two slots leaves the others to the next one."""
    slots = load_slots(SHIPPED)
    own = replace(slots["banner"], holdout=0.2)
    site.store.slots.note_first_slots(FirstSlots.BEGUN)
    assert site.store.slots.put(own, None)
    loop_of(site).turn()
    assert site.store.slots.current() == slots | {"banner": own}


def test_o01_a_broken_file_is_told_and_nothing_is_applied(site: Site, tmp_path: Path) -> None:
    """All or nothing: the file and the cure are named, and the next look tries again."""
    shutil.copytree(SHIPPED, tmp_path / "slots")
    (tmp_path / "slots" / "banner.toml").write_text("slot = ")
    with pytest.raises(InvalidConfigError, match=r"banner\.toml"):
        loop_of(site, tmp_path).turn()
    assert site.store.slots.current() == {}
    (tmp_path / "slots" / "banner.toml").unlink()
    loop_of(site, tmp_path).turn()
    assert len(site.store.slots.current()) == len(load_slots(SHIPPED)) - 1
