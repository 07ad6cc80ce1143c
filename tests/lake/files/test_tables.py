"""Rows of the lake lose nothing of the journal's entries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lake_samples import DECISION, MARK, MIDNIGHT, RECORDS, SEALER, entries

from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import JournalEntry
from nudge.errors import CorruptRecordError
from nudge.lake.files import restore, tables


def test_rows_give_back_equal_entries() -> None:
    """Entries -> rows -> entries is the identity, types and the last bit of times included."""
    before = entries()
    after = restore.entries(tables.rows(before, SEALER.seal_each), SEALER.unseal)
    assert after == before
    assert [repr(entry) for entry in after] == [repr(entry) for entry in before]


def test_decisions_of_one_position_come_back_in_order() -> None:
    """The index is in the id; a decision whose place is the entry's own was given no reference."""
    made = [replace(DECISION, u=i, due=1.8e9 + i if i % 2 else None) for i in range(5)]
    before = [JournalEntry(2, 7, MIDNIGHT, one, i) for i, one in enumerate(made)]
    rows = tables.rows([*before[::-1], JournalEntry(2, 8, MIDNIGHT, MARK)], SEALER.seal_each)
    assert restore.entries(rows, SEALER.unseal) == [*before, JournalEntry(2, 8, MIDNIGHT, MARK)]
    assert len(set(rows["decisions"]["decision_id"].to_pylist())) == len(before)


def test_every_stamp_of_the_store_survives() -> None:
    """Stamps are whole milliseconds; each comes back as the same float."""
    stamps = [(1_790_000_000_000 + 7 * i) / 1000 for i in range(2000)]
    before = [JournalEntry(0, i + 1, stamp, MARK) for i, stamp in enumerate(stamps)]
    assert restore.entries(tables.rows(before, SEALER.seal_each), SEALER.unseal) == before


def test_rows_carry_place_and_clamped_time() -> None:
    """`at` is never behind `logged_at`; `at_seconds` is what the record said."""
    (late,) = entries((replace(DECISION, at=MIDNIGHT + 9e9),))
    row = tables.rows([late], SEALER.seal_each)["decisions"].to_pylist()[0]
    assert (row["partition"], row["position"]) == (2, 1)
    assert row["at"] == row["logged_at"]
    assert row["at_seconds"] == MIDNIGHT + 9e9
    assert SEALER.unseal(row["decision_id"]) == late.ref


def test_the_context_is_plain_text_in_the_map_and_typed_in_the_json() -> None:
    """Queries compare text without quotes; readers that need types have the JSON."""
    row = tables.rows(entries((DECISION,)), SEALER.seal_each)["decisions"].to_pylist()[0]
    assert dict(row["context"]) == {
        "device": "ios",
        "amount": "50",
        "rate": "50.0",
        "new": "true",
        "city": None,
    }
    assert row["context_json"] == '{"device":"ios","amount":50,"rate":50.0,"new":true,"city":null}'


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORDS[5], square=2**63),
        replace(RECORDS[8], at=float("nan")),
        replace(RECORDS[10], fields={"bytes": b"\xff"}),
    ],
)
def test_what_does_not_fit_is_refused_and_named(record: object) -> None:
    """A record that a table cannot hold stops the archive; it is not cut to fit."""
    with pytest.raises(CorruptRecordError, match="2/1"):
        tables.rows(entries((record,)), SEALER.seal_each)  # type: ignore[arg-type]


def test_ids_of_another_secret_are_refused() -> None:
    """Rebuilding with the wrong secret key is an error and no nonsense."""
    rows = tables.rows(entries(), SEALER.seal_each)
    with pytest.raises(CorruptRecordError, match="another secret"):
        restore.entries(rows, Sealer(b"another-secret-key").unseal)
