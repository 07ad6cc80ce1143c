"""Cases as CSV, for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from nudge.domain.care.case_view import COLUMNS, case_row
from nudge.domain.reports.report_table import BOM, spreadsheet_text


def case_csv(views: Iterable[Mapping[str, Any]]) -> str:
    """Return views of cases as CSV; text that looks like a formula is quoted."""
    target = StringIO()
    target.write(BOM)
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    for view in views:
        row = case_row(view)
        writer.writerow([spreadsheet_text(row.get(name)) for name in COLUMNS])
    return target.getvalue()
