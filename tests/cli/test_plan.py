"""`nudge plan`: a file of customers in, a file of plans out, through any crash."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge.cli import plan as command
from nudge.domain.contact import Consent
from nudge.domain.planning import Timing
from nudge.domain.records import Decision
from nudge.domain.sealing import Sealer
from nudge.domain.slot_change import Edit, plan
from nudge.domain.slot_file import load_slots
from nudge.domain.visitor import VisitorState
from nudge.domain.visitor_codec import encode_state
from nudge.errors import InvalidConfigError, StoreAwayError
from nudge.flows import apply as applying
from nudge.flows.plan import Planner
from nudge.settings import Settings
from nudge.store.client import Client, patient
from nudge.store.journal import read
from nudge.store.keys import Keys
from nudge.store.visitors import Wanted, open_visitor

COUNT = 1200


@dataclass
class Installation:
    """A store with the shipped slots and customers who agreed to SMS."""

    client: Client
    keys: Keys
    sealer: Sealer
    directory: Path

    def agree(self, count: int) -> None:
        """Make so many customers."""
        state = encode_state(VisitorState(consents=(Consent("sms", 0.0, given=True),)))
        for number in range(count):
            hashed = self.sealer.visitor_hash(f"v-{number}")
            home = self.sealer.partition(hashed, self.keys.partitions)
            made = open_visitor(
                self.client, self.keys, Wanted(home, hashed, f"{number:032x}", claim=False)
            )
            self.client.call("SET", self.keys.visitor(home, made.subject), state)

    def decisions(self) -> list[Decision]:
        """All in the journal."""
        every = self.keys.every_partition()
        entries = [e for p in every for e in read(self.client, self.keys, p, 0, 100_000)]
        return [e.record for e in entries if isinstance(e.record, Decision)]

    def run(self, *args: object) -> Result:
        """The command's end."""
        return CliRunner().invoke(entry.cli, ["plan", *map(str, args)])


@pytest.fixture
def here(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Installation]:
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    client, keys = patient(settings.store_url), Keys(settings.namespace, settings.partitions)
    wanted = load_slots(settings.config_dir / "slots")
    applying.apply(client, keys, plan({}, wanted), Edit("test", "shipped", 0.0))
    yield Installation(client, keys, Sealer(settings.secret_key), tmp_path)
    client.close()


def customers(path: Path, count: int) -> Path:
    """A Parquet file of customers."""
    pq.write_table(pa.table({"visitor_id": [f"v-{n}" for n in range(count)]}), path)
    return path


def dying(after: int) -> Any:
    """A planner that dies behind so many batches, with the next one's plans written."""
    calls = iter(range(1_000_000))
    original = Planner.plan_each

    def method(*args: Any) -> list[Timing]:
        timings = original(*args)
        if next(calls) >= after:
            raise StoreAwayError("killed")
        return timings

    return method


def test_broken_off_and_begun_again_everyone_is_planned_once(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle, with a torn line: the same command goes on, in the order of IN."""
    here.agree(COUNT)
    source, out = customers(here.directory / "in.parquet", COUNT), here.directory / "out.parquet"
    with monkeypatch.context() as broken:
        broken.setattr(Planner, "plan_each", dying(after=1))
        assert isinstance(here.run(source, out).exception, StoreAwayError)
    assert not out.exists()
    part = out.with_name("out.parquet.part")
    assert len(part.read_bytes().splitlines()) == 1 + command.BATCH
    with part.open("ab") as file:
        file.write(b'{"visitor_id": "v-5')
    done = here.run(source, out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["planned"] == COUNT
    rows = pq.read_table(out).to_pylist()
    assert [row["visitor_id"] for row in rows] == [f"v-{n}" for n in range(COUNT)]
    assert not part.exists()
    made = here.decisions()
    assert len(made) == len({d.subject for d in made}) == COUNT
    assert len({row["decision_id"] for row in rows}) == COUNT
    assert Counter(row["window"] for row in rows) == Counter(d.variant for d in made)


def test_csv_with_zones_context_and_rows_that_do_not_fit(here: Installation) -> None:
    """Bad rows are told in OUT and cost no other; who may not be written to has the reason."""
    here.agree(2)
    source, out = here.directory / "in.csv", here.directory / "out.csv"
    source.write_text(
        "visitor_id,zone,city_tier\nv-0,America/New_York,1\n,,\neve,,\nv-1,,2\n", "utf-8"
    )
    done = here.run(source, out, "--slot", "banner")
    assert done.exit_code == 1, done.output
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [bool(row["send_at"]) for row in rows] == [True, False, False, True]
    assert [row["reason"] for row in rows[1:3]] == ["invalid", "no_consent"]
    assert rows[0]["send_at"][-6:] in {"-05:00", "-04:00"}
    assert json.loads(rows[0]["decisions"])["banner"]["decision_id"]
    assert {d.context.get("city_tier") for d in here.decisions() if d.slot == "sms_timing"} == {
        1,
        2,
    }
    again = here.run(source, here.directory / "again.csv", "--slot", "banner")
    assert again.exit_code == 1
    repeated = list(csv.DictReader((here.directory / "again.csv").open(encoding="utf-8")))
    same = ("send_at", "decision_id", "window")
    assert [[row[n] for n in same] for row in repeated] == [[row[n] for n in same] for row in rows]


def test_the_part_of_another_file_is_refused(here: Installation) -> None:
    """What was begun with another IN, or for another purpose, is not gone on with."""
    source, out = customers(here.directory / "in.parquet", 1), here.directory / "out.csv"
    out.with_name("out.csv.part").write_bytes(b'{"plan":1}\n')
    error = here.run(source, out).exception
    assert isinstance(error, InvalidConfigError)
    assert "remove it" in str(error)
