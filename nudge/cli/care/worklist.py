"""The commands `nudge worklist list | show | summary`; those that change are beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.care.work_options import (
    FilterOptions,
    calendar_of,
    filter_options,
    language_option,
    question_of,
    tell_cases,
    work_rows,
)
from nudge.cli.care.worklist_changes import assign, handover, take
from nudge.cli.care.worklist_files import export, import_
from nudge.cli.care.worklist_loop import loop
from nudge.cli.common import data_dir_option, json_option, load_settings, out, print_json
from nudge.clock import now
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.worklist.case_queue import NOBODY
from nudge.errors import NotFoundError
from nudge.flows.care.case_details import case_details
from nudge.flows.worklist.work_list import list_work, parse_due_cursor
from nudge.flows.worklist.work_summary import summarise_work, summary_view
from nudge.wiring.command import open_installation


@click.group()
def worklist() -> None:
    """Tell whose turn it is; assign, hand over, export to call centres, import outcomes."""


for _one in (assign, handover, take, export, import_, loop):
    worklist.add_command(_one)


@worklist.command("list")
@filter_options
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True)
@click.option("--cursor", default="", help="Of the page before.")
@language_option
@data_dir_option
@json_option
def every(
    limit: int,
    cursor: str,
    lang: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    **asked: Unpack[FilterOptions],
) -> None:
    """List open cases of all kinds, what is due first comes first."""
    after = parse_due_cursor(cursor) if cursor else None
    question = replace(question_of(**asked), after=after, limit=limit)
    with open_installation(load_settings(data_dir)) as installation:
        page = list_work(installation.store, installation.configuration.worklist, question)
        views = work_rows(installation).make(page.cases)
    if as_json:
        print_json({"cases": views, "cursor": page.cursor})
        return
    tell_cases(views, lang)
    if page.cursor:
        click.echo(f"more: --cursor {page.cursor}")


@worklist.command()
@click.argument("name", metavar="ID")
@language_option
@data_dir_option
@json_option
def show(name: str, lang: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Show one case: who did what, and what was written, numbers masked."""
    with open_installation(load_settings(data_dir)) as installation:
        case = installation.store.cases.read(name)
        if case is None:
            raise NotFoundError(f"no case has the id {mask_numbers(name)!r}")
        found = case_details(installation.store, installation.sealer.vault, case)
        (view,) = work_rows(installation).make([case])
    view |= {"text": found.text, "numbers": list(found.numbers)}
    for step in view["steps"]:
        if step["action_id"] in found.notes:
            step["note"] = found.notes[step["action_id"]]
    if as_json:
        print_json(view)
        return
    _tell(view, lang)


@worklist.command()
@language_option
@data_dir_option
@json_option
def summary(lang: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Tell the work of each agent and team: open, overdue, oldest, closed today."""
    with open_installation(load_settings(data_dir)) as installation:
        policy, calendar, at = installation.configuration.worklist, calendar_of(installation), now()
        found = summarise_work(installation.store, policy, calendar, at)
        view = {"at": calendar.label(at)} | summary_view(found, policy, calendar, at)
    if as_json:
        print_json(view)
        return
    table = Table("name", "team", "open", "overdue", "oldest, h", "closed today", "capacity")
    for one in (*view["agents"], *view["teams"]):
        table.add_row(
            escape(one["title"][lang]),
            escape(one.get("team", "")),
            *(f"{one[name]:,}" for name in ("open", "overdue")),
            f"{one['oldest'] / 3600:.1f}",
            *(f"{one[name]:,}" for name in ("closed_today", "capacity")),
        )
    table.add_row(NOBODY, "", f"{view['unassigned']:,}", "", "", "", "")
    out().print(table)


def _tell(view: dict[str, Any], lang: str) -> None:
    what = view["sentence"][lang]
    click.echo(f"{view['id']} {view['kind']} {view['level']} {view['state']}: {what}")
    click.echo(f"  due {view['due']}, {view['assignee'] or NOBODY}")
    for one in view["reach"]:
        click.echo(f"  {one['channel']}: {one['text'][lang]} {one['from'] or ''}".rstrip())
    if view["text"]:
        click.echo(f"  {view['text']}")
    for step in view["steps"]:
        parts = (step["at"], step["action"], step["to"], step["outcome"], f"by {step['who']}")
        told = " ".join(f"{name}={value}" for name, value in step["facts"].items())
        note = f": {step['note']}" if step.get("note") else ""
        click.echo(f"  {' '.join(part for part in (*parts, told) if part)}{note}")
