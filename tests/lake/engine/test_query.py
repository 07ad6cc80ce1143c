"""The joined form and the recount, against a case worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ibis.expr.types import Table
from lake_samples import DECISION, EXPOSURE, MIDNIGHT, REVENUE, REWARD, SEALER

from nudge.domain.journal.records import AWAY, JournalEntry, Record, Ref
from nudge.lake.engine.query import (
    Figures,
    answer,
    connect,
    joined_form,
    name_rows,
    performance,
    recount,
)
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake

BIG = 3_000_000_000
"""Fen; its square just fits into 64 bits, the sum of two does not."""


def shown(position: int, **changes: object) -> Record:
    """The exposure of the decision at a position, at midnight."""
    return replace(EXPOSURE, decision=Ref(0, position), at=MIDNIGHT, **changes)


def paid(position: int, at: float, value: int, sign: int = 1, **changes: object) -> Record:
    """A reward of the decision at a position, or (sign -1) its taking back."""
    return replace(
        REWARD,
        reward_id=f"{position}-{at}-{sign}",
        decision=Ref(0, position),
        conversions=sign,
        value=sign * value,
        square=sign * value**2,
        exposed_at=MIDNIGHT,
        at=at,
        **changes,
    )


RECORDS: tuple[Record, ...] = (
    DECISION,  # 1: shown, converted, matured
    replace(DECISION, variant="a", propensity=0.1),  # 2: shown, nothing, matured
    DECISION,  # 3: never shown
    DECISION,  # 4: shown, the reward was taken back
    replace(DECISION, slot="denomination", terms=REVENUE),  # 5: shown, 50 yuan, not matured
    replace(DECISION, ref=Ref(0, AWAY + 3), reason="holdout"),  # 6: made with the store away
    shown(1),
    shown(2, variant="a", propensity=0.1),
    shown(4),
    shown(5, slot="denomination", window=9e6),
    shown(AWAY + 3, reason="holdout"),
    paid(1, MIDNIGHT + 60, BIG),
    paid(4, MIDNIGHT + 60, 5000),
    paid(5, MIDNIGHT + 90, 5000, slot="denomination"),
    paid(4, MIDNIGHT + 120, 5000, sign=-1),
    paid(AWAY + 3, MIDNIGHT + 30, BIG, reason="holdout"),
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """The records, a second apart from ten past midnight on, credited until two days later."""
    lake = Lake(tmp_path / "lake")
    entries = [
        JournalEntry(0, i + 1, MIDNIGHT + 600 + i, record) for i, record in enumerate(RECORDS)
    ]
    for after, upto in ((0, 7), (7, len(entries))):
        of = Range(0, after, upto)
        files = writer.write(lake.root, [of], [entries[after:upto]], SEALER.seal_each)
        manifest.write(lake.root, Manifest(of, files[0], MIDNIGHT + 2 * 86_400))
    return lake


def test_joined_is_one_row_a_decision_with_exposure_and_reward(lake: Lake) -> None:
    """Reward is in the objective's unit, null without exposure; matured only behind the window."""
    backend = connect(lake)
    rows = {SEALER.unseal(r["decision_id"]): r for r in answer(backend, joined_form(backend))}
    assert len(rows) == 6
    seconds = {
        ref: (
            row["exposed_at"] and row["exposed_at"].second,
            row["reward"],
            row["conversions"],
            row["value_fen"],
            row["rewarded_at"] and row["rewarded_at"].minute * 60 + row["rewarded_at"].second,
            row["matured"],
        )
        for ref, row in rows.items()
    }
    assert seconds == {
        Ref(0, 1): (0, 1.0, 1, BIG, 60, True),
        Ref(0, 2): (0, 0.0, 0, 0, None, True),
        Ref(0, 3): (None, None, None, None, None, False),
        Ref(0, 4): (0, 0.0, 0, 0, None, True),
        Ref(0, 5): (0, 50.0, 1, 5000, 90, False),
        Ref(0, AWAY + 3): (0, 1.0, 1, BIG, 30, True),
    }


def test_joined_has_the_columns_of_the_fixed_format_in_order(lake: Lake) -> None:
    """Evaluation, exports and Spark rely on these names."""
    backend = connect(lake)
    assert " ".join(joined_form(backend).columns) == (
        "decision_id at slot slot_revision subject channel page context eligible pmf u variant "
        "propensity reason policy policy_version exposed_at reward conversions value_fen "
        "rewarded_at matured quarantined floor"
    )
    (row,) = answer(backend, joined_form(backend, "denomination"))
    assert row["u"] == DECISION.u
    assert row["pmf"] == [0.1, 0.9]
    assert row["eligible"] == ["a", "b"]
    assert dict(row["context"])["device"] == "ios"


def test_nothing_is_matured_that_attribute_has_not_credited(tmp_path: Path) -> None:
    """Without a watermark in the manifests no reward is called final, however old."""
    lake = Lake(tmp_path)
    entries = [
        JournalEntry(0, i + 1, MIDNIGHT + 600 + i, record) for i, record in enumerate(RECORDS)
    ]
    of = Range(0, 0, len(entries))
    files = writer.write(lake.root, [of], [entries], SEALER.seal_each)
    manifest.write(lake.root, Manifest(of, files[0], None))
    backend = connect(lake)
    assert not any(row["matured"] for row in answer(backend, joined_form(backend)))


def test_named_rows_are_those_of_their_expression_and_have_no_name_afterwards(lake: Lake) -> None:
    """Also where the expression holds a table of this process, and a query over the name fails."""
    backend = connect(lake)
    counted = recount(backend, {0: 12})

    def names() -> int:
        """Their number; Ibis's own list of tables does not work with the DuckDB that is locked."""
        query = "SELECT view_name FROM duckdb_views() WHERE view_name LIKE 'named%'"
        return len(backend.raw_sql(query).fetchall())

    def rows(table: Table) -> list[dict[str, Any]]:
        return answer(backend, table.order_by(*table.columns[:5]))

    with name_rows(backend, counted) as named:
        assert rows(named) == rows(counted) != []
        assert names() == 1
    with pytest.raises(ZeroDivisionError), name_rows(backend, counted):
        raise ZeroDivisionError
    assert names() == 0


def test_performance_is_the_exact_sum_of_the_rows(lake: Lake) -> None:
    """Integers of any size are added exactly; what was taken back is gone."""
    assert performance(lake, "banner") == [
        Figures("banner", 3, "holdout", "b", 1, 1, BIG, BIG**2),
        Figures("banner", 3, "policy", "a", 1, 0, 0, 0),
        Figures("banner", 3, "policy", "b", 2, 1, BIG, BIG**2),
    ]
    assert performance(lake, "denomination")[0].value == 5000
    assert performance(lake, "unknown") == []


def test_recount_stops_at_the_position_given(lake: Lake) -> None:
    """A fold that is behind the lake is compared with what it has seen."""
    backend = connect(lake)
    counted = answer(backend, recount(backend, {0: 12}))
    assert sum(int(row["exposures"]) for row in counted) == 5
    assert sum(int(row["conversions"]) for row in counted) == 1
    assert answer(backend, recount(backend, {1: 12})) == []
