"""The commands `nudge quarantine` and `nudge slots rollback`, on a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from places import CONFIG

import bandits
from bandits.policies.uniform import UniformPolicy
from nudge import cli as entry
from nudge.config.slot_file import load_slots
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

INTERVAL = ("--from", "2026-11-28T18:00:00+08:00", "--to", "2026-11-28T20:00:00+08:00")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = patient_store(settings)
    yield store
    store.close()


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, words, env=settings.to_environ())


def told(settings: Settings, *words: str) -> Any:
    found = run(settings, *words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_a_quarantine_is_marked_listed_and_discarded(settings: Settings, store: Store) -> None:
    """A person without a browser can do all of it; a repeated command changes nothing."""
    add = ("quarantine", "add", *INTERVAL, "--channel", "web", "--why", "gateway of 13812345678")
    one = told(settings, *add)
    assert one == told(settings, *add)
    assert "13812345678" not in one["why"]
    assert [q["id"] for q in told(settings, "quarantine", "list")] == [one["id"]]
    listing = run(settings, "quarantine", "list")
    assert one["id"] in listing.stdout
    assert told(settings, "quarantine", "discard", one["id"])["status"] == "discarded"
    refused = run(settings, "quarantine", "release", one["id"])
    assert refused.exit_code != 0
    assert run(settings, "quarantine", "add", *INTERVAL[:2], "--why", "x").exit_code != 0
    assert list(store.quarantines.current()) == [one["id"]]


def test_a_policy_is_set_back_and_let_go(settings: Settings, store: Store) -> None:
    """Either a version or its release is given; an unknown version is answered with the list."""
    banner = load_slots(CONFIG / "slots")["banner"]
    assert store.slots.put(banner, None)
    lease = store.snapshots.acquire("banner", "test", 30.0)
    assert lease is not None
    store.snapshots.publish(lease, bandits.dump(UniformPolicy(arms=banner.names)), 0.0, [])
    assert told(settings, "slots", "rollback", "banner", "--version", "1")["held"]["version"] == 1
    assert store.policy_holds.of_slot("banner")
    refused = run(settings, "slots", "rollback", "banner", "--version", "2")
    assert refused.exit_code != 0
    assert run(settings, "slots", "rollback", "banner").exit_code != 0
    assert told(settings, "slots", "rollback", "banner", "--release")["action"] == "let go"
    assert store.policy_holds.of_slot("banner") is None
