"""Repeats in a file of visitors: rows of a visitor who had a row before.

Only a hash of each id is in memory: 16 bytes a row with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from bandits.arrays import IntArray
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.people.loading import ID
from nudge.domain.timing.plan_columns import PURPOSE
from nudge.domain.values.ids import parse_id
from nudge.domain.values.refusal import ValueRefusedError
from nudge.lake.intake.block import RowBlock
from nudge.lake.intake.input_file import InputFile

NOTHING: Final = np.empty((2, 0), np.int64)


def find_repeats(file: InputFile, rules: InputRules, purpose: str) -> IntArray:
    """Find rows of visitors who had a row before, for the same purpose.

    Args:
        file: with a column of ids.
        rules: for values from outside.
        purpose: of rows that name none.

    Returns:
        (2, n) places of such rows, in order, and of the first row of each one's visitor.
    """
    names = [name for name in (ID, PURPOSE) if name in file.columns]
    parts = [_keys_of(block, rules, purpose) for block in file.blocks(names)]
    if not parts:
        return NOTHING
    keys, lines = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    same = np.concatenate([[False], ranked[1:] == ranked[:-1]])
    if not same.any():
        return NOTHING
    starts = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    found = np.stack([lines[order[same]], lines[order[starts[same]]]])
    in_order: IntArray = found[:, np.argsort(found[0], kind="stable")]
    return in_order


def read_repeats(path: Path) -> dict[int, int]:
    """Read repeats from a file: place -> place of the first row of the same visitor."""
    found = np.load(path)
    return dict(zip(found[0].tolist(), found[1].tolist(), strict=True))


def _keys_of(block: RowBlock, rules: InputRules, purpose: str) -> tuple[IntArray, IntArray]:
    """Return a hash of visitor and purpose of each row with an id, and its place."""
    if block.batch.schema.names == [ID] and pa.types.is_string(block.batch.schema.types[0]):
        # Most files: no row need be made of a cell.
        texts, places = list(_ids(block.batch.column(0).to_pylist())), block.lines
        named = [text is not None for text in texts]
        return np.fromiter(map(hash, texts), np.int64, len(texts))[named], places[named]
    rows = block.row_batch()
    places = np.asarray(rows.lines, np.int64)
    texts = list(_ids(row.get(ID) for row in rows.rows))
    named = [text is not None for text in texts]
    found: Iterable[object] = texts
    if rows.rows and PURPOSE in rows.rows[0]:
        found = zip(texts, _purposes(rows.rows, rules, purpose), strict=True)
    keys = np.fromiter(map(hash, found), np.int64, len(texts))
    return keys[named], places[named]


def _ids(values: Iterable[object]) -> Iterator[str | None]:
    """Yield ids as they are kept; None for what is none."""
    for value in values:
        # Most are plain text: nothing of them changes but the blanks around them.
        if type(value) is str and "." not in value and value.isascii():
            yield value.strip() or None
            continue
        yield _parsed(value)


def _parsed(value: object) -> str | None:
    try:
        return parse_id(value)
    except ValueRefusedError:
        return None


def _purposes(rows: Iterable[Mapping[str, object]], rules: InputRules, own: str) -> Iterator[str]:
    """Yield the purposes of rows; those that mean nothing are all one."""

    @lru_cache(maxsize=64)
    def meant(value: object) -> str:
        if value is None or value == "":
            return own
        try:
            return rules.purposes.parse(value)
        except ValueRefusedError:
            return ""

    return (meant(row[PURPOSE]) for row in rows)
