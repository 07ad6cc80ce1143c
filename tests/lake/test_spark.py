"""Spark gives the same numbers as DuckDB: `make spark` installs what it takes and runs this."""

from __future__ import annotations

import shutil
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from funnel_traffic import DAY, START, failing, traffic, written
from report_traffic import traffic as decided
from report_traffic import written as archived

from nudge.domain.funnel import Period, Question
from nudge.domain.funnel_file import load_funnel
from nudge.flows.funnel import funnel
from nudge.lake.query import answer, connect, figures, joined, performance, recount
from nudge.lake.reader import Lake

pytest.importorskip("pyspark", reason="Spark is not installed: make spark")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java, and there is none", allow_module_level=True)

PATH = load_funnel(Path(__file__).parents[2] / "config")
WEEK = 7 * DAY


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two weeks of visitors, with a leak in the second."""
    weeks = (
        traffic(200, START, 0),
        traffic(200, START + WEEK, 1, failing("app", "gateway_down", 0.5)),
    )
    return written(tmp_path_factory.mktemp("spark") / "lake", chain(*weeks))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Three days of decisions, exposures and rewards, with files of which not all rows count."""
    return archived(tmp_path_factory.mktemp("spark") / "lake", decided(visits=900))


@pytest.mark.parametrize("by", ["channel", "variant:banner"])
def test_the_funnel_is_the_same(visited: Lake, by: str) -> None:
    """The whole report, by what decisions or exposures tell: counts, medians, paths, leaks."""
    question = Question(Period(START + WEEK, START + 2 * WEEK), by, "week")
    assert funnel(visited, PATH, question, "spark") == funnel(visited, PATH, question)


def test_performance_is_the_same(shown: Lake) -> None:
    """Exposures, conversions, value and squares by revision, reason and variant."""
    assert performance(shown, "banner", "spark") == performance(shown, "banner")
    assert performance(shown, "banner")
    assert _sums(shown, "spark") == _sums(shown, "duckdb")


def _sums(lake: Lake, engine: str) -> list[Any]:
    backend = connect(lake, engine)
    return sorted((row["partition"], figures(row)) for row in answer(backend, recount(backend)))


def test_the_joined_form_is_the_same(shown: Lake) -> None:
    """Each decision with its exposure, reward and whether it is final."""
    found = []
    for engine in ("duckdb", "spark"):
        backend = connect(shown, engine)
        rows = answer(backend, joined(backend, "banner"))
        found.append({row["decision_id"]: _plain(row) for row in rows})
    assert found[0] == found[1]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    same = {name: int(row[name]) for name in ("u", "partition") if name in row}
    return row | same | {"context": dict(row["context"])}
