"""Exports: each format holds what the lake does, and its own tool reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from export_lake import NAMES, lake_of, rows

from nudge.errors import InvalidRequestError
from nudge.flows.reports.evaluate import evaluate_log
from nudge.flows.reports.log_question import LogQuestion
from nudge.lake.engine.query import answer, connect, joined_form
from nudge.lake.evaluation.logs import open_log
from nudge.lake.export.export import WRITERS, ExportRequest, ExportResult, export, open_export
from nudge.lake.files.reader import Lake

MADE = rows()
USABLE = [row for row in MADE if row.shown and row.decision.reason == "policy"]
ATTRIBUTES = {"a": {"amount": 30}, "b": {"amount": 50}}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The rows in a lake."""
    return lake_of(tmp_path_factory.mktemp("export") / "lake", MADE)


Write = Callable[[str], tuple[Path, ExportResult]]


@pytest.fixture
def written(lake: Lake, tmp_path: Path) -> Write:
    """Exports the lake's slot in a format."""

    def write(kind: str) -> tuple[Path, ExportResult]:
        path = tmp_path / f"out.{kind}"
        log = open_export(lake, ExportRequest("denomination"))
        return path, export(log, kind, path, ATTRIBUTES, lambda _: None)

    return write


def test_obp_arrays_have_the_shapes_that_its_estimators_check(written: Write) -> None:
    """N rounds of K actions: (n,), (n, d), (n, K, 1), and nothing that may not be evaluated."""
    path, found = written("obp")
    with np.load(path, allow_pickle=False) as file:
        feedback = dict(file)
    n, actions = len(USABLE), len(NAMES)
    assert (int(feedback["n_rounds"]), int(feedback["n_actions"])) == (n, actions)
    assert found.rows == n
    shapes = {name: array.shape for name, array in feedback.items()}
    assert shapes["context"] == (n, len(feedback["context_names"]))
    for name in ("action", "position", "reward", "pscore"):
        assert shapes[name] == (n,)
    assert shapes["pi_b"] == shapes["action_dist"] == (n, actions, 1)
    assert shapes["action_context"] == (actions, actions)
    assert feedback["action"].dtype == np.int64
    assert found.left_out["reason_not_policy"] + found.left_out["not_exposed"] == len(MADE) - n


def test_obp_values_are_those_of_the_log(written: Write) -> None:
    """Round by round: action, reward in yuan, propensity and the whole distribution."""
    path, _ = written("obp")
    with np.load(path, allow_pickle=False) as file:
        feedback = dict(file)
    names = feedback["action_names"].tolist()
    assert [names[i] for i in feedback["action"]] == [row.decision.variant for row in USABLE]
    assert feedback["reward"].tolist() == [float(row.yuan) for row in USABLE]
    assert feedback["pscore"].tolist() == [row.decision.propensity for row in USABLE]
    taken = feedback["pi_b"][np.arange(len(USABLE)), feedback["action"], 0]
    assert taken.tolist() == feedback["pscore"].tolist()
    full = [dict(zip(row.decision.eligible, row.decision.pmf, strict=True)) for row in USABLE]
    assert feedback["pi_b"][:, :, 0].tolist() == [[p.get(n, 0.0) for n in names] for p in full]
    device = feedback["context"][:, feedback["context_names"].tolist().index("device=ios")]
    assert device.tolist() == [float(row.decision.context["device"] == "ios") for row in USABLE]


def test_an_estimate_from_the_obp_arrays_is_ours(written: Write, lake: Lake) -> None:
    """SNIPS of a policy, by OBP's formula over its arrays, is what `nudge evaluate` says."""
    path, _ = written("obp")
    with np.load(path, allow_pickle=False) as file:
        feedback = dict(file)
    possible = feedback["pi_b"] > 0
    uniform = possible / possible.sum(axis=1, keepdims=True)
    chosen = uniform[np.arange(len(USABLE)), feedback["action"], feedback["position"]]
    weights = chosen / feedback["pscore"]
    found = evaluate_log(open_log(lake.root, "denomination"), LogQuestion("uniform"))
    estimate = found.evaluation.estimates["snips"]
    assert estimate is not None
    ours = float((weights * feedback["reward"]).sum() / weights.sum())
    assert ours == pytest.approx(estimate.value, abs=1e-9)


def lines(path: Path) -> Iterator[dict[str, object]]:
    """The lines of a file of JSON objects."""
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def test_dsjson_labels_are_the_log(written: Write) -> None:
    """Cost is the negative reward; `_label_Action` counts from 1; the first of `a` was taken."""
    path, found = written("dsjson")
    assert found.rows == len(USABLE)
    for row, line in zip(USABLE, lines(path), strict=True):
        decision, context = row.decision, line["c"]
        taken = decision.eligible.index(decision.variant)
        assert (line["_label_cost"], line["_label_Action"]) == (-row.yuan, taken + 1)
        assert (line["_labelIndex"], line["a"][0], line["p"][0]) == (
            taken,
            taken + 1,
            line["_label_probability"],
        )
        assert line["_label_probability"] == decision.propensity
        assert dict(zip(line["a"], line["p"], strict=True)) == {
            i + 1: p for i, p in enumerate(decision.pmf)
        }
        actions = [one["Action"] for one in context["_multi"]]
        assert [one["variant"] for one in actions] == list(decision.eligible)
        assert actions[0]["amount"] == 30
        assert context["Context"]["device"] == decision.context["device"]


def test_vw_reads_the_dsjson_and_learns_from_it(written: Write) -> None:
    """VW parses every line, learns, and then prefers the variant that is best in the log."""
    vw = pytest.importorskip("vowpalwabbit")
    path, _ = written("dsjson")
    learner = vw.Workspace("--dsjson --cb_explore_adf --epsilon 0.1 --cb_type ips --quiet -q CA")
    texts = path.read_text(encoding="utf-8").splitlines()
    for _ in range(5):
        for text in texts:
            examples = learner.parse(text)
            learner.learn(examples)
            learner.finish_example(examples)
    asked = next(one for one, row in zip(texts, USABLE, strict=True) if len(row.decision.pmf) == 3)
    scores = learner.predict(asked)
    learner.finish()
    assert len(scores) == 3
    assert int(np.argmax(scores)) == NAMES.index("b")


def test_vw_counts_every_line(written: Write, tmp_path: Path) -> None:
    """The driver's own count: as many examples as lines, and the log's average cost."""
    vw = pytest.importorskip("vowpalwabbit")
    path, _ = written("dsjson")
    learner = vw.Workspace(
        f"--dsjson --cb_explore_adf -d {path} --cache_file {tmp_path / 'c'} --quiet"
    )
    learner.finish()
    assert learner.get_weighted_examples() == len(USABLE)


def test_sensors_lines_are_track_events(written: Write) -> None:
    """Three events of a decision's life, with names, times and types that importers take."""
    path, found = written("sensors")
    events = list(lines(path))
    assert len(events) == found.rows
    by_name = {
        name: [e for e in events if e["event"] == name] for name in {e["event"] for e in events}
    }
    shown = [row for row in MADE if row.shown]
    assert len(by_name["NudgeDecision"]) == len(MADE)
    assert len(by_name["NudgeExposure"]) == len(shown)
    rewards = [event["properties"]["amount_yuan"] for event in by_name["NudgeReward"]]
    assert rewards == [row.yuan for row in shown if row.yuan]
    for event in events:
        assert event["type"] == "track"
        assert event["time"] > 10**12
        assert len(event["distinct_id"]) == 32
        for name, value in event["properties"].items():
            assert re.fullmatch(r"[$a-zA-Z_][$\w]{0,99}", name)
            assert isinstance(value, str | int | float | bool | list)


def test_parquet_is_read_by_pandas_and_polars(written: Write, lake: Lake) -> None:
    """Both see every decision with the sums of the lake, lists as lists and times as times."""
    path, found = written("parquet")
    backend = connect(lake)
    table = joined_form(backend, "denomination")
    (sums,) = answer(
        backend,
        table.aggregate(rows=table.count(), reward=table.reward.sum(), fen=table.value_fen.sum()),
    )
    assert found.rows == sums["rows"] == len(MADE)
    frame = pd.read_parquet(path)
    assert (len(frame), frame["reward"].sum(), frame["value_fen"].sum()) == tuple(sums.values())
    assert list(frame["pmf"][0]) == list(MADE[0].decision.pmf)
    other = pl.read_parquet(path)
    assert (other.height, other["reward"].sum(), other["value_fen"].sum()) == tuple(sums.values())
    assert other["pmf"][0].to_list() == list(MADE[0].decision.pmf)
    assert other["at"].is_sorted()
    assert other.schema["at"] == pl.Datetime("us")


def test_csv_and_parquet_say_the_same(written: Write) -> None:
    """Lists and the context are JSON in CSV; `nudge evaluate` gets the same from both."""
    csv, parquet = written("csv")[0], written("parquet")[0]
    frame = pd.read_csv(csv)
    assert [tuple(json.loads(one)) for one in frame["pmf"]] == [row.decision.pmf for row in MADE]
    assert json.loads(frame["context"][0])["device"] == MADE[0].decision.context["device"]
    first, second = (
        evaluate_log(open_log(path), LogQuestion("uniform")).evaluation.as_dict()
        for path in (csv, parquet)
    )
    assert first == second
    assert first["n"] == len(USABLE)


def test_a_period_cuts_by_the_time_of_the_decision(lake: Lake, tmp_path: Path) -> None:
    """From is included, to is not."""
    at = [row.decision.at or 0.0 for row in MADE]
    log = open_export(lake, ExportRequest("denomination", at[10], at[20]))
    export(log, "parquet", tmp_path / "out", {}, lambda _: None)
    found = pl.read_parquet(tmp_path / "out")["variant"].to_list()
    assert found == [row.decision.variant for row in MADE[10:20]]


@pytest.mark.parametrize("kind", list(WRITERS))
def test_a_file_is_there_whole_or_not_at_all(kind: str, lake: Lake, tmp_path: Path) -> None:
    """Broken off in the middle, the old file stays as it was, and nothing else is left."""
    path = tmp_path / "out"
    path.write_text("before")

    def broken(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(open_export(lake, ExportRequest("denomination")), kind, path, {}, broken)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "before"


def test_nothing_to_export_is_said(lake: Lake, tmp_path: Path) -> None:
    """An unknown slot, an empty period and a log without a usable decision are no empty file."""
    with pytest.raises(InvalidRequestError, match="no decision of slot 'banner'"):
        open_export(lake, ExportRequest("banner"))
    holdout = [row for row in MADE if row.decision.reason == "holdout"]
    only = lake_of(tmp_path / "lake", holdout)
    with pytest.raises(InvalidRequestError, match="no decision can be evaluated"):
        export(
            open_export(only, ExportRequest("denomination")),
            "obp",
            tmp_path / "x",
            {},
            lambda _: None,
        )
