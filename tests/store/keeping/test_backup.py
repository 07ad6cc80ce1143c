"""A backup is complete or none, and comes back as it was, on a server and on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nudge.domain.journal.records import Event, Mark
from nudge.errors import CorruptRecordError, InvalidConfigError
from nudge.settings.settings import Settings
from nudge.store.folds import folds
from nudge.store.journal import journal
from nudge.store.journal.journal import Append
from nudge.store.keeping import backup, backup_file
from nudge.store.keeping.backup import NotEmptyError
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import FAMILIES, Keys


@pytest.fixture(params=["server", "cluster"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    url = {"server": "store_url", "cluster": "cluster_url"}[request.param]
    client = clients.patient(request.getfixturevalue(url))
    yield client
    client.close()


@pytest.fixture
def keys(settings: Settings, client: Client) -> Keys:
    keys = Keys(settings.namespace, 3)
    for i in range(30):
        arrival = Append(f"h{i}", Event(f"{i:032x}", f"e{i}", "step", "page"))
        journal.append_once(client, keys, i % 3, [arrival], closes=False)
    journal.append_mark(client, keys, 0, Mark("m"))
    client.call("HSET", keys.config("slots"), "banner", b"\x00\xff")
    client.call("SET", keys.visitor(0, "a"), "rebuilt anyway")
    lease = folds.seize(client, keys, 1, "attribute", "w", 60)
    folds.commit(client, keys, lease, folds.Commit(4))
    return keys


def contents(client: Client, keys: Keys) -> dict[str, object]:
    """Everything primary."""
    found: dict[str, object] = {}
    for p in keys.every_partition():
        found[f"journal {p}"] = journal.read(client, keys, p, 0, 1000)
        found[f"last {p}"] = journal.last_position(client, keys, p)
    start = f"{keys.namespace}:"
    for key in client.scan(start + "{*"):
        if "journal" not in key and "fold" not in key:
            found[key.removeprefix(start)] = client.call("DUMP", key)
    return found


def test_what_was_backed_up_comes_back(client: Client, keys: Keys, tmp_path: Path) -> None:
    """Journal, ids, vault, configuration and life times; into another namespace as well."""
    before = contents(client, keys)
    path, count = backup_file.write(tmp_path / "b", backup.frames(client, keys))
    assert count == backup_file.check(path)
    backup.remove(client, keys)
    assert not list(client.scan(f"{keys.namespace}:*"))
    for target in (keys, Keys(keys.namespace + "-two", 3)):
        backup.restore(client, target, backup_file.read(tmp_path / "b"), lambda _: 2)
        after = contents(client, target)
        assert after == {k: v for k, v in before.items() if "visitor" not in k}
        assert client.call("PTTL", target.seen(1, f"{1:032x}")) > 6 * 86_400_000
        assert folds.kept(client, target, 1, "attribute", "position") == ["4"]
        assert folds.kept(client, target, 1, "archive", "position", "broken") == ["2", None]
        assert folds.kept(client, target, 1, "learn", "broken") == [backup.WAITS]
    assert journal.append_mark(client, keys, 0, Mark("next")) == 12


def test_nothing_is_restored_over_records(client: Client, keys: Keys, tmp_path: Path) -> None:
    """A store that has records is refused before anything is written."""
    path, _ = backup_file.write(tmp_path, backup.frames(client, keys))
    before = contents(client, keys)
    with pytest.raises(NotEmptyError, match="--replace"):
        backup.restore(client, keys, backup_file.read(path), lambda _: 0)
    assert contents(client, keys) == before
    with pytest.raises(CorruptRecordError, match="NUDGE_PARTITIONS=3"):
        backup.restore(client, Keys("x", 4), backup_file.read(path), lambda _: 0)


def test_a_damaged_backup_is_known(client: Client, keys: Keys, tmp_path: Path) -> None:
    """Cut off anywhere, or changed: the check says so."""
    path, _ = backup_file.write(tmp_path, backup.frames(client, keys))
    good = path.read_bytes()
    for bad in (good[: len(good) // 2], good[:-9], good[:200] + b"\x00" + good[201:], b"", b"no"):
        path.write_bytes(bad)
        with pytest.raises(CorruptRecordError):
            backup_file.check(path)
    with pytest.raises(InvalidConfigError, match="no backup"):
        backup_file.check(tmp_path / "none")


def test_a_backup_that_fails_leaves_the_last_one(
    client: Client, keys: Keys, tmp_path: Path
) -> None:
    """What was complete stays until the next one is."""
    path, count = backup_file.write(tmp_path, backup.frames(client, keys))

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
