"""Another policy's reward, estimated from a slot's cells: the same as row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from report_traffic import NOW, SLOT, traffic, written

from nudge.domain.reports.questions import EVER, EvaluationQuestion, Period
from nudge.domain.reports.target_policy import AskedPolicy, TargetLearner, rule_of
from nudge.domain.slots.learning import mabwiser_config
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.reports.evaluate import (
    EvaluationAnswer,
    evaluate_cells,
    evaluate_lake,
    evaluate_log,
)
from nudge.flows.reports.log_question import LogQuestion
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.evaluation.cells import CellRows
from nudge.lake.evaluation.log_file import cut_to_period
from nudge.lake.evaluation.logs import open_log
from nudge.lake.files.reader import Lake
from nudge.lake.reports.slot_rows import SlotRows, slot_rows

RULE = "channel:web=a,app=b,*=b"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return written(tmp_path_factory.mktemp("cells") / "lake", traffic(3, 5000))


@pytest.fixture(scope="module")
def rows(lake: Lake) -> Iterator[SlotRows]:
    cache = lake.root.parent / "cache"
    with engine(lake, EngineLimits(400_000_000), cache) as (backend, contents):
        yield slot_rows(backend, contents, "banner", cache)


def asked(target: str) -> AskedPolicy:
    kind, _, text = target.partition(":")
    return rule_of(text, SLOT.names) if kind == "rule" else None


def by_cells(rows: SlotRows, target: str, period: Period = EVER) -> EvaluationAnswer:
    return evaluate_cells(CellRows(rows, period, revenue=False), target, asked(target))


def by_rows(lake: Lake, target: str, period: Period = EVER) -> EvaluationAnswer:
    log = cut_to_period(open_log(lake.root, "banner"), period)
    stored = asked(target)
    assert not isinstance(stored, TargetLearner)
    return evaluate_log(log, LogQuestion(target), stored)


@pytest.mark.parametrize("target", ["uniform", "always:b", "always:c", f"rule:{RULE}"])
def test_cells_say_what_rows_say(lake: Lake, rows: SlotRows, target: str) -> None:
    """Rows, weights and weighted estimates are equal; those with a model agree.

    A subject falls into another split here, so the models differ by a split's chance: by less than
    a quarter of the interval's half.
    """
    found, want = by_cells(rows, target), by_rows(lake, target)
    got, plain = found.evaluation.diagnostics, want.evaluation.diagnostics
    assert (got.n, found.left_out) == (plain.n, want.left_out)
    assert found.features == want.features
    assert got.ess == pytest.approx(plain.ess)
    assert got.max_weight == pytest.approx(plain.max_weight)
    assert got.unsupported == pytest.approx(plain.unsupported)
    assert found.evaluation.why == want.evaluation.why
    for name, estimate in found.evaluation.estimates.items():
        other = want.evaluation.estimates[name]
        assert (estimate is None) == (other is None)
        if estimate is None or other is None:
            continue
        half = (other.high - other.low) / 2.0
        slack = 1e-9 if name in {"ips", "snips"} else 0.25 * half
        assert estimate.value == pytest.approx(other.value, abs=slack)
        assert estimate.high - estimate.low == pytest.approx(2.0 * half, rel=0.15)


def test_a_period_is_cut_as_reports_cut_it(rows: SlotRows) -> None:
    """Of two halves the rows add up to the whole."""
    middle = NOW - 36 * 3600.0
    halves = [by_cells(rows, "uniform", p) for p in (Period(None, middle), Period(middle, None))]
    every = by_cells(rows, "uniform")
    assert sum(one.evaluation.diagnostics.n for one in halves) == every.evaluation.diagnostics.n


def test_a_mabwiser_policy_is_learned_from_other_visitors(rows: SlotRows) -> None:
    """UCB1 finds that `b` is best, on rows of visitors that it did not learn from."""
    cells = CellRows(rows, EVER, revenue=False)
    found = evaluate_cells(
        cells, "mabwiser:UCB1", TargetLearner(mabwiser_config(SLOT, "UCB1,alpha=0.1"))
    )
    learned, best = found.evaluation.estimates["dr"], by_cells(rows, "always:b")
    other = best.evaluation.estimates["dr"]
    assert learned is not None
    assert other is not None
    assert found.evaluation.answerable
    assert learned.value == pytest.approx(other.value, abs=other.high - other.value)
    assert learned.value > (found.evaluation.on_policy or 1.0)


def test_what_makes_no_sense_is_refused(lake: Lake, rows: SlotRows, tmp_path: Path) -> None:
    """Variants, policies and parameters that do not exist, and rules that are none, with a cure."""
    for rule in ("channel:web=z", "channel:web", "channel:=a"):
        with pytest.raises(InvalidRequestError):
            rule_of(rule, SLOT.names)
    for policy in ("Nobody", "UCB1,beta=1", "UCB1,alpha=0"):
        with pytest.raises(InvalidRequestError):
            mabwiser_config(SLOT, policy)
    cells, greedy = CellRows(rows, EVER, revenue=False), mabwiser_config(SLOT, "Softmax,tau=1")
    options = {"learning_policy": "EpsilonGreedy", "epsilon": 5.0}
    wrong = replace(greedy, policy=replace(greedy.policy, options=options))
    with pytest.raises(InvalidRequestError, match="target"):
        evaluate_cells(cells, "mabwiser:EpsilonGreedy,epsilon=5", TargetLearner(wrong))
    with pytest.raises(InvalidRequestError, match="Use one of a, b, c"):
        by_cells(rows, "always:z")
    with pytest.raises(NotFoundError):
        evaluate_lake(lake, tmp_path, EvaluationQuestion("nothing", "uniform"))
