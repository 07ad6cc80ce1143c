"""`nudge plan`: a file of customers in, a file of plans out, through any crash."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from child_processes import eventually
from click.testing import CliRunner, Result

from bandits.policies.uniform import UniformPolicy
from nudge import cli as entry
from nudge.cli import plan_share
from nudge.config.contact_file import load_contact
from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slots
from nudge.domain.contact.contact import Consent
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Decision
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.timing.plan_request import PlanAnswer
from nudge.errors import InvalidConfigError, NudgeError, StoreAwayError
from nudge.flows.plan import Planner
from nudge.flows.upkeep import apply as applying
from nudge.processes.lockfile import hold_lock
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.vault.visitor_finder import VisitorFinder
from nudge.wiring import command
from nudge.wiring.stores import patient_store

COUNT = 1200


@dataclass
class Installation:
    """A store with the shipped slots and customers who agreed to SMS."""

    store: Store
    sealer: Sealer
    directory: Path

    def agree(self, count: int) -> None:
        """Make so many customers."""
        state = encode_state(VisitorState(consents=(Consent("sms", 0.0, given=True),)))
        asking = VisitorFinder(self.store.visitors, self.store.people, self.sealer)
        for start in range(0, count, 1000):
            some = range(start, min(count, start + 1000))
            for _, made in asking.opened_each([f"v-{n}" for n in some], besides=False):
                key = self.store.keys.visitor(made.partition, made.subject)
                self.store.client.call("SET", key, state)

    def decisions(self) -> list[Decision]:
        """All in the journal."""
        every = self.store.keys.every_partition()
        entries = [e for p in every for e in self.store.journal.read(p, 0, 100_000)]
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
    store = patient_store(settings)
    wanted = load_slots(settings.config_dir / "slots")
    applying.apply(store, plan({}, wanted), Edit("test", "shipped", 0.0))
    yield Installation(store, Sealer(settings.secret_key), tmp_path)
    store.close()


def customers(path: Path, count: int) -> Path:
    """A Parquet file of customers."""
    pq.write_table(pa.table({"visitor_id": [f"v-{n}" for n in range(count)]}), path)
    return path


def dying(after: int) -> Any:
    """A planner that dies behind so many batches, with the next one's plans written."""
    calls = iter(range(1_000_000))
    original = Planner.plan_each

    def method(*args: Any) -> list[PlanAnswer]:
        timings = original(*args)
        if next(calls) >= after:
            raise StoreAwayError("killed")
        return timings

    return method


def once_each(here: Installation, out: Path, count: int) -> None:
    """Every customer is in OUT and in the journal, once."""
    rows = pq.read_table(out).to_pylist()
    assert [row["visitor_id"] for row in rows] == [f"v-{n}" for n in range(count)]
    made = here.decisions()
    assert len(made) == len({d.subject for d in made}) == count
    assert len({row["decision_id"] for row in rows}) == count
    assert Counter(row["window"] for row in rows) == Counter(d.variant for d in made)


def test_broken_off_and_begun_again_everyone_is_planned_once(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was planned and not written down is found again, in the order of IN."""
    here.agree(COUNT)
    monkeypatch.setattr(plan_share, "SIZE", 500)
    source, out = customers(here.directory / "in.parquet", COUNT), here.directory / "out.parquet"
    with monkeypatch.context() as broken:
        broken.setattr(Planner, "plan_each", dying(after=1))
        failed = here.run(source, out)
        assert isinstance(failed.exception, NudgeError)
        assert "killed" in str(failed.exception)
    assert not out.exists()
    part = out.with_name("out.parquet.part")
    assert len(list(part.glob("*.parquet"))) == 1
    (part / "00000001.tmp").write_bytes(b"torn")
    done = here.run(source, out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"slot": "sms_timing", "planned": COUNT, "unplanned": {}}
    once_each(here, out, COUNT)
    assert sorted(one.name for one in here.directory.iterdir()) == ["in.parquet", "out.parquet"]


def test_killed_with_its_processes_and_resumed_everyone_is_planned_once(
    here: Installation,
) -> None:
    """`kill -9` of the command while several processes plan: they end, and the rest is done."""
    pieces = 8
    count = pieces * plan_share.SIZE + 7
    here.agree(count)
    source, out = customers(here.directory / "in.parquet", count), here.directory / "out.parquet"
    command = [sys.executable, "-m", "nudge", "plan", str(source), str(out), "--processes", "2"]
    begun = subprocess.Popen(command)
    part = out.with_name("out.parquet.part")
    try:
        assert eventually(lambda: len(list(part.glob("*.parquet"))) > 1, 60)
    finally:
        begun.send_signal(signal.SIGKILL)
        begun.wait()
    assert len(list(part.glob("*.parquet"))) <= pieces, "it was over before it could be killed"
    assert not out.exists()
    # Its processes end with it; what they have begun is planned, and found again.
    done = here.run(source, out, "--json")
    assert done.exit_code == 0, done.output
    once_each(here, out, count)


def test_short_of_hours_those_of_the_larger_gain_are_first(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every customer of the better kind before any other; who found no place is told why."""
    here.agree(60)
    monkeypatch.setattr(plan_share, "SIZE", 16)
    source, out = here.directory / "in.parquet", here.directory / "out.csv"
    mobile = [n % 3 == 0 for n in range(60)]
    ids = [f"v-{n}" for n in range(60)]
    pq.write_table(pa.table({"visitor_id": ids, "mobile_before": mobile}), source)
    policy = tight()
    monkeypatch.setattr(command, "load_contact", lambda _: policy)
    monkeypatch.setattr(UniformPolicy, "worth_one", worth)
    done = here.run(source, out, "--json")
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    number = {name: place for place, name in enumerate(ids)}
    kinds = [mobile[number[row["visitor_id"]]] for row in rows]
    assert kinds == sorted(kinds, reverse=True)
    planned = [bool(row["send_at"]) for row in rows]
    assert planned == sorted(planned, reverse=True)
    assert 0 < sum(planned) < len(ids)
    assert {row["reason"] for row in rows if not row["send_at"]} == {"no_capacity"}
    hours = Counter(row["send_at"][:13] for row in rows if row["send_at"])
    assert max(hours.values()) == 1


def tight() -> ContactPolicy:
    """One SMS in an hour, in one hour of the day."""
    policy = load_contact(Path("config"))
    quiet = ((0, 10 * 3600), (11 * 3600, 86_400))
    sms = replace(policy.channels["sms"], capacity=1, quiet=quiet)
    reminder = replace(policy.purposes["reminder"], share=1.0)
    return replace(policy, channels={"sms": sms}, purposes={"reminder": reminder})


def worth(policy: UniformPolicy, context: Mapping[str, object]) -> Any:
    """Mobile users are worth more, in every window."""
    return np.full(len(policy.arms), 1.0 + bool(context.get("mobile_before")))


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
    part = out.with_name("out.csv.part")
    part.mkdir()
    (part / "question.json").write_bytes(b'{"plan":1}')
    error = here.run(source, out).exception
    assert isinstance(error, InvalidConfigError)
    assert "remove it" in str(error)


def test_two_commands_do_not_make_the_same_file(here: Installation) -> None:
    """The second is told, and changes nothing."""
    source, out = customers(here.directory / "in.parquet", 1), here.directory / "out.csv"
    part = out.with_name("out.csv.part")
    part.mkdir()
    with hold_lock(part / "lock"):
        error = here.run(source, out).exception
    assert isinstance(error, InvalidConfigError)
    assert "another process" in str(error)
    assert here.run(source, out).exit_code == 0
