"""A backup is complete or none, and comes back as it was, on a server and on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nudge.domain.journal.records import Event, Mark
from nudge.errors import CorruptRecordError, InvalidConfigError
from nudge.settings.settings import Settings
from nudge.store.folds import folds
from nudge.store.journal.appends import Append
from nudge.store.keeping import backup, backup_file
from nudge.store.keeping.backup import NotEmptyError
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import FAMILIES, Keys


@pytest.fixture(params=["server", "cluster"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    url = {"server": "store_url", "cluster": "cluster_url"}[request.param]
    store = Store(clients.patient(request.getfixturevalue(url)), Keys(settings.namespace, 3))
    fill(store)
    yield store
    store.close()


def fill(store: Store) -> None:
    """Records, a slot, a state and a commit."""
    for i in range(30):
        arrival = Append(f"h{i}", Event(f"{i:032x}", f"e{i}", "step", "page"))
        store.journal.append_once(i % 3, [arrival], closes=False)
    store.journal.append_mark(0, Mark("m"))
    store.client.call("HSET", store.keys.config("slots"), "banner", b"\x00\xff")
    store.client.call("SET", store.keys.visitor(0, "a"), "rebuilt anyway")
    lease = store.folds.seize(1, "attribute", "w", 60)
    store.folds.commit(lease, folds.Commit(4))


def contents(store: Store) -> dict[str, object]:
    """Everything primary."""
    found: dict[str, object] = {}
    for p in store.keys.every_partition():
        found[f"journal {p}"] = store.journal.read(p, 0, 1000)
        found[f"last {p}"] = store.journal.last_position(p)
    start = f"{store.keys.namespace}:"
    for key in store.client.scan(start + "{*"):
        if "journal" not in key and "fold" not in key:
            found[key.removeprefix(start)] = store.client.call("DUMP", key)
    return found


def test_what_was_backed_up_comes_back(store: Store, tmp_path: Path) -> None:
    """Journal, ids, vault, configuration and life times; into another namespace as well."""
    before = contents(store)
    path, count = backup_file.write(tmp_path / "b", store.backup.frames())
    assert count == backup_file.check(path)
    store.backup.remove()
    assert not list(store.client.scan(f"{store.keys.namespace}:*"))
    for target in (store.keys, Keys(store.keys.namespace + "-two", 3)):
        Store(store.client, target).backup.restore(backup_file.read(tmp_path / "b"), lambda _: 2)
        after = contents(Store(store.client, target))
        assert after == {k: v for k, v in before.items() if "visitor" not in k}
        assert store.client.call("PTTL", target.seen(1, f"{1:032x}")) > 6 * 86_400_000
        assert Store(store.client, target).folds.read_fields(1, "attribute", "position") == ["4"]
        assert Store(store.client, target).folds.read_fields(
            1, "archive", "position", "broken"
        ) == [
            "2",
            None,
        ]
        assert Store(store.client, target).folds.read_fields(1, "learn", "broken") == [backup.WAITS]
    assert store.journal.append_mark(0, Mark("next")) == 12


def test_nothing_is_restored_over_records(store: Store, tmp_path: Path) -> None:
    """A store that has records is refused before anything is written."""
    path, _ = backup_file.write(tmp_path, store.backup.frames())
    before = contents(store)
    with pytest.raises(NotEmptyError, match="--replace"):
        store.backup.restore(backup_file.read(path), lambda _: 0)
    assert contents(store) == before
    with pytest.raises(CorruptRecordError, match="NUDGE_PARTITIONS=3"):
        Store(store.client, Keys("x", 4)).backup.restore(backup_file.read(path), lambda _: 0)


def test_a_damaged_backup_is_known(store: Store, tmp_path: Path) -> None:
    """Cut off anywhere, or changed: the check says so."""
    path, _ = backup_file.write(tmp_path, store.backup.frames())
    good = path.read_bytes()
    for bad in (good[: len(good) // 2], good[:-9], good[:200] + b"\x00" + good[201:], b"", b"no"):
        path.write_bytes(bad)
        with pytest.raises(CorruptRecordError):
            backup_file.check(path)
    with pytest.raises(InvalidConfigError, match="no backup"):
        backup_file.check(tmp_path / "none")


def test_a_backup_that_fails_leaves_the_last_one(store: Store, tmp_path: Path) -> None:
    """A complete backup stays until the next one is."""
    path, count = backup_file.write(tmp_path, store.backup.frames())

    def broken() -> Iterator[backup.Frame]:
        yield ("head", 1, "x", 3)
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError):
        backup_file.write(tmp_path, broken())
    assert backup_file.check(path) == count
    assert [one.name for one in tmp_path.iterdir()] == [backup_file.NAME]


def test_every_primary_family_is_copied() -> None:
    """A family that is declared primary is in the backup without a word elsewhere."""
    primary = {family.name for family in FAMILIES if family.primary}
    assert primary <= backup.COPIED | {"journal", "seq"}
