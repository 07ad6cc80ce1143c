"""Export of proofs of consent as a table: CSV or Parquet, written batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from nudge.domain.reports.report_table import spreadsheet_text
from nudge.errors import InvalidRequestError
from nudge.lake.files.disk import publish, temporary, translate_errors

FORMATS: Final = (".csv", ".parquet")
COLUMNS: Final = (
    *("subject", "hash", "at", "channel", "given", "text_version", "source", "word", "event"),
    "ended",
)
_SCHEMA: Final = pa.schema(
    [(name, pa.bool_() if name == "given" else pa.string()) for name in COLUMNS]
)
ProofRows = Sequence[Mapping[str, str | bool | None]]


def write_proofs(batches: Iterable[ProofRows], path: Path) -> int:
    """Write proofs to a file, which appears under its name only when it is whole.

    Args:
        batches: rows with the columns of the table.
        path: its suffix tells the format, `.csv` or `.parquet`.

    Returns:
        How many rows it has.

    Raises:
        InvalidRequestError: another suffix.
        LakeAwayError: the file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise InvalidRequestError(f"{path}: unknown format; end the name in .csv or .parquet")
    plain = path.suffix.lower() == ".csv"
    with translate_errors(f"cannot write {path}"):
        draft = temporary(path)
        try:
            rows = _write(batches, draft, plain=plain)
            publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return rows


def _write(batches: Iterable[ProofRows], draft: Path, *, plain: bool) -> int:
    rows = 0
    made = csv.CSVWriter(draft, _SCHEMA) if plain else pq.ParquetWriter(draft, _SCHEMA)
    with made as writer:
        for batch in batches:
            shown = [_quoted(one) for one in batch] if plain else list(batch)
            if shown:
                writer.write_batch(pa.RecordBatch.from_pylist(shown, schema=_SCHEMA))
            rows += len(shown)
    return rows


def _quoted(row: Mapping[str, str | bool | None]) -> dict[str, object]:
    """Return a row whose words no spreadsheet takes for formulas."""
    return {k: spreadsheet_text(v) if isinstance(v, str) else v for k, v in row.items()}
