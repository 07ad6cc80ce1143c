"""Damaged files in every command that reads files: no traceback, and no row without a word."""

from __future__ import annotations

import io
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from places import ROOT

from lab.replay.mapping import load_mapping
from lab.replay.rows import reader
from nudge import cli as entry
from nudge.cli.file_summary import FileOptions, FileSummary
from nudge.cli.lab.replay import _customers
from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slot
from nudge.errors import NudgeError
from nudge.flows.upkeep.apply import apply
from nudge.lake.intake.input_file import open_input
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

N = 40
Columns = dict[str, list[Any]]
VISITORS: Columns = {
    "visitor_id": [f"u{n}" for n in range(N)],
    "msisdn": [f"138123456{n:02d}" for n in range(N)],
    "city": ["宁波", "南京", 'say "so"', "a,b"] * (N // 4),
    "consent_sms": [True, False] * (N // 2),
    "tier": [n * 0.5 for n in range(N)],
}
LOG: Columns = {
    "variant": ["50", "100"] * (N // 2),
    "propensity": [0.5] * N,
    "reward": [float(n % 3) for n in range(N)],
    "at": ["2026-09-21T00:00:00+08:00"] * N,
    "eligible": ['["50","100"]'] * N,
    "pmf": ["[0.5, 0.5]"] * N,
    "subject": [f"{n:032x}" for n in range(N)],
}
EXAMPLE = ROOT / "examples" / "hillstrom"
SAMPLE = (ROOT / "tests" / "data" / "hillstrom_sample.csv").read_text().splitlines()[: N + 1]
CAMPAIGN: Columns = {
    name: [line.split(",")[place] for line in SAMPLE[1:]]
    for place, name in enumerate(SAMPLE[0].split(","))
}
PIECES = (
    *(
        b'"',
        b'""',
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b",",
        b";",
        b"\t",
        b"\xff",
        b"\x81",
        b"\xef\xbb\xbf",
    ),
    *(b"1e308", b"-1", b"nan", b"inf", b"1e-308", b"999999999999999999999", "张".encode("gbk")),
)
Run = Callable[[Path], Result | None]


def forms(columns: Columns) -> list[bytes]:
    """A table as CSV in several forms, and as Parquet of several row groups."""
    table = pa.table(columns)
    text = io.BytesIO()
    pyarrow.csv.write_csv(table, text)
    csv = text.getvalue().decode()
    made = [csv.encode(one) for one in ("utf-8", "utf-8-sig", "gb18030", "utf-16")]
    for options in ({"row_group_size": 15}, {"compression": "zstd", "write_page_checksum": True}):
        file = io.BytesIO()
        pq.write_table(table, file, **options)
        made += [file.getvalue()] * 2
    return [*made, csv.replace("\n", "\r\n").encode()]


def damaged(rng: random.Random, raw: bytes) -> bytes:
    """Some bytes changed, lost, doubled, put in or cut off; sometimes nothing but noise."""
    if rng.random() < 0.03:
        return rng.randbytes(rng.randrange(2_000))
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at, kind = rng.randrange(len(raw) + 1), rng.randrange(6)
        until = min(len(raw), at + rng.choice((1, 1, 3, 30, 300)))
        middle = {
            0: rng.randbytes(until - at),
            1: b"",
            2: raw[at:until] * 2,
            3: rng.choice(PIECES) + raw[at:until],
            4: bytes(one ^ (1 << rng.randrange(8)) for one in raw[at : at + 1])
            + raw[at + 1 : until],
            5: rng.choice(PIECES),
        }[kind]
        raw = raw[:at] + middle + (b"" if rng.random() < 0.02 else raw[until:])
    return raw


@pytest.fixture
def commands(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, tuple[Run, Columns]]:
    """Each command that reads a file, with the columns of a file of its own."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    store = patient_store(settings)
    slots = [
        load_slot(ROOT / "config" / "slots" / f"{n}.toml") for n in ("denomination", "sms_timing")
    ]
    apply(store, plan({}, {one.name: one for one in slots}), Edit("test", "", 0.0))
    store.close()
    rules = load_mapping(EXAMPLE / "mapping.toml")
    slot = load_slot(EXAMPLE / "slot.toml")
    out = tmp_path / "out.csv"

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(entry.cli, words)

    def planned(file: Path) -> Result:
        shutil.rmtree(tmp_path / "out.csv.part", ignore_errors=True)
        out.unlink(missing_ok=True)
        return invoke("plan", str(file), str(out), "--json")

    def replayed(file: Path) -> None:
        log = open_input(file)
        summary = FileSummary.of(log, FileOptions())
        read = reader(log.name, rules, slot.context, log.columns)
        summary.taken = sum(1 for _ in _customers(read, log, None, summary))

    return {
        "load": (lambda file: invoke("load", "visitors", str(file), "--json"), VISITORS),
        "plan": (planned, VISITORS),
        "import": (lambda file: invoke("import", str(file), "--slot", "denomination"), LOG),
        "evaluate": (
            lambda file: invoke("evaluate", "--log", str(file), "--target", "uniform", "--json"),
            LOG,
        ),
        "replay": (replayed, CAMPAIGN),
    }


def check(done: Result) -> bool:
    """Whether a command took its file; it ended as commands end, and its counts add up."""
    fine = done.exception is None or isinstance(done.exception, SystemExit | NudgeError)
    if not fine:
        raise done.exception or AssertionError
    assert done.exit_code in (0, 1)
    if isinstance(done.exception, NudgeError) or not done.stdout.startswith("{"):
        return False
    told = json.loads(done.stdout)
    if "taken" in told:
        known = told["known"] if "known" in told else told["repeated"]
        assert told["rows"] == told["taken"] + told["refused"] + known
        assert done.exit_code == (1 if told["refused"] else 0)
    if told.get("answerable"):
        assert all(one is None or one == one for one in told["estimators"]["ips"].values())  # noqa: PLR0124 - NaN
        assert told["estimators"]["ips"]["value"] is not None
    return True


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("command", ["load", "plan", "import", "evaluate", "replay"])
@pytest.mark.parametrize(
    "examples", [40, pytest.param(2_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_a_damaged_file_is_taken_as_far_as_it_goes(
    commands: dict[str, tuple[Run, Columns]],
    tmp_path: Path,
    command: str,
    examples: int,
) -> None:
    """Noise and changes of valid files: each ends with counts, or with a line that says why."""
    run, columns = commands[command]
    rng = random.Random(examples)  # noqa: S311 - a seed
    valid = forms(columns)
    taken = 0
    for number in range(examples):
        file = tmp_path / f"{number}.data"
        file.write_bytes(damaged(rng, rng.choice(valid)))
        try:
            done = run(file)
        except NudgeError:
            continue
        taken += done is None or check(done)
        file.unlink()
    assert taken > examples // 10 or command == "import"


@pytest.mark.parametrize(
    "examples", [1_000, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_every_line_of_a_damaged_file_is_a_row_or_is_told(tmp_path: Path, examples: int) -> None:
    """Taken and refused rows are all lines that are not empty; of Parquet, all rows."""
    rng = random.Random(examples)  # noqa: S311 - a seed
    valid = [one for columns in (VISITORS, LOG) for one in forms(columns)]
    for _ in range(examples):
        file = tmp_path / "file.data"
        raw = damaged(rng, rng.choice(valid))
        file.write_bytes(raw)
        try:
            log = open_input(file)
        except NudgeError:
            continue
        batches = list(log.batches())
        rows = sum(len(one.rows) for one in batches)
        bad = [told for one in batches for told in one.refused]
        lines = [line for one in batches for line in one.lines] + [one.line for one in bad]
        assert len(set(lines)) == len(lines)
        count = rows + sum(one.rows for one in bad)
        if log.form == "Parquet":
            assert count == log.rows
        elif '"' not in log.form and b'"' not in raw and "UTF-8" in log.form and b"\r" not in raw:
            text = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
            filled = [n for n, line in enumerate(text, 1) if not _blank(line)]
            assert sorted(lines) == filled[1:]


def _blank(line: bytes) -> bool:
    return not line.decode("utf-8", "replace").strip()
