"""Logs as batches: what is read is what was written, what cannot be used is counted or told."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake_samples import DECISION, EXPOSURE, MIDNIGHT, REWARD, SEALER

from bandits.evaluation import Log
from nudge.domain.journal.records import JournalEntry, Record, Ref
from nudge.errors import InvalidConfigError
from nudge.lake.evaluation.log_batches import LogBatches, survey_log
from nudge.lake.evaluation.log_columns import Columns
from nudge.lake.evaluation.log_features import DISTINCT, FEW, Levels
from nudge.lake.evaluation.log_matrices import hash_texts
from nudge.lake.evaluation.logs import open_log
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.intake.bad_row import BadRow

NAMED = pa.map_(pa.string(), pa.string())
JOINED = {
    "subject": ["s1", "s2", "s1", None],
    "context": pa.array([[("city", "x")], [("city", "y")], [], [("city", "y")]], NAMED),
    "eligible": [["a", "b"], ["b", "c"], ["a", "b", "c"], ["a", "b"]],
    "pmf": [[0.3, 0.7], [0.6, 0.4], [0.2, 0.2, 0.6], [0.5, 0.5]],
    "variant": ["b", "c", "a", "b"],
    "propensity": [0.7, 0.4, 0.2, 0.5],
    "reward": [1.0, 0.0, 2.5, 0.0],
}


def parquet(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def read(path: Path, columns: Columns) -> list[Log]:
    log = open_log(path)
    return list(LogBatches(log, columns, survey_log(log, columns)))


def test_lists_over_the_eligible_become_matrices_over_the_variants(tmp_path: Path) -> None:
    """Row by row, as the record says; two rows of a subject have the same hash."""
    log = open_log(parquet(tmp_path / "log", **JOINED))
    (found,) = LogBatches(log, Columns(), survey_log(log, Columns()))
    assert found.variant.tolist() == [1, 2, 0, 1]
    assert found.pmf is not None
    assert found.pmf.tolist() == [[0.3, 0.7, 0], [0, 0.6, 0.4], [0.2, 0.2, 0.6], [0.5, 0.5, 0]]
    assert found.eligible is not None
    assert (found.eligible == (found.pmf > 0)).all()
    assert found.features is not None
    assert found.features.tolist() == [[1, 0], [0, 1], [0, 0], [0, 1]]
    assert found.subject is not None
    assert [s == found.subject[0] for s in found.subject] == [True, False, True, False]


def test_a_context_reads_the_same_from_map_struct_and_json(tmp_path: Path) -> None:
    """Pandas writes structs, CSV has text only."""
    values = [{"city": "x", "age": 3}, {"city": "y"}, {}, {"city": "y", "age": 4}]
    texts = [json.dumps(one) for one in values]
    as_map = [[(k, v if k == "city" else str(v)) for k, v in one.items()] for one in values]
    found = []
    for i, context in enumerate((pa.array(as_map, NAMED), pa.array(values), pa.array(texts))):
        log = open_log(parquet(tmp_path / str(i), **{**JOINED, "context": context}))
        (one,) = LogBatches(log, Columns(), survey_log(log, Columns()))
        assert one.features is not None
        found.append(one.features.tolist())
    assert found[0] == found[1] == found[2]
    assert found[0][0] == [1, 0, 1, 0]


def test_every_row_that_is_not_used_is_counted_once(tmp_path: Path) -> None:
    """Under the first reason that holds; what is left is used."""
    log = open_log(
        parquet(
            tmp_path / "log",
            variant=["a"] * 6,
            propensity=[1.0] * 6,
            reward=[0.0, 1.0, None, 1.0, 1.0, None],
            reason=["policy", "holdout", "policy", "policy", "policy", None],
            matured=[True, True, True, False, True, False],
            quarantined=[False, True, False, False, True, False],
        )
    )
    survey = survey_log(log, Columns())
    assert survey.left_out == {
        "reason_not_policy": 2,
        "not_exposed": 1,
        "not_matured": 1,
        "quarantined": 1,
    }
    (found,) = LogBatches(log, Columns(), survey)
    assert found.reward.tolist() == [0.0]


def test_the_lake_is_read_as_its_joined_form(tmp_path: Path) -> None:
    """Manifests only; unexposed, unmatured and other slots' decisions are not used."""
    shown = [replace(EXPOSURE, decision=Ref(0, i), at=MIDNIGHT) for i in (1, 2)]
    records: list[Record] = [DECISION, replace(DECISION, variant="a", propensity=0.1), DECISION]
    records += [replace(DECISION, slot="other"), *shown, replace(REWARD, decision=Ref(0, 1))]
    entries = [
        JournalEntry(0, i + 1, MIDNIGHT + 600 + i, record) for i, record in enumerate(records)
    ]
    of = Range(0, 0, len(entries))
    files = writer.write(tmp_path, [of], [entries], SEALER.seal_each)
    manifest.write(tmp_path, Manifest(of, files[0], MIDNIGHT + 2 * 86_400))
    log = open_log(tmp_path, "banner")
    survey = survey_log(log, Columns())
    assert (survey.variants, dict(survey.left_out)) == (("a", "b"), {"not_exposed": 1})
    batches = list(LogBatches(log, Columns(), survey))
    variants = np.concatenate([one.variant for one in batches])
    rewards = np.concatenate([one.reward for one in batches])
    assert sorted(zip(variants.tolist(), rewards.tolist(), strict=True)) == [(0, 0.0), (1, 1.0)]
    with pytest.raises(InvalidConfigError, match=r"--slot: banner, other"):
        open_log(tmp_path, "unknown")


CSV = "variant,propensity,reward\na,0.5,1\nb,0.5,0\n"


@pytest.mark.parametrize(
    ("text", "columns", "told"),
    [
        ("", Columns(), "is empty; the first line has to name the columns"),
        ("variant,reward\na,1\n", Columns(), r"no column 'propensity'; .*--propensity"),
        (CSV, Columns(reward="visit"), r"no column 'visit'; .*--reward-column"),
        (CSV, Columns(features=("age",)), r"no column 'age'; .*--features"),
    ],
)
def test_what_is_wrong_is_told_with_file_row_column_and_cure(
    tmp_path: Path, text: str, columns: Columns, told: str
) -> None:
    """One line that says where it is and what would be right."""
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(InvalidConfigError, match=told) as raised:
        read(path, columns)
    assert str(path) in str(raised.value)


def refused(
    path: Path, columns: Columns, variants: tuple[str, ...] = ()
) -> tuple[int, list[tuple[int, str]]]:
    """Rows that are used, and those that are refused with the first word of their problem."""
    bad: list[BadRow] = []
    log = open_log(path)
    survey = survey_log(log, columns, variants, refuse=bad.append)
    used = sum(len(one) for one in LogBatches(log, columns, survey))
    return used, [(one.line, one.problem) for one in bad]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a,high,1", "'propensity' is no probability"),
        ("a,0.5", "has 2 cells, the header has 3"),
        (",0.5,1", "'variant' is empty"),
        ("a,0.5,1e308", "'reward' is no number up to 1e+12"),
        ("a,0.5,-1e300", "'reward' is no number up to 1e+12"),
        ("a,0.5,nan", "'reward' is no number"),
        ("a,0.5,-Infinity", "'reward' is no number"),
        ("a,0.5,12_000", "'reward' is no number"),
        ("a,1e-308,1", "'propensity' is no probability"),
        ("a,-0.5,1", "'propensity' is no probability"),
        ("a,0,1", "'propensity' is no probability"),
        ("a,1.5,1", "'propensity' is no probability"),
        ("a,inf,1", "'propensity' is no probability"),
        ("a,,1", "'propensity' is no probability"),
    ],
)
def test_f38_a_row_that_no_estimate_can_carry_is_named_and_left_out(
    tmp_path: Path, line: str, told: str
) -> None:
    """By its line, which the message does not repeat; the rows around it are used."""
    path = tmp_path / "log.csv"
    path.write_text(CSV + line + "\nb,0.5,0\n")
    used, bad = refused(path, Columns())
    assert used == 3
    assert [at for at, _ in bad] == [4]
    assert told in bad[0][1]
    assert not set(line.split(",")) & set(bad[0][1].split())


@pytest.mark.parametrize(
    ("change", "row", "told"),
    [
        ({"pmf": [[1.0], [0.6, 0.4], [0.2, 0.2, 0.6], [0.5, 0.5]]}, 1, "'pmf' is of the wrong"),
        ({"pmf": [[0.3, 0.7], [1e308, 0.4], [0.2, 0.2, 0.6], [0.5, 0.5]]}, 2, "'pmf' is no list"),
        ({"eligible": [["a", "b"], ["b", "d"], ["a", "b", "c"], ["a", "b"]]}, 2, "unknown variant"),
        (
            {"eligible": ['["a","b"]', "[", '["a","b","c"]', '["a","b"]']},
            2,
            "'eligible' is no list",
        ),
        ({"context": ["{}", "{", "{}", "{}"]}, 2, "'context' is no JSON table"),
        ({"variant": ["b", "c", "x", "b"]}, 3, "is not among the variants"),
        ({"reward": ["1", "0", "much", "0"]}, 3, "'reward' is no number"),
        ({"matured": ["true", "false", "maybe", "1"]}, 3, "'matured' is neither true nor false"),
        ({"target": [0.5, 0.5, math.nan, 1.0]}, 3, "'target' is no probability"),
        ({"target": [0.5, -0.5, 0.5, 1.0]}, 2, "'target' is no probability"),
        ({"target": ["[0,0,1]", "[1,0,0]", "[1,1e9,0]", "[1,0,0]"]}, 3, "'target' is no list"),
        ({"target": ["[0,0,1]", "[1,0,0]", "[0,1]", "[1,0,0]"]}, 3, "'target' is of the wrong"),
        ({"target": ["[0,0,1]", "[1,0,0]", "[1,1,0]", "[1,0,0]"]}, 3, "'target' is no distrib"),
    ],
)
def test_f38_values_that_do_not_fit_are_told_with_their_row(
    tmp_path: Path, change: dict[str, object], row: int, told: str
) -> None:
    """Each costs its row alone: a distribution over the eligible, a table, a flag, a target."""
    path = parquet(tmp_path / "log", **{**JOINED, **change})
    columns = Columns(target="target" if "target" in change else None)
    used, bad = refused(path, columns, ("a", "b", "c"))
    assert [(at, told in problem) for at, problem in bad] == [(row, True)]
    assert used == 3 - ("matured" in change)


def test_f38_a_column_of_a_type_that_cannot_be_is_told_as_a_whole(tmp_path: Path) -> None:
    """Not row by row: the file means something else."""
    for change in ({"context": [1, 2, 3, 4]}, {"reward": [[1], [2], [3], [4]]}, {"pmf": [1] * 4}):
        path = parquet(tmp_path / "log", **{**JOINED, **change})
        with pytest.raises(InvalidConfigError, match=rf"column '{next(iter(change))}'.* holds "):
            read(path, Columns())


def test_equal_texts_have_equal_hashes_wherever_they_stand() -> None:
    """Texts of one width take another way than those of many: the numbers are the same."""
    same = hash_texts(pa.array([b"ab", b"cd", b"ab"]))
    mixed = hash_texts(pa.array([b"", b"cd", b"abc", b"ab", b"ab\0"]).slice(1))
    assert same[0] == same[2] == mixed[2]
    assert same[1] == mixed[0]
    assert len(set(mixed.tolist())) == 4


def levels(texts: list[str | None]) -> Levels:
    found = Levels()
    for start in range(0, len(texts), 1000):
        found.add(pa.array(texts[start : start + 1000], pa.string()))
    return found


@pytest.mark.parametrize("text", [str, "n{}".format])
def test_few_levels_get_a_column_each_and_many_numbers_one(text: Callable[[int], str]) -> None:
    """Numbers are scaled; of many names the most frequent are kept; memory is bounded."""
    few = levels([text(i % 3) for i in range(99)] + [None]).feature("x")
    assert few is not None
    assert few.columns(pa.array([text(2), text(9), None])).tolist() == [[0, 0, 1], [0] * 3, [0] * 3]
    counted = levels([text(i % 3000 if i < 3000 else 7) for i in range(6000)])
    assert len(counted.counts) == DISTINCT
    many = counted.feature("x")
    assert many is not None
    assert many.width == (1 if text is str else FEW)
    assert np.isfinite(many.columns(pa.array([text(7), None]))).all()
    assert text is str or text(7) in many.levels


def test_a_number_is_scaled_by_the_whole_logs_mean_and_spread() -> None:
    """The unknown is 0, the mean; what is far out is capped."""
    made = levels([str(i) for i in range(101)]).feature("x")
    assert made is not None
    spread = np.arange(101).std()
    found = made.columns(pa.array(["50", None, str(50 + spread), "1e9"]))[:, 0]
    assert found.tolist() == pytest.approx([0, 0, 1, 5])
