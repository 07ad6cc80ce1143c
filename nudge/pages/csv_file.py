"""CSV files of the pages' tables, in which no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from flask import Response

MARK: Final = "﻿"
"""Without it spreadsheets read UTF-8 as the machine's own encoding, and Chinese is lost."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a table as a CSV file.

    Args:
        name: of the file, without its end.
        header: names of the columns.
        rows: cells; None is empty. Numbers stay numbers.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([plain_cell(one) for one in header])
    writer.writerows([plain_cell(one) for one in row] for row in rows)
    response = Response(MARK + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def plain_cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula, which a quote before it prevents."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
