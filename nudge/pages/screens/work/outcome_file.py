"""Import of outcomes from a call centre's file: rows that cannot be used are told by their line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request

from nudge.pages.access import door
from nudge.pages.formats import exact
from nudge.pages.screens.work.work_setup import WorkSetup, read_setup
from nudge.pages.translation import gettext as _

blueprint = Blueprint("outcome_file", __name__)

COLUMNS: Final = (
    *("case", "outcome", "at", "agent", "channel", "seconds", "reached", "cost", "note", "close"),
)
FORBIDDEN: Final = 403
PART: Final = 500
"""Rows of one call of the API."""
MOST: Final = 5_000
"""Rows of a file; longer ones go in by `nudge worklist import`."""
SHOWN: Final = 200
ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""Encodings of files: spreadsheets of Chinese machines write the second."""


@dataclass(frozen=True)
class RefusedRow:
    """A row that was left out.

    Attributes:
        line: of the file.
        case: that it names.
        cure: in the reader's language.
        detail: as the API says it.
    """

    line: int
    case: str
    cure: str
    detail: str


@dataclass(frozen=True)
class ImportResult:
    """The result of an import.

    Attributes:
        taken: rows that became steps.
        known: rows that were there already.
        refused: rows that were left out.
        problem: of the whole file; empty where it could be read.
    """

    taken: int = 0
    known: int = 0
    refused: Sequence[RefusedRow] = ()
    problem: str = ""


@blueprint.get("/work/outcomes")
def ask() -> str:
    """Return the form."""
    return _page(None, read_setup())


@blueprint.post("/work/outcomes")
def take() -> Response:
    """Take the outcomes of a file; the same file twice changes nothing."""
    setup, file = read_setup(), request.files.get("file")
    content = file.read() if file else b""
    result = take_file(content, setup)
    return make_response(_page(result, setup), 422 if result.problem else 200)


def take_file(content: bytes, setup: WorkSetup) -> ImportResult:
    """Take the rows of a file, a part at a time.

    Args:
        content: of the file.
        setup: whose words the cures name.
    """
    try:
        rows = list(read_rows(content))
    except ValueError as error:
        return ImportResult(problem=str(error))
    taken = known = 0
    refused: list[RefusedRow] = []
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        plain = [row for _line, row in part]
        answer = door().post("/v1/worklist/outcomes", {"rows": plain}, expect={FORBIDDEN})
        if answer.status == FORBIDDEN:
            return ImportResult(taken, known, refused, problem=_others())
        told = answer.body
        taken, known = taken + told["counts"]["taken"], known + told["counts"]["known"]
        pairs = zip(part, told["rows"], strict=True)
        refused += [
            _refused(line, row, one["why"], setup)
            for (line, row), one in pairs
            if one["status"] == "refused"
        ]
    return ImportResult(taken, known, refused)


def _others() -> str:
    return _("The file names other agents: an administrator imports it, or leave their rows out.")


def read_rows(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line and values of each row of a file.

    Raises:
        ValueError: the file cannot be read, in the reader's words.
    """
    if not content.strip():
        raise ValueError(_("The file is empty. Choose the call centre's file."))
    text = _text(content)
    head = text.splitlines()[0] if text else ""
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    if "case" not in [one.strip() for one in reader.fieldnames or ()]:
        raise ValueError(_("The file has no column “case”: the call list names it. Keep it."))
    count = 0
    try:
        for row in reader:
            count += 1
            if count > MOST:
                text = _("The file has more than %(most)s rows. Split it.", most=exact(MOST))
                raise ValueError(text)
            yield reader.line_num, _values(row)
    except csv.Error as error:
        text = _("Line %(line)s cannot be read: a quote is not closed, or the line is no text.")
        raise ValueError(text % {"line": reader.line_num + 1}) from error


def _text(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(_("The file is no text. Save it as CSV, in UTF-8."))


def _values(row: Mapping[str | None, Any]) -> dict[str, str]:
    told = {(name or "").strip(): value for name, value in row.items()}
    return {name: told[name].strip() for name in COLUMNS if isinstance(told.get(name), str)}


def _refused(line: int, row: Mapping[str, str], why: str, setup: WorkSetup) -> RefusedRow:
    return RefusedRow(line, row.get("case", ""), _cure(why.partition(":")[0], setup), why)


def _cure(name: str, setup: WorkSetup) -> str:
    """Return what to write into a column, in the reader's language."""
    listed = ", ".join
    words = {
        "case": _("Give the id of a case that takes this step: it may be unknown, or closed."),
        "outcome": _("Write one of these outcomes: %(names)s.", names=listed(dict(setup.outcomes))),
        "agent": _("Write one of these agents: %(names)s.", names=listed(dict(setup.assignees))),
        "channel": _("Write one of these channels: %(names)s.", names=listed(setup.channels)),
        "at": _("Write a past time such as 2026-11-28T18:00+08:00."),
        "seconds": _("Write the seconds of the call, from 0 to 86,400."),
        "cost": _("Write the cost in yuan, from 0 to 1,000,000."),
        "reached": _("Write true or false."),
        "close": _("Write true or false."),
        "note": _("Write at most 500 characters."),
    }
    return words.get(name) or _("Write the columns as the call list has them.")


def _page(result: ImportResult | None, setup: WorkSetup) -> str:
    return render_template(
        "work/outcomes.html", result=result, setup=setup, columns=COLUMNS, shown=SHOWN
    )
