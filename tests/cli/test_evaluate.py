"""`nudge evaluate`: the fixed form of the answer, refusals, and every kind of target."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from places import ROOT

from bandits import dump
from bandits.policies.fixed import FixedPolicy
from nudge.cli import cli
from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slot
from nudge.errors import InvalidConfigError, InvalidRequestError, NotFoundError
from nudge.flows.upkeep.apply import apply
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

CAMPAIGN = ROOT / "tests" / "data" / "hillstrom_sample.csv"
READ = ("--variant-column", "segment", "--reward-column", "visit", "--propensity", "1/3")
NAMES = ("ips", "snips", "dm", "dr")

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on the test's own installation."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)

    def invoke(log: Path | str, target: str, *more: str) -> Result:
        return CliRunner().invoke(cli, ["evaluate", "--log", str(log), "--target", target, *more])

    return invoke


def answer(done: Result) -> dict[str, object]:
    assert done.exit_code == 0, (done.output, done.exception)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def values(done: Result) -> list[float | None]:
    found = answer(done)["estimators"]
    assert isinstance(found, dict)
    return [found[name]["value"] for name in NAMES]


def log_of(path: Path, n: int, propensity: float = 0.5) -> Path:
    """Two variants; `a` is drawn with the propensity and rewarded in every second row."""
    rng = np.random.default_rng(1)
    first = rng.random(n) < propensity
    p = np.where(first, propensity, 1 - propensity)
    columns = {"variant": np.where(first, "a", "b"), "propensity": p, "reward": first * (p > 0)}
    lists = [[0.5, 0.5]] * n
    pq.write_table(pa.table({**columns, "half": lists, "own": np.full(n, 0.5)}), path)
    return path


def test_the_answer_has_the_fixed_form(run: Run) -> None:
    """The keys of DESIGN section 8, and what was left out; uniform is the plain mean to 1e-12."""
    found = answer(run(CAMPAIGN, "uniform", *READ, "--json"))
    assert list(found) == [
        *("n", "ess", "max_weight", "answerable", "why", "on_policy", "estimators", "left_out"),
        *("rows", "taken", "refused", "known", "form", "problems"),
    ]
    assert (found["rows"], found["taken"], found["refused"]) == (3000, 3000, 0)
    with CAMPAIGN.open(newline="") as file:
        mean = np.mean([float(row["visit"]) for row in csv.DictReader(file)])
    found = found["estimators"]
    assert isinstance(found, dict)
    assert list(found) == list(NAMES)
    assert all(list(one) == ["value", "low", "high"] for one in found.values())
    for name in ("ips", "snips"):
        assert found[name]["value"] == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("features", ["", "mens,womens,history,zip_code"])
def test_a_campaigns_variant_is_worth_what_it_brought(run: Run, features: str) -> None:
    """SNIPS of `always` is the average of those who got it, and in every interval."""
    more = ("--features", features) if features else ()
    with CAMPAIGN.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["segment"] == "Mens E-Mail"]
    truth = np.mean([float(row["visit"]) for row in rows])
    found = answer(run(CAMPAIGN, "always:Mens E-Mail", *READ, *more, "--json"))["estimators"]
    assert isinstance(found, dict)
    assert found["snips"]["value"] == pytest.approx(truth, abs=1e-12)
    assert all(one["low"] <= truth <= one["high"] for one in found.values())


def test_a_log_that_cannot_tell_says_why_and_gives_no_number(run: Run, tmp_path: Path) -> None:
    """Two rows of ten thousand: an answer (exit code 0), for programs and for people."""
    n, few = 10_000, 2
    variant = ["a"] * few + ["b"] * (n - few)
    p = [few / n] * few + [1 - few / n] * (n - few)
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"variant": variant, "propensity": p, "reward": [1.0] * n}), path)
    found = answer(run(path, "always:a", "--json"))
    assert (found["answerable"], found["ess"]) == (False, pytest.approx(2))
    assert "worth 2.0 rows" in str(found["why"])
    assert values(run(path, "always:a", "--json")) == [None] * 4
    shown = run(path, "always:a")
    assert shown.exit_code == 0
    assert "Cannot answer: the log is worth 2.0 rows" in " ".join(shown.output.split())
    assert "IPS" not in shown.output


def test_rows_where_the_variant_was_not_eligible_are_left_out_and_counted(
    run: Run, tmp_path: Path
) -> None:
    """`always` is asked of those who could get it."""
    lists = [["a", "b"], ["b"]] * 500
    columns = {"variant": ["a", "b", "b", "b"] * 250, "propensity": [0.5, 1.0, 0.5, 1.0] * 250}
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({**columns, "reward": [1.0, 0, 0, 0] * 250, "eligible": lists}), path)
    found = answer(run(path, "always:a", "--json"))
    assert (found["n"], found["left_out"]) == (500, {"not_eligible": 500})
    assert values(run(path, "always:a", "--json"))[:2] == [1.0, 1.0]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_column_tells_the_target(run: Run, tmp_path: Path, kind: str) -> None:
    """A number gives the weighted estimators; a list (JSON in CSV) all, the same as uniform."""
    path = log_of(tmp_path / "log.parquet", 2000, 0.3)
    if kind == "csv":
        rows = pq.read_table(path).to_pylist()
        path = tmp_path / "log.csv"
        with path.open("w", newline="") as file:
            lines = csv.DictWriter(file, list(rows[0]))
            lines.writeheader()
            lines.writerows({**row, "half": json.dumps(row["half"])} for row in rows)
    uniform = values(run(path, "uniform", "--json"))
    assert values(run(path, "column:half", "--variants", "a,b", "--json")) == uniform
    assert values(run(path, "column:own", "--json")) == [*uniform[:2], None, None]
    assert "need the target's probabilities of all variants" in run(path, "column:own").output


def test_a_stored_policy_is_asked_with_context_and_eligible(
    run: Run, settings: Settings, tmp_path: Path
) -> None:
    """A snapshot that fixes a variant by context equals `always` there; version 0 is uniform."""
    store = patient_store(settings)
    slot = load_slot(ROOT / "config" / "slots" / "banner.toml")
    apply(store, plan({}, {slot.name: slot}), Edit("test", "", 0.0))
    lease = store.snapshots.acquire(slot.name, "test", 60)
    assert lease is not None
    by = {"app": slot.names.index("video")}
    policy = FixedPolicy(arms=slot.names, arm=slot.names.index("coffee"), by="channel", by_value=by)
    store.snapshots.publish(lease, dump(policy), 0.0, [])
    store.close()
    shown = ["coffee", "video", "coffee", "video"] * 100
    context = [[("channel", one)] for one in ("web", "web", "app", "app")] * 100
    context_column = pa.array(context, pa.map_(pa.string(), pa.string()))
    rewards = [1.0, 0.0, 0.0, 3.0] * 100
    table = {"variant": shown, "propensity": [0.5] * 400, "reward": rewards}
    lists = [["coffee", "video"]] * 400
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({**table, "context": context_column, "eligible": lists}), path)
    asked = (path, "policy:1", "--slot", "banner", "--json")
    assert values(run(*asked))[:2] == pytest.approx([2.0, 2.0])
    first = values(run(path, "policy:0", "--slot", "banner", "--json"))
    assert first == values(run(path, "uniform", "--json"))
    error = run(path, "policy:9", "--slot", "banner").exception
    assert isinstance(error, NotFoundError)
    assert "kept are: 0, 1" in str(error)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("column", ["reward", "propensity", "target"])
@pytest.mark.parametrize("value", [1e308, 1e-308, -1e308, math.nan, math.inf, -math.inf, -0.5])
def test_f38_an_answer_has_its_numbers_or_says_why_not(
    run: Run, tmp_path: Path, column: str, value: float
) -> None:
    """One wild number is named and costs its row; no sum becomes infinite, nothing warns."""
    columns = {"variant": ["a", "b"] * 50, "propensity": [0.5] * 100, "reward": [1.0, 0.0] * 50}
    wild: dict[str, list[object]] = {**columns, "target": [0.5] * 100}  # type: ignore[dict-item]
    wild[column] = [*wild[column][:40], value, *wild[column][41:]]
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table(wild), path)
    done = run(path, "column:target", "--json")
    found = json.loads(done.stdout)
    kept = (column, value) in (("reward", 1e-308), ("target", 1e-308), ("reward", -0.5))
    assert (found["rows"], found["taken"], found["refused"]) == (100, 100 - (not kept), not kept)
    assert [one["row"] for one in found["problems"]] == ([] if kept else [41])
    assert done.exit_code == len(found["problems"])
    assert found["answerable"]
    assert all(math.isfinite(found["estimators"][name]["value"]) for name in ("ips", "snips"))


def test_f06_ragged_lines_are_told_and_left_out_of_an_evaluation(run: Run, tmp_path: Path) -> None:
    """By their numbers; `--strict` stops at the first, and nothing of a line is repeated."""
    path = tmp_path / "log.csv"
    rows = ["a,0.5,1", "b,0.5,0"] * 40
    path.write_text("\n".join(["variant,propensity,reward", *rows[:9], "a,13812345678", *rows[9:]]))
    done = run(path, "uniform", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["n"], found["rows"], found["refused"]) == (1, 80, 81, 1)
    assert found["problems"][0]["line"] == 11
    shown = run(path, "uniform")
    assert "line 11: has 2 cells, the header has 3" in shown.output
    assert "13812345678" not in shown.output + done.output
    stopped = run(path, "uniform", "--strict")
    assert "line 11: has 2 cells" in str(stopped.exception)


@pytest.mark.parametrize(
    "option", [("--encoding", "foo"), ("--delimiter", "ab"), ("--delimiter", '"')]
)
def test_f07_a_form_that_is_none_is_a_usage_error(run: Run, option: tuple[str, str]) -> None:
    """Exit code 2, before the file is opened."""
    assert run(CAMPAIGN, "uniform", *READ, *option).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("uniform:a",),
        ("best",),
        ("policy:1",),
        ("uniform", "--propensity", "1.5"),
        ("uniform", "--propensity", "1e-300"),
        ("uniform", "--propensity", "1e400"),
        ("uniform", "--level", "1"),
    ],
)
def test_a_question_that_is_none_is_a_usage_error(run: Run, arguments: tuple[str, ...]) -> None:
    """Exit code 2, before the log is opened."""
    assert run(CAMPAIGN, *arguments).exit_code == 2


def test_errors_name_what_is_wrong(run: Run, tmp_path: Path) -> None:
    """A missing file, an unknown variant and an empty lake end with 1 and the cure."""
    assert isinstance(run(tmp_path / "none.csv", "uniform").exception, InvalidConfigError)
    error = run(CAMPAIGN, "always:Mens", *READ).exception
    assert isinstance(error, InvalidRequestError)
    assert "Mens E-Mail, No E-Mail, Womens E-Mail" in str(error)
    assert run("lake", "uniform").exit_code == 2
    assert isinstance(run(tmp_path, "uniform", "--slot", "x").exception, InvalidConfigError)
