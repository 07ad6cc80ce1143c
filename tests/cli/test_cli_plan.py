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
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from child_processes import eventually
from click.testing import CliRunner, Result

from bandits.policies.base import PolicyBase
from nudge import cli as entry
from nudge.cli.plans import plan_question, plan_share
from nudge.cli.plans.plan_part import AnswerFile
from nudge.config.documents import configuration
from nudge.config.documents.contact_file import load_contact
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
from nudge.lake.files import disk
from nudge.processes.lockfile import hold_lock
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.vault.visitor_finder import VisitorFinder
from nudge.wiring.stores import patient_store

COUNT = 1200
SHANGHAI = ZoneInfo("Asia/Shanghai")


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
    """A customer who was planned and not written down is found again, in the order of IN."""
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
    told = json.loads(done.stdout)
    assert (told["slot"], told["planned"], told["unplanned"]) == ("sms_timing", COUNT, {})
    assert (told["rows"], told["taken"], told["refused"], told["repeated"]) == (COUNT, COUNT, 0, 0)
    once_each(here, out, COUNT)
    assert sorted(one.name for one in here.directory.iterdir()) == ["in.parquet", "out.parquet"]


def test_killed_with_its_processes_and_resumed_everyone_is_planned_once(
    here: Installation,
) -> None:
    """`kill -9` of the command while several processes plan: they end, and the rest is done."""
    pieces = 5
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


@pytest.mark.usefixtures("third")
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
    monkeypatch.setattr(configuration, "load_contact", lambda *_: policy)
    monkeypatch.setattr(PolicyBase, "worth_one", worth)
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


def worth(policy: PolicyBase, context: Mapping[str, object]) -> Any:
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


def test_f32_the_part_of_another_command_is_named(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unfinished plans of other options or another IN stay, and the message says what differs."""
    here.agree(3)
    source, out = customers(here.directory / "in.parquet", 3), here.directory / "out.csv"
    with monkeypatch.context() as broken:
        broken.setattr(AnswerFile, "remove", lambda _: killed())
        assert isinstance(here.run(source, out).exception, NudgeError)
    part = out.with_name("out.csv.part")
    before = sorted(one.name for one in part.iterdir())
    error = here.run(source, out, "--purpose", "promotion", "--slot", "banner").exception
    assert isinstance(error, InvalidConfigError)
    for told in ("purpose was reminder, is promotion", "slots was none, is banner", "remove"):
        assert told in str(error)
    customers(source, 4)
    assert "IN had another content" in str(here.run(source, out).exception)
    assert sorted(one.name for one in part.iterdir()) == before
    customers(source, 3)
    assert here.run(source, out).exit_code == 0
    assert not part.exists()


def killed() -> None:
    raise NudgeError("killed")


def test_f32_options_are_checked_before_anything_is_written(here: Installation) -> None:
    """A typo leaves nothing behind: the right command goes on as if it had never been."""
    here.agree(1)
    source, out = customers(here.directory / "in.parquet", 1), here.directory / "out.csv"
    for wrong in (("--slot", "banne"), ("--slot", "sms_timing"), ("--purpose", "remnder")):
        failed = here.run(source, out, *wrong)
        assert failed.exit_code == 2, failed.output
        assert "use one of" in failed.output or "each slot once" in failed.output
        assert [one.name for one in here.directory.iterdir()] == ["in.parquet"]
    assert here.run(source, out, "--slot", "banner").exit_code == 0


def test_f32_a_part_without_plans_is_begun_anew(here: Installation) -> None:
    """A file with a head and no plan loses nothing: an older version left its head there."""
    here.agree(1)
    source, out = customers(here.directory / "in.parquet", 1), here.directory / "out.csv"
    part = out.with_name("out.csv.part")
    part.mkdir()
    (part / "question.json").write_bytes(b'{"plan":2,"input":"x"}')
    assert here.run(source, out).exit_code == 0


def test_f31_a_disk_that_refuses_is_told(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a line with the file and the cure, and not as a traceback; the same command goes on."""
    here.agree(1)
    source, out = customers(here.directory / "in.parquet", 1), here.directory / "out.csv"

    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(disk, "sync", full)
        error = here.run(source, out).exception
    assert isinstance(error, InvalidConfigError)
    assert "No space left on device" in str(error)
    assert here.run(source, out).exit_code == 0


@pytest.mark.parametrize("link", ["same", "symbolic", "hard", "spelling"])
def test_f31_out_is_never_the_file_that_is_read(here: Installation, link: str) -> None:
    """By whatever name: IN stays as it was."""
    here.agree(1)
    source = here.directory / "in.csv"
    source.write_text("visitor_id\nv-0\n", "utf-8")
    out = here.directory / "out.csv"
    if link == "symbolic":
        out.symlink_to(source)
    elif link == "hard":
        out.hardlink_to(source)
    else:
        out = source if link == "same" else here.directory / "." / "x" / ".." / "in.csv"
        (here.directory / "x").mkdir()
    failed = here.run(source, out)
    assert failed.exit_code == 2
    assert "one file" in failed.output
    assert source.read_text("utf-8") == "visitor_id\nv-0\n"
    assert not list(here.directory.glob("*.part"))


def test_f31_an_older_out_stays_until_the_new_one_is_whole(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OUT is another file or whole: it is synced, then renamed."""
    here.agree(2)
    source, out = customers(here.directory / "in.parquet", 2), here.directory / "out.csv"
    out.write_text("before", "utf-8")
    synced: list[str] = []
    original = disk.sync
    with monkeypatch.context() as broken:
        broken.setattr(Planner, "plan_each", dying(after=0))
        assert here.run(source, out).exception is not None
    assert out.read_text("utf-8") == "before"

    def sync(path: Path) -> None:
        synced.append(path.name)
        original(path)

    monkeypatch.setattr(disk, "sync", sync)
    assert here.run(source, out).exit_code == 0
    assert synced[0] == "joined"
    assert len(list(csv.DictReader(out.open(encoding="utf-8")))) == 2


def test_f29_columns_that_change_no_plan_are_told(here: Installation) -> None:
    """A consent or a blacklist in IN is no consent: the command says so, by name."""
    here.agree(1)
    source, out = here.directory / "in.csv", here.directory / "out.csv"
    header = "visitor_id,city_tier,consent_sms,msisdn,blacklisted,favourite"
    source.write_text(f"{header}\nv-0,1,false,13812345678,true,tea\n", "utf-8")
    done = here.run(source, out)
    assert done.exit_code == 0, done.output
    for name in ("consent_sms", "msisdn", "blacklisted", "favourite"):
        assert f"column '{name}' is not used" in done.stderr
    assert "city_tier" not in done.stderr
    assert "13812345678" not in done.output
    told = json.loads(here.run(source, out, "--json").stdout)
    assert told["unused_columns"] == ["blacklisted", "consent_sms", "favourite", "msisdn"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_f30_a_customer_with_two_rows_is_told(here: Installation, form: str) -> None:
    """The second row has the first one's plan, and names it; blanks make no other customer."""
    here.agree(2)
    ids = ["v-0", "v-1", " v-0 ", "v-0"]
    source, out = here.directory / f"in.{form}", here.directory / "out.csv"
    if form == "csv":
        source.write_text("visitor_id\n" + "".join(f"{one}\n" for one in ids), "utf-8")
    else:
        pq.write_table(pa.table({"visitor_id": ids}), source)
    done = here.run(source, out, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["rows"], told["taken"], told["refused"], told["known"]) == (4, 2, 0, 2)
    assert told["repeated"] == 2
    assert told["planned"] == 2
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    first = "2" if form == "csv" else "1"
    assert [row["repeat_of"] for row in rows] == ["", "", first, first]
    assert rows[0]["line"] == first
    assert len({row["decision_id"] for row in rows}) == 2
    assert "2 of visitors who had a row before" in here.run(source, out).stdout


def test_f30_two_purposes_are_two_rows(here: Installation) -> None:
    """One customer with a row for each purpose is no repeat; the default purpose is one, too."""
    here.agree(1)
    source, out = here.directory / "in.csv", here.directory / "out.csv"
    purposes = ["reminder", "promotion", "", "REMINDER "]
    source.write_text("visitor_id,purpose\n" + "".join(f"v-0,{p}\n" for p in purposes), "utf-8")
    told = json.loads(here.run(source, out, "--json").stdout)
    assert (told["rows"], told["repeated"]) == (4, 2)
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [row["repeat_of"] for row in rows] == ["", "", "2", "2"]


def test_f03_purposes_are_the_contact_policy_s(here: Installation) -> None:
    """In any case and by an alias; a word that the policy lacks costs its row, and is told."""
    here.agree(3)
    source, out = here.directory / "in.csv", here.directory / "out.csv"
    source.write_text("visitor_id,purpose\nv-0, Reminder\nv-1,nonsense\nv-2,\n", "utf-8")
    done = here.run(source, out, "--purpose", " PROMOTION")
    assert done.exit_code == 1, done.output
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [row["reason"] == "invalid" for row in rows] == [False, True, False]
    assert "use one of transactional" in rows[1]["message"]
    assert rows[1]["message"].startswith("line 3: purpose: ")
    assert {d.page for d in here.decisions()} == {"reminder", "promotion"}
    failed = here.run(source, out, "--purpose", "nonsense")
    assert failed.exit_code == 2
    assert "use one of transactional" in failed.output


def test_f06_a_ragged_row_costs_itself(here: Installation) -> None:
    """It is in OUT with its line, in the summary, and nothing of it is repeated."""
    here.agree(3)
    source, out = here.directory / "in.csv", here.directory / "out.csv"
    source.write_text(
        "visitor_id,zone\nv-0,\nv-1,13812345678,x,y\nv-2,Nowhere/Land\nv-0,\n", "utf-8"
    )
    done = here.run(source, out, "--json")
    assert done.exit_code == 1, done.output
    told = json.loads(done.stdout)
    counts = (told["rows"], told["taken"], told["refused"], told["repeated"])
    assert counts == (4, 1, 2, 1)
    assert [one["line"] for one in told["problems"]] == [3, 4]
    assert "zone: is not a time zone" in told["problems"][1]["problem"]
    text = out.read_text("utf-8")
    assert "13812345678" not in text + done.output
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [row["line"] for row in rows] == ["2", "3", "4", "5"]
    assert [row["reason"] for row in rows][1:3] == ["invalid", "invalid"]
    assert rows[1]["message"].startswith("line 3: ")


def test_f06_strict_plans_nobody_where_a_row_is_bad(here: Installation) -> None:
    """The first bad row is named; nothing was planned, and nothing is left behind."""
    here.agree(2)
    source, out = here.directory / "in.csv", here.directory / "out.csv"
    source.write_text("visitor_id,zone\nv-0,\nv-1,Nowhere/Land\n", "utf-8")
    failed = here.run(source, out, "--strict")
    assert isinstance(failed.exception, InvalidConfigError)
    assert "line 3: zone: " in str(failed.exception)
    assert here.decisions() == []
    assert [one.name for one in here.directory.iterdir()] == ["in.csv"]


def test_f07_a_file_of_chinese_excel_is_planned(here: Installation) -> None:
    """GB18030 and semicolons are recognised and told; a forced form is obeyed."""
    here.agree(2)
    source, out = here.directory / "in.csv", here.directory / "out.csv"
    source.write_bytes("visitor_id;purpose;city\nv-0;;北京\nv-1;;上海\n".encode("gb18030"))
    done = here.run(source, out)
    assert done.exit_code == 0, done.output
    assert "GB18030" in done.stdout
    forced = here.run(source, here.directory / "b.csv", "--encoding", "gbk", "--delimiter", ";")
    assert forced.exit_code == 0, forced.output


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


@pytest.fixture
def third(monkeypatch: pytest.MonkeyPatch) -> None:
    """The morning of the next month's third: all nine windows are left."""
    now = datetime.now(SHANGHAI)
    day = (now.replace(day=1) + timedelta(days=32)).replace(day=3, hour=7, minute=0, second=0)
    for module in (plan_share, plan_question):
        monkeypatch.setattr(module, "now", day.timestamp)


@pytest.mark.usefixtures("third")
def test_the_trials_are_told_before_anything_is_planned(here: Installation) -> None:
    """A dry run tells the share of trials, and by window; nothing is planned, no file is made."""
    here.agree(200)
    source, out = customers(here.directory / "in.parquet", 200), here.directory / "out.parquet"
    done = here.run(source, out, "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["trials"]
    assert 0.0 < told["share"] <= 0.05 + 1e-9
    assert told["share"] == pytest.approx(sum(told["windows"].values()))
    assert 0.0 < told["cost"] < told["share"]
    assert "end_morning" not in told["windows"]  # it is the operator's own
    share = f"{told['share']:.1%} of the plans are trials"
    assert share in here.run(source, out, "--dry-run").stderr
    assert here.decisions() == []
    assert [one.name for one in here.directory.iterdir()] == ["in.parquet"]


@pytest.mark.usefixtures("third")
def test_a_pilot_is_planned_first_and_the_rest_behind_it(here: Installation) -> None:
    """A small part of the file is planned, at most half of it as trials; the others wait.

    The whole file, later, finds the pilot's plans and makes the others'.
    """
    count = 600
    here.agree(count)
    source = customers(here.directory / "in.parquet", count)
    first, whole = here.directory / "pilot.parquet", here.directory / "out.parquet"
    done = here.run(source, first, "--pilot", "--json", "--processes", "1")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    rows = {row["visitor_id"]: row for row in pq.read_table(first).to_pylist()}
    pilot = {who for who, row in rows.items() if row["send_at"]}
    assert {row["reason"] for who, row in rows.items() if who not in pilot} == {"later"}
    assert told["planned"] == len(pilot)
    # Five standard errors of a share of .05.
    assert abs(len(pilot) - 0.05 * count) < 5 * (0.05 * 0.95 * count) ** 0.5
    made = [one for one in here.decisions() if one.reason == "policy"]
    own = [dict(zip(one.eligible, one.pmf, strict=True)).get("end_morning", 1.0) for one in made]
    assert min(own) >= 0.5 - 1e-9
    assert max(own) < 0.95
    again = here.run(source, whole, "--processes", "1")
    assert again.exit_code == 0, again.output
    plans = {row["visitor_id"]: row for row in pq.read_table(whole).to_pylist()}
    assert all(row["decision_id"] for row in plans.values())
    assert {who: plans[who]["decision_id"] for who in pilot} == {
        who: rows[who]["decision_id"] for who in pilot
    }
    assert {who for who, row in plans.items() if row["sticky"]} == pilot
