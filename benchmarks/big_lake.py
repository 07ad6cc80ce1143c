"""A lake of millions of decisions, written as columns: a month of one slot's traffic.

The rows have the lake's own schemas, files, manifests and row groups; what a journal would have
given one by one comes a day at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from nudge.lake.files import disk, manifest
from nudge.lake.files.manifest import File, Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.files.tables import SCHEMAS

SLOT: Final = "banner"
VARIANTS: Final = ("data", "gifts", "city", "plain")
DAY: Final = 86_400.0
WINDOW: Final = DAY
START: Final = 1_790_035_200.0
"""A midnight, UTC."""
DAYS: Final = 30
PARTITIONS: Final = 8
ROW_GROUP: Final = 65_536
CHANNELS: Final = ("web", "wap", "app")
PAGES: Final = ("home", "recharge")
ATTRIBUTES: Final[Mapping[str, Sequence[str]]] = {
    "stage": ("growth", "stable", "warning", "left"),
    "city_tier": ("1", "2", "3"),
    "tier": ("high", "mid", "low"),
}
RATES: Final = np.array([0.040, 0.030, 0.034, 0.030])
"""Of the variants, for visitors of the web; the others convert better."""
BY_CHANNEL: Final = np.array([1.0, 1.8, 1.5])
_LETTERS: Final = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_ID: Final = 26
HELD: Final = 20
"""One person of so many is held out."""


@dataclass(frozen=True)
class Day:
    """A day's decisions (n,), in the order of their times.

    Attributes:
        at: seconds.
        person: number of the subject.
        codes: name -> index of the value, of channel, page and attributes.
        pmf: (n, K).
        variant: index of the variant drawn.
        held: never personalised.
        ids: of the decisions, as text.
    """

    at: FloatArray
    person: IntArray
    codes: Mapping[str, IntArray]
    pmf: FloatArray
    variant: IntArray
    held: BoolArray
    ids: pa.Array


@dataclass
class Rewards:
    """Rewards (n,) that are still to be logged."""

    day: Day
    rows: IntArray
    at: FloatArray


@dataclass
class Writer:
    """Writes one lake.

    Attributes:
        lake: that it writes.
        rng: of all chance.
        people: how many subjects there are.
        ends: (P,) last position of each partition.
    """

    lake: Lake
    rng: np.random.Generator
    people: int
    ends: IntArray = field(default_factory=lambda: np.zeros(PARTITIONS, dtype=np.int64))
    waiting: list[Rewards] = field(default_factory=list)

    def write(self, number: int, rows: int) -> None:
        """A day: its decisions, their exposures, and what was paid on it."""
        start = START + number * DAY
        day = drawn(self.rng, start, rows, self.people)
        self.waiting.append(paid(self.rng, day))
        due = [rewards_of(one, one.at < start + DAY) for one in self.waiting]
        self.waiting = [kept(one, one.at >= start + DAY) for one in self.waiting]
        self.waiting = [one for one in self.waiting if len(one.rows)]
        tables = {
            "decisions": decisions_of(day),
            "exposures": exposures_of(day),
            "rewards": pa.concat_tables(due).sort_by("at"),
        }
        self.publish(start, tables)

    def publish(self, start: float, tables: Mapping[str, pa.Table]) -> None:
        """Write the tables of a day, in the order of their times, and its manifests."""
        date = datetime.fromtimestamp(start, UTC).date().isoformat()
        before = self.ends.copy()
        files: list[list[File]] = [[] for _ in range(PARTITIONS)]
        for name, table in tables.items():
            partition = table.column("partition").to_numpy()
            path = f"{name}/date={date}/{date}-{name}.parquet"
            counts = np.bincount(partition, minlength=PARTITIONS)
            self._file(self.lake.root / path, name, table, partition)
            for p in np.flatnonzero(counts):
                rows, columns = int(counts[p]), len(SCHEMAS[name])
                files[p].append(File(name, path, rows, len(table), columns=columns))
            self.ends += counts
        for p in range(PARTITIONS):
            of = Range(p, int(before[p]), int(self.ends[p]))
            manifest.write(self.lake.root, Manifest(of, tuple(files[p]), start + DAY))

    def _file(self, path: Path, name: str, table: pa.Table, partition: AnyArray) -> None:
        position = np.zeros(len(table), dtype=np.int64)
        for p in range(PARTITIONS):
            own = partition == p
            position[own] = self.ends[p] + 1 + np.arange(np.count_nonzero(own))
        table = table.append_column("position", pa.array(position))
        draft = disk.temporary(path)
        pq.write_table(
            table.select(SCHEMAS[name].names).cast(SCHEMAS[name]),
            draft,
            compression="zstd",
            row_group_size=ROW_GROUP,
        )
        disk.publish(draft, path)


def written(root: Path, rows: int, days: int = DAYS, *, seed: int = 0) -> Lake:
    """A lake with `rows` decisions of `days` days, half as many subjects as decisions a day."""
    writer = Writer(Lake(root), np.random.default_rng(seed), max(1000, rows // 10))
    for number in range(days):
        writer.write(number, rows // days)
    return writer.lake


def drawn(rng: np.random.Generator, start: float, rows: int, people: int) -> Day:
    """Decisions of a day: a policy of each hour and cell, as a snapshot would give it."""
    at = np.sort(start + rng.random(rows) * DAY * 0.999)
    person = rng.integers(0, people, rows)
    codes = {"channel": person % 3, "page": rng.integers(0, len(PAGES), rows)}
    for number, (name, values) in enumerate(ATTRIBUTES.items()):
        codes[name] = person // 3 ** (number + 1) % len(values)
    hour = ((at - start) // 3600.0).astype(np.int64)
    cell = hour * 3 + codes["channel"]
    policies = 0.92 * rng.dirichlet(np.array([4.0, 1.0, 2.0, 1.0]), 24 * 3) + 0.02
    pmf = policies[cell]
    held = person % HELD == 0
    pmf[held] = np.array([0.0, 0.0, 0.0, 1.0])
    variant = (pmf.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(0, 3)
    variant[held] = 3
    return Day(at, person, codes, pmf, variant, held, ids(rng, rows))


def paid(rng: np.random.Generator, day: Day) -> Rewards:
    """The rewards of those who paid, and when."""
    rate = RATES[day.variant] * BY_CHANNEL[day.codes["channel"]]
    rows = np.flatnonzero(rng.random(len(rate)) < rate)
    delay = np.minimum(rng.exponential(3600.0, len(rows)), WINDOW - 1.0)
    return Rewards(day, rows, day.at[rows] + delay)


def kept(rewards: Rewards, which: BoolArray) -> Rewards:
    """The rewards where `which` (n,) holds."""
    return Rewards(rewards.day, rewards.rows[which], rewards.at[which])


def decisions_of(day: Day) -> pa.Table:
    """Rows of `decisions`, without positions."""
    n = len(day.at)
    eligible = [list(VARIANTS)]
    context = {name: day.codes[name] for name in ATTRIBUTES}
    places = np.zeros(n, dtype=np.int64)
    for name, values in ATTRIBUTES.items():
        places = places * len(values) + context[name]
    own = {
        **_common(day, np.arange(n)),
        "decision_id": day.ids,
        "channel": words(CHANNELS, day.codes["channel"]),
        "page": words(PAGES, day.codes["page"]),
        "policy": same("auto", n),
        "unit": same(SLOT, n),
        "source": same("k1", n),
        "context": _maps(context),
        "context_json": words(_jsons(), places),
        "eligible": pa.array(eligible, pa.list_(pa.string())).take(pa.array(np.zeros(n, int))),
        "removed": pa.array([[]], pa.map_(pa.string(), pa.string())).take(
            pa.array(np.zeros(n, int))
        ),
        "pmf": pa.ListArray.from_arrays(
            np.arange(n + 1, dtype=np.int32) * len(VARIANTS), day.pmf.ravel()
        ),
        "u": pa.array(np.arange(n, dtype=np.uint64)),
        "propensity": _propensity(day),
        "floor": pa.array(day.pmf.min(axis=1)),
        "policy_version": pa.array((day.at // 3600.0).astype(np.int64)),
        "period": pa.array((day.at // DAY).astype(np.int64)),
        "exposed_on": same("decision", n),
        "reward_event": same("paid", n),
        "objective": same("conversion", n),
        "window_seconds": pa.array(np.full(n, WINDOW)),
        "supersedes": pa.nulls(n, pa.string()),
        "twin": pa.nulls(n, pa.string()),
        "degraded": pa.array(day.person % 50 == 0),
        "at_seconds": pa.array(day.at),
        "due_seconds": pa.nulls(n, pa.float64()),
    }
    return pa.table(own)


def exposures_of(day: Day) -> pa.Table:
    """Rows of `exposures`, without positions: each decision is one."""
    n = len(day.at)
    own = {
        **_common(day, np.arange(n)),
        "decision_id": day.ids,
        "propensity": _propensity(day),
        "window_seconds": pa.array(np.full(n, WINDOW)),
        "at_seconds": pa.array(day.at),
    }
    return pa.table(own)


def rewards_of(rewards: Rewards, which: BoolArray) -> pa.Table:
    """Rows of `rewards`, without positions."""
    one = kept(rewards, which)
    n, day = len(one.rows), one.day
    value = np.array([1000, 3000, 5000, 10_000])[one.rows % 4]
    ids = day.ids.take(pa.array(one.rows))
    own = {
        **_common(day, one.rows),
        "decision_id": ids,
        "reward_id": ids,
        "exposed_at": stamps(day.at[one.rows]),
        "exposed_at_seconds": pa.array(day.at[one.rows]),
        "event_id": ids,
        "conversions": pa.array(np.ones(n, dtype=np.int64)),
        "value": pa.array(value),
        "square": pa.array(value**2),
        "shared": pa.array(np.zeros(n, dtype=np.bool_)),
        "by_page": pa.array(np.zeros(n, dtype=np.bool_)),
        "claims": pa.array(np.zeros(n, dtype=np.int64)),
        "at_seconds": pa.array(one.at),
        "at": stamps(one.at),
        "logged_at": stamps(one.at),
    }
    return pa.table(own)


def _common(day: Day, rows: IntArray) -> dict[str, pa.Array]:
    at, person = day.at[rows], day.person[rows]
    places = day.codes["stage"][rows] * 3 + day.codes["channel"][rows]
    cells = [f"{stage}|{channel}" for stage in ATTRIBUTES["stage"] for channel in CHANNELS]
    return {
        "partition": pa.array((person % PARTITIONS).astype(np.int32)),
        "logged_at": stamps(at),
        "at": stamps(at),
        "subject": subjects(person),
        "slot": same(SLOT, len(rows)),
        "slot_revision": pa.array(np.ones(len(rows), dtype=np.int64)),
        "variant": words(VARIANTS, day.variant[rows]),
        "cell": words(cells, places),
        "reason": words(("policy", "holdout"), day.held[rows].astype(np.int64)),
        "by_page": pa.array(np.zeros(len(rows), dtype=np.bool_)),
    }


def _propensity(day: Day) -> pa.Array:
    return pa.array(day.pmf[np.arange(len(day.at)), day.variant])


def _jsons() -> list[str]:
    found = [""]
    for name, values in ATTRIBUTES.items():
        found = [f'{text}, "{name}":"{value}"' for text in found for value in values]
    return [f"{{{text.removeprefix(', ')}}}" for text in found]


def _maps(codes: Mapping[str, IntArray]) -> pa.Array:
    n, wide = len(next(iter(codes.values()))), len(codes)
    every = [word for values in ATTRIBUTES.values() for word in values]
    starts = np.cumsum([0, *(len(values) for values in ATTRIBUTES.values())])
    places = np.stack([codes[name] + starts[i] for i, name in enumerate(codes)], axis=1)
    keys = words(list(codes), np.tile(np.arange(wide), n))
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * wide)
    return pa.MapArray.from_arrays(offsets, keys, words(every, places.ravel()))


def words(known: Sequence[str], places: IntArray) -> pa.Array:
    """Return the words at places (n,) of a list."""
    return pa.array(list(known), pa.string()).take(pa.array(places))


def same(text: str, n: int) -> pa.Array:
    """Return a text n times."""
    return pa.repeat(pa.scalar(text), n)


def stamps(seconds: FloatArray) -> pa.Array:
    """Return moments (n,) as the lake has them."""
    return pa.array((seconds * 1e6).astype(np.int64)).cast(pa.timestamp("us"))


def subjects(person: IntArray) -> pa.Array:
    """32 hex digits a person, as random as real ones."""
    keys = np.stack([_mixed(person, salt) for salt in (1, 2)], axis=1)
    raw = keys.astype(">u8").view(np.uint8).reshape(len(person), 16)
    digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    return _texts(np.stack([digits[raw >> 4], digits[raw & 15]], axis=2).reshape(len(person), 32))


def ids(rng: np.random.Generator, n: int) -> pa.Array:
    """Random ids (n,) as long as sealed ones."""
    return _texts(_LETTERS[rng.integers(0, 32, (n, _ID), dtype=np.uint8)])


def _texts(letters: AnyArray) -> pa.Array:
    n, wide = letters.shape
    offsets = np.arange(n + 1, dtype=np.int32) * wide
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pa.Array.from_buffers(pa.string(), n, buffers)


def _mixed(number: IntArray, salt: int) -> AnyArray:
    """Splitmix64: a number's own 64 bits."""
    x = (number.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return x ^ (x >> np.uint64(31))
