"""Cells: defined for any value, bounded in number, equal for one visitor and a batch."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.config import AttributeSpec
from bandits.features import CellSpec, levels

ATTRIBUTES = (
    AttributeSpec("channel", "category", ("web", "wap", "app", "1", "true")),
    AttributeSpec("balance", "number", (10.0, 30.0, 100.0)),
    AttributeSpec("mobile", "flag"),
    AttributeSpec("free", "category"),
)
SPEC = CellSpec.build(ATTRIBUTES)
NOTHING = ".".join("0000")
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just([1]),
    st.sampled_from(["web", "wap", 10, 30.0, 1, 0, 10**400, math.nan]), st.binary(max_size=2),
)  # fmt: skip


def column(values: list[object]) -> np.ndarray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING), min_size=1, max_size=8))
def test_a_batch_gives_each_visitor_the_cell_it_gets_alone(rows: list[tuple[object, ...]]) -> None:
    """The cells of a batch equal those of its visitors alone, and no value is an error."""
    names = ("channel", "balance", "mobile")
    contexts = {name: column([row[i] for row in rows]) for i, name in enumerate(names)}
    alone = [SPEC.cell(dict(zip(names, row, strict=True))) for row in rows]
    assert SPEC.cells(contexts).tolist() == alone
    lists = {name: values.tolist() for name, values in contexts.items()}
    assert SPEC.cells(lists).tolist() == alone
    assert [SPEC.label(SPEC.code_of(cell)) for cell in alone] == alone


@given(st.lists(st.floats(width=32) | st.sampled_from([0.0, 1.0, 10.0, 100.0]), min_size=1))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_typed_columns_read_as_their_values_do(dtype: type, values: list[float]) -> None:
    """A float column takes the fast path and gives the same levels."""
    typed = np.array(values, dtype=dtype)
    for name in ("channel", "balance", "mobile"):
        assert SPEC.cells({name: typed}).tolist() == [SPEC.cell({name: v}) for v in typed]


def test_levels_are_those_of_the_documentation() -> None:
    """Levels: place in the list, 1 + cut points at or below, 1 or 2 for a flag, 0 for unknown."""
    assert SPEC.cell({"channel": "app", "balance": 30, "mobile": True}) == "3.3.2.0"
    assert SPEC.cell({"channel": "tv", "balance": "30", "mobile": "yes"}) == NOTHING
    assert SPEC.cell({"channel": 1.0, "balance": -5, "mobile": 0}) == "4.1.1.0"
    assert SPEC.cell({}) == NOTHING
    assert levels("3.3.2.0") == (3, 3, 2, 0)
    assert CellSpec.build(()).cell({"x": 1}) == "-"
    assert levels("-") == ()


@given(st.integers(1, 200))
def test_cells_are_bounded_by_coarsening_from_the_last(most: int) -> None:
    """There are never more than max_cells, and the first attributes keep their levels longest."""
    spec = CellSpec.build(ATTRIBUTES, most)
    assert spec.count <= most
    coarse = [size == 1 for size in spec.sizes]
    assert coarse == sorted(coarse)
    assert len(levels(spec.cell({"channel": "web", "mobile": True}))) == 4


@pytest.mark.parametrize("cell", ["", "1", "9.0.0.0", "0.0.0.1", "a.b.c.d", "-", "-1.0.0.0"])
def test_a_cell_of_another_spec_has_no_code(cell: str) -> None:
    """A cell of an earlier revision has code -1 and is not misread."""
    assert SPEC.code_of(cell) == -1


def test_the_version_follows_what_changes_a_cell() -> None:
    """The version changes with attributes, cut points and coarsening, and with nothing else."""
    assert SPEC.version == CellSpec.build(ATTRIBUTES).version
    assert SPEC.version != CellSpec.build(ATTRIBUTES, 10).version
    assert SPEC.version != CellSpec.build(ATTRIBUTES[:2]).version
    assert CellSpec.from_header(SPEC.header()).version == SPEC.version
