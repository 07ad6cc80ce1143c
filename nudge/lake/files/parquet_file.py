"""Encoding of plain rows as the bytes of a Parquet file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Encode rows, all with the same columns, as the bytes of a Parquet file."""
    columns = list(rows[0]) if rows else []
    table = pa.table({name: _column([row[name] for row in rows]) for name in columns})
    target = BytesIO()
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


def _column(values: Sequence[Any]) -> pa.Array:
    found = pa.array(values)
    # A figure that no row has is still a figure.
    return found.cast(pa.float64()) if pa.types.is_null(found.type) else found
