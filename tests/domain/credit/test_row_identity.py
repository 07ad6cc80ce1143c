"""The identity of a row of a historical log."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.credit.import_values import RowError
from nudge.domain.credit.row_identity import RowDigests, are_known, content_of, digest_of

NOW = 1_795_000_000.0
AT = 1_790_000_000.0
KEY = b"k" * 32


def digests(rows: list[int], *, named: bool = False) -> RowDigests:
    found = RowDigests(named)
    for row in rows:
        found.add(digest_of(KEY, "banner", "", row))
    return found


def texts(rows: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in rows]


@given(st.lists(st.integers(0, 5), max_size=60), st.lists(st.integers(0, 5), max_size=60))
def test_f13_known_rows_are_those_that_both_files_have_counted(
    old: list[int], new: list[int]
) -> None:
    """Of equal rows as many are known as the first file had, whatever the order of either."""
    before, _ = digests(old).finish()
    rows, repeats = digests(new).finish()
    assert len(set(texts(before))) == len(old)
    known = are_known(rows, before)
    assert int(known.sum()) == (Counter(old) & Counter(new)).total()
    assert not repeats.any()


@given(st.lists(st.integers(0, 5), max_size=60))
def test_f13_of_rows_with_one_id_the_first_counts(rows: list[int]) -> None:
    """The others repeat it."""
    _, repeats = digests(rows, named=True).finish()
    assert int((~repeats).sum()) == len(set(rows))


@pytest.mark.parametrize(
    "row",
    [
        {"at": str(int(AT)), "reward": "1", "variant": "30", "context": {"tier": "2"}},
        {"at": AT, "reward": 1.0, "variant": 30.0, "context": {"tier": 2}, "page": None},
        {
            "at": datetime.fromtimestamp(AT, UTC),
            "reward": Decimal("1.00"),
            "variant": " 30 ",
            "context": {"tier": 2.0, "city": ""},
        },
    ],
)
def test_f13_content_has_one_form_whatever_tool_wrote_it(row: dict[str, object]) -> None:
    """Text, numbers and typed columns of the same log are the same rows."""
    content = {"at": AT, "reward": 1.0, "variant": "30", "context": {"tier": 2.0}}
    assert content_of(row, NOW) == content


def test_a_digest_needs_the_key_and_tells_slots_and_series_apart() -> None:
    """A plain hash of a number is reversed in an hour."""
    made = {
        digest_of(key, slot, series, "13812345678")
        for key in (KEY, b"other")
        for slot in ("banner", "prefill")
        for series in ("", "north")
    }
    assert len(made) == 8


def test_a_value_that_cannot_be_read_is_refused() -> None:
    """Its column is named, its text is not."""
    with pytest.raises(RowError, match="reward is not a number") as caught:
        content_of({"reward": "13812345678x", "context": {}}, NOW)
    assert "138" not in str(caught.value)
