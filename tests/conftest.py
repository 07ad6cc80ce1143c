"""Real servers for the tests: one for each test process, and a cluster of three on demand."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis
from child_processes import free_port
from places import ROOT
from scheduling import FileScheduling, sort_slow_first

from nudge.processes import embedded
from nudge.settings.settings import Settings

# How fast a machine makes examples says nothing about a law.
LAWS = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], max_examples=60
)
hypothesis.settings.register_profile("laws", LAWS)
hypothesis.settings.register_profile("long", LAWS, max_examples=1_000)  # `make test-all`
hypothesis.settings.load_profile("laws")

ADMIN_KEY = "test-admin-key-0123456789abcdefgh"
PAGE_KEY = "test-page-key-0123456789abcdefghi"
SECRET_KEY = b"test-secret-key-0123456789abcdef"

# Nothing here outlives its test process, so nothing is written to disk.
FAST = {"appendonly": "no", "save": "", "maxmemory-policy": "noeviction"}
SLOT_RANGES = ((0, 5460), (5461, 10922), (10923, 16383))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling:
    """Give whole files to the workers."""
    return FileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    sort_slow_first(items)


def pytest_collection_finish() -> None:
    """Leave modules and items out of the garbage collector's looks: none of them is garbage.

    Expressions of Ibis are so many small objects that it looks often. Twenty thousand new ones
    are little memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_unconfigure() -> None:
    """Let the libraries' own leak checks at exit see everything again."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def no_syncs() -> Iterator[None]:
    """Nothing pulls a test process's plug, and a sync costs it milliseconds, tens of thousands.

    Tests that count syncs, or let them fail, put their own in; processes that tests start do sync.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield


@pytest.fixture(scope="session")
def store_url() -> Iterator[str]:
    """URL of a server that belongs to this test process; tests share it by namespaces."""
    with _short_dir() as directory:
        path = directory / "s"
        options = FAST | {"port": "0", "unixsocket": str(path), "unixsocketperm": "700"}
        store = embedded.launch(directory, path, f"unix://{path}", options, embedded.Waits())
        yield store.url
        store.stop()


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a test's own: data directory and namespace are fresh.

    What a test leaves in the store is removed: a scan, which looks at every key, would be slower
    with every test before it.
    """
    yield Settings(
        secret_key=SECRET_KEY,
        admin_key=ADMIN_KEY,
        page_key=PAGE_KEY,
        redis_url=store_url,
        data_dir=tmp_path / "data",
        config_dir=ROOT / "config",
        namespace=f"t-{uuid.uuid4().hex[:12]}",
        web_workers=1,
        # What the hot path does within 50 ms is for the benchmarks: a busy test machine is slow.
        hot_timeout=2.0,
    )
    with redis.Redis.from_url(store_url) as client:
        client.flushall(asynchronous=True)


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    """URL of a cluster of three servers on loopback, all slots assigned."""
    with ExitStack() as stack:
        nodes = [_cluster_node(stack) for _ in SLOT_RANGES]
        _join(nodes)
        yield f"redis+cluster://127.0.0.1:{nodes[0][0]}"


@contextmanager
def _short_dir() -> Iterator[Path]:
    # pytest's own directories are too deep for the path of a unix socket.
    directory = Path(tempfile.mkdtemp(prefix="nudge-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def _cluster_node(stack: ExitStack) -> tuple[int, int]:
    port, bus = free_port(), free_port()
    options = FAST | {
        "bind": "127.0.0.1",
        "port": str(port),
        "cluster-enabled": "yes",
        "cluster-port": str(bus),
        "cluster-node-timeout": "5000",
    }
    directory = stack.enter_context(_short_dir())
    url = f"redis://127.0.0.1:{port}"
    store = embedded.launch(directory, ("127.0.0.1", port), url, options, embedded.Waits())
    stack.callback(store.stop)
    return port, bus


def _join(nodes: list[tuple[int, int]]) -> None:
    clients = [redis.Redis(port=port) for port, _ in nodes]
    for number, (client, (low, high)) in enumerate(zip(clients, SLOT_RANGES, strict=True)):
        # Epochs of their own, or the nodes first quarrel about them for seconds.
        _call(client, "CLUSTER SET-CONFIG-EPOCH", number + 1)
        _call(client, "CLUSTER ADDSLOTSRANGE", low, high)
    for client in clients[1:]:
        _call(client, "CLUSTER MEET", "127.0.0.1", *nodes[0])
    deadline = time.monotonic() + 30
    while not all(_complete(client) for client in clients):
        assert time.monotonic() < deadline, "the cluster did not come up"
        time.sleep(0.05)
    for client in clients:
        client.close()


def _complete(client: redis.Redis) -> bool:
    found: dict[str, str] = _call(client, "CLUSTER INFO")
    return found["cluster_state"] == "ok" and found["cluster_known_nodes"] == str(len(SLOT_RANGES))


def _call(client: redis.Redis, *command: object) -> Any:
    return client.execute_command(*command)  # type: ignore[no-untyped-call]
