"""The system: what runs, how far behind it is, and what to do about what does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, abort, render_template, request

from nudge.pages.access import door
from nudge.pages.csv_file import csv_answer
from nudge.pages.slot_words import slot_title
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

blueprint = Blueprint("system", __name__)

Json = Mapping[str, Any]
RUNBOOK: Final = "/system/runbook"
LATE: Final = 900.0
"""Seconds at which a bar of a lag is full."""


@dataclass(frozen=True)
class PartRows:
    """The rows of a part of the system.

    Attributes:
        part: name of the API.
        title: in the reader's language.
        rows: of the API.
    """

    part: str
    title: str
    rows: Sequence[Json]


@blueprint.get("/system")
def system() -> str | Response:
    """Return the page of the system, or a table of it as CSV."""
    found: Json = door().get("/v1/system").body
    if request.args.get("format") == "csv":
        return _file(found, request.args.get("table", "rows"))
    return render_template(
        "system.html",
        found=found,
        parts=part_rows(found["rows"]),
        states=state_words(),
        name_of=row_name,
        lag_of=lag_share,
        runbook=runbook_path,
        slot_title=slot_title,
    )


@blueprint.get(RUNBOOK)
def runbook() -> str:
    """Return what to do about each part."""
    return render_template("runbook.html", titles=part_titles())


def part_rows(rows: Sequence[Json]) -> list[PartRows]:
    """Return the rows by part, in the order of the page; a part without rows is left out."""
    found = []
    for part, title in part_titles().items():
        own = [one for one in rows if one["part"] == part]
        if own:
            found.append(PartRows(part, title, own))
    return found


def part_titles() -> dict[str, str]:
    """Return the title of each part, in the order of the page."""
    words: dict[str, Callable[[], str]] = {
        "store": lambda: _("Store"),
        "folds": lambda: _("Folds"),
        "spool": lambda: _("Spools of the web processes"),
        "policies": lambda: _("Policies"),
        "jobs": lambda: _("Reports being made"),
        "lake": lambda: _("Data lake"),
        "notices": lambda: _("Notices of alarms"),
    }
    return {name: text() for name, text in words.items()}


def state_words() -> dict[str, str]:
    """Return the words of the states."""
    return {"ok": _("All right"), "attention": _("Needs a look"), "broken": _("Does not work")}


def row_name(row: Json) -> str:
    """Return the name of a row within its part; empty where it is the part itself."""
    words: dict[tuple[str, str], Callable[[], str]] = {
        ("store", ""): lambda: _("Connection"),
        ("store", "memory"): lambda: _("Memory"),
        ("store", "aof"): lambda: _("Append-only file"),
        ("folds", "attribute"): lambda: _("Visitors and rewards"),
        ("folds", "learn"): lambda: _("Learning"),
        ("folds", "archive"): lambda: _("Writing the data lake"),
        ("folds", "monitor"): lambda: _("Counting for alarms"),
        ("folds", "care"): lambda: _("Finding warnings"),
        ("folds", "segment"): lambda: _("Members of segments"),
    }
    if row["part"] == "policies":
        return slot_title({"slot": row["name"]})
    known = words.get((row["part"], row["name"]))
    return known() if known else str(row["name"])


def lag_share(row: Json) -> float | None:
    """Return how much of the bar of a lag is filled, of the rows that have one."""
    seconds = row["figures"].get("seconds")
    if row["part"] not in {"folds", "lake"} or seconds is None:
        return None
    return min(float(seconds) / LATE, 1.0)


def runbook_path(row: Json) -> str:
    """Return the section of the runbook of these pages for a row."""
    return f"{RUNBOOK}#{row['link'].partition('#')[2]}"


def _file(found: Json, table: str) -> Response:
    if table == "rows":
        words = state_words()
        header = (_("Part"), _("Its name"), _("Current state"), _("What is the matter"))
        rows: list[Sequence[object]] = [
            (one["part"], one["name"], words[one["state"]], spoken(one)) for one in found["rows"]
        ]
    elif table == "keys" and found["keys"] is not None:
        header = (_("Key"), _("Its name"), _("Scopes"), _("Made at"))
        rows = [
            (one["key_id"], one["name"], " ".join(one["scopes"]), one["made_at"])
            for one in found["keys"]
        ]
    else:
        abort(404)
    return csv_answer(f"system-{table}", header, rows)
