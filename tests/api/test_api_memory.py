"""A store with little memory says so in time; a full one loses nothing that was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from api_web import Web, served
from child_processes import eventually
from structlog.testing import capture_logs

from nudge.errors import StoreFullError
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.serving.drain import drain
from nudge.processes import embedded
from nudge.processes.machine import memory
from nudge.settings.schema import LEAST_MEMORY
from nudge.settings.settings import Settings
from nudge.store.wire.client import Client
from nudge.workers.runner import Runner
from nudge.workers.store_check import StoreCheck

PIECE = b"\x00" * 100_000
EVENT = {"event_id": "e-1", "type": "step", "visitor_id": "v-1", "step": "number"}


@pytest.fixture
def small(settings: Settings) -> Iterator[Web]:
    """The app on an embedded store with as little memory as there may be."""
    own = replace(settings, redis_url=None, store_max_memory=LEAST_MEMORY)
    store = embedded.start(own)
    try:
        yield from served(own)
    finally:
        store.stop()


def fill(client: Client, share: float) -> None:
    """Fill the store to a share of its memory, or until it refuses."""
    while float(client.memories()[0]["used_memory"]) < share * LEAST_MEMORY:
        try:
            client.call("APPEND", "filler", PIECE)
        except StoreFullError:
            return


def test_s06_store_memory_is_told_at_80_percent(small: Web) -> None:
    """Readyz, two gauges and one line a minute say it; the limit is the settings', nothing goes."""
    assert small.http.get("/readyz").json["status"] == "ready"
    patient = small.service.patient.client
    fill(patient, 0.82)
    with capture_logs() as logs:
        ready = [small.http.get("/readyz") for _ in range(3)][-1]
    assert (ready.status_code, ready.json["status"]) == (200, "degraded")
    assert ready.json["reason"].startswith("store_nearly_full: ")
    assert "[store] max_memory" in ready.json["reason"]
    assert [one["event"] for one in logs] == ["store_nearly_full"]
    text = small.http.get("/metrics").text
    assert "nudge_store_memory_ratio 0.8" in text
    assert "nudge_store_memory_bytes 1" in text
    assert small.service.store.memory.level().limit == LEAST_MEMORY
    # The journal leaves half of that for visitors, whatever journal_max_bytes says.
    assert small.service.patient.retention.room(1 << 32) == LEAST_MEMORY // 2
    assert small.decide()["decisions"]["banner"]["degraded"] is False


def test_s06_store_memory_that_is_full_loses_nothing(small: Web) -> None:
    """Pages are answered, events wait on disk, folds go on when there is memory again."""
    small.send(EVENT | {"event_id": "e-0"})
    service = small.service
    fill(service.patient.client, 2.0)
    assert small.decide()["decisions"]["banner"]["degraded"] is True
    assert small.send(EVENT)["accepted"] == 1
    ready = small.http.get("/readyz").json
    assert (ready["status"], ready["reason"][:11]) == ("degraded", "store_full:")
    check = StoreCheck(service.patient, service.settings.store_note)
    fold = Runner(service.patient, AttributeFold(service.patient), "test", 5.0, check)
    with pytest.raises(StoreFullError):
        fold.turn()
    service.patient.client.call("DEL", "filler")
    # Whoever was answered meanwhile has that answer, and is told so, until it is drained.
    others = (f"other-{number}" for number in count())
    assert eventually(
        lambda: small.decide(visitor_id=next(others))["decisions"]["banner"]["degraded"] is False
    )
    service.spool.hand_over()
    assert drain(service.patient, service.spool) >= 2
    assert [one.event_id for one in small.events()] == ["e-0", "e-1"]
    fold.turn()


def test_s06_store_memory_is_half_of_the_group(tmp_path: Path) -> None:
    """The lowest limit of the groups above a process counts, of both versions of the kernel."""
    own = tmp_path / "cgroup"
    groups = tmp_path / "groups"
    (groups / "a" / "b").mkdir(parents=True)
    (groups / "memory" / "c").mkdir(parents=True)
    whole = memory(groups, own)
    own.write_text("0::/a/b\n")
    (groups / "a" / "b" / "memory.max").write_text("max\n")
    (groups / "a" / "memory.max").write_text("1000000\n")
    assert memory(groups, own) == 1_000_000 < whole
    own.write_text("4:memory:/c\n3:cpu:/\n")
    (groups / "memory" / "c" / "memory.limit_in_bytes").write_text("500000")
    assert memory(groups, own) == 500_000
