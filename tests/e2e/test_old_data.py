"""A data directory that commit 18a4b85 wrote, served by this version."""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from child_processes import eventually, free_port
from old_data import SLOTS, Installation
from places import ROOT

DATA = ROOT / "tests" / "data"
EXPECTED: dict[str, Any] = json.loads((DATA / "old_data.json").read_text())


@pytest.fixture(scope="module")
def here() -> Iterator[Installation]:
    """The old directory under `nudge serve` of this version; its slots stay as they are."""
    with tempfile.TemporaryDirectory(prefix="nudge-old-") as directory:
        data_dir = Path(directory) / "data"
        with tarfile.open(DATA / "old_data.tar.gz") as tar:
            tar.extractall(data_dir, filter="data")
        found = Installation(sys.executable, ROOT, ROOT / "config", data_dir, free_port())
        with found.serving("--no-examples"):
            # Its windows are long over: heartbeats close them first.
            assert eventually(lambda: all(found.heartbeats()), 60)
            found.settle()
            yield found


def test_the_old_records_explain_the_same(here: Installation) -> None:
    """Each decision is explained to the same JSON, all of it; its draw repeats."""
    for found in EXPECTED["decisions"].values():
        assert here.told("explain", found["decision_id"]) == found
    assert {one["slot"] for one in EXPECTED["decisions"].values()} == set(SLOTS)


def test_the_old_figures_stand(here: Installation) -> None:
    """Totals of every slot, what is known of visitors, and the slots' revisions are as before."""
    assert here.totals() == EXPECTED["totals"]
    assert {name: here.visitor(name) for name in EXPECTED["visitors"]} == EXPECTED["visitors"]
    revisions = {slot: here.get(f"/v1/slots/{slot}")["revision"] for slot in SLOTS}
    assert revisions == EXPECTED["slots"]


def test_a_rebuild_gives_the_bits_that_the_old_version_wrote(here: Installation) -> None:
    """Every count, total and block of the old version is rebuilt to the same bits."""
    written = here.state("counts", "totals", "blocks")
    assert here.told("verify", "--no-visitors") == []
    beats = sum(here.heartbeats())
    rebuilt = here.told("rebuild", "--fold", "learn")
    entries = sum(one["entries"] for one in rebuilt) - EXPECTED["entries"]
    assert beats <= entries <= sum(here.heartbeats())
    assert here.state("counts", "totals", "blocks") == written != {}


def test_old_and_new_records_agree(here: Installation) -> None:
    """Verify finds nothing, visitors included; a rebuild of all changes no bit, and agrees too.

    A step in each partition brings it to the present. Without it, a visitor whom the store forgot
    meanwhile (after 90 days at least) would still be expected.
    """
    steps = [
        {"event_id": f"new{n}", "type": "step", "visitor_id": f"new{n}", "step": "home"}
        for n in range(12)
    ]
    assert here.post("/v1/events", {"events": steps})["accepted"] == len(steps)
    here.settle()
    assert here.told("verify", "--all-visitors") == []
    before = here.state()
    rebuilt = here.told("rebuild")
    assert [(one["fold"], one["differences"]) for one in rebuilt] == [
        (fold, [])
        for fold in ("attribute", "learn", "monitor", "care", "segment")
        for _ in range(2)
    ]
    assert here.state() == before
    assert here.told("verify", "--all-visitors") == []


def test_the_old_visitors_go_on(here: Installation) -> None:
    """A published policy decides; an old visitor is the same subject, with what they pay now."""
    assert decide(here, "somebody new")["policy_version"] > 0
    decide(here, "v1")
    event = {"event_id": "paid anew", "type": "paid", "visitor_id": "v1", "amount": 52}
    assert here.post("/v1/events", {"events": [event]})["accepted"] == 1
    here.settle()
    old, new = EXPECTED["visitors"]["v1"], here.visitor("v1")
    assert new["subject"] == old["subject"]
    assert {one["amount"] for one in new["payments"]} == {51, 52}


def decide(here: Installation, visitor: str) -> dict[str, Any]:
    """The home page's answer about the amount."""
    body = {"visitor_id": visitor, "channel": "wap", "page": "home", "slots": ["denomination"]}
    found: dict[str, Any] = here.post("/v1/decisions", body)["decisions"]["denomination"]
    return found
