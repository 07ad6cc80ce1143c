"""A report as a file for spreadsheets."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from nudge.domain.reports.report_table import BOM, as_csv

SAID = {
    "kind": "winner",
    "reason": "separated",
    "since": "2026-11-03",
    "zh": "“甲” 优于 B。",
    "en": "“A, b” beats B.",
}


def report() -> dict[str, Any]:
    """A report with a title and a value that a spreadsheet would run."""
    variant = {"variant": "a", "title": {"zh": "=1+1", "en": "A, b"}, "hidden": False, "rate": 0.5}
    block = {"hidden": False, "exposures": 40, "verdict": SAID, "variants": [variant]}
    named = block | {"segment": {"context.city": " @SUM(1)"}, "other": False}
    return {
        "slot": "banner",
        "as_of": "2026-11-29T08:00:00+08:00",
        "by": ["context.city"],
        "whole": block,
        "segments": [named],
        "floor": {"lowest": 0.002, "highest": None},
    }


def test_q4_each_block_of_a_csv_has_its_verdict_and_titles_are_no_formulas() -> None:
    """Verdict and sentences stand in a block's own row; text never begins a formula."""
    text = as_csv(report())
    assert text.startswith(BOM)
    assert text.count("\r\n") == text.count("\n") == 5
    whole, variant, city, _ = csv.DictReader(StringIO(text.removeprefix(BOM)))
    assert (whole["verdict"], whole["sentence_zh"]) == ("winner", SAID["zh"])
    assert (whole["since"], variant["since"]) == ("2026-11-03", "")
    assert city["sentence_en"] == SAID["en"]
    assert city["context.city"] == "' @SUM(1)"
    assert (variant["title_zh"], variant["title_en"]) == ("'=1+1", "A, b")
    assert (variant["verdict"], variant["rate"]) == ("", "0.5")
    assert {(one["floor_lowest"], one["floor_highest"]) for one in (whole, city)} == {("0.002", "")}


def test_a_report_of_an_earlier_version_has_empty_floors() -> None:
    """The columns stand at the end of each row, whoever made the report."""
    old = report()
    del old["floor"]
    header, first, *_ = as_csv(old).splitlines()
    assert header.endswith(",floor_lowest,floor_highest")
    assert first.endswith(",,")
