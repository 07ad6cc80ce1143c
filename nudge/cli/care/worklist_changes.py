"""The commands `nudge worklist assign | handover | next`."""

from __future__ import annotations

import getpass
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Unpack

import click

from nudge.cli.care.work_options import (
    FilterOptions,
    assignment_desk,
    calendar_of,
    contact_desk,
    filter_options,
    language_option,
    question_of,
    tell_cases,
    work_rows,
)
from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    print_json,
    progress_bar,
)
from nudge.clock import now
from nudge.domain.identity.sealing import new_label
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.worklist.work_policy import AssignedBy
from nudge.flows.worklist.assignment_desk import (
    AssignmentRequest,
    AssignmentResult,
    count_statuses,
)
from nudge.flows.worklist.handover import PART, hand_over
from nudge.flows.worklist.next_case import NextCaseDesk
from nudge.flows.worklist.work_list import list_work, parse_due_cursor
from nudge.wiring.command import Installation, open_installation

TOLD: Final = 10
"""Most refusals that are listed."""


def _who(name: str) -> str:
    return mask_numbers(name or getpass.getuser())


@click.command()
@click.argument("to", metavar="AGENT_OR_TEAM")
@click.argument("names", metavar="[ID]...", nargs=-1)
@filter_options
@click.option(
    "--share",
    type=click.Choice(("load", "hand")),
    default="load",
    show_default=True,
    help="A team's cases go to its agents by load, or wait with the team.",
)
@click.option("--all", "every", is_flag=True, help="All that the filter finds, in place of ids.")
@click.option("--id", "action_id", default="", help="Of your own: a repeat does nothing.")
@click.option("--by", default="", help="Who acts; the user of this machine if left out.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@data_dir_option
@json_option
def assign(
    to: str,
    names: tuple[str, ...],
    share: str,
    every: bool,  # noqa: FBT001 - click's flags
    action_id: str,
    by: str,
    dry_run: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    **asked: Unpack[FilterOptions],
) -> None:
    """Assign cases to an agent, or to a team's agents by load: by ids, or all of a filter."""
    if bool(names) == every:
        raise click.UsageError("give ids of cases, or --all with a filter")
    question, results = replace(question_of(**asked), limit=PART), list[AssignmentResult]()
    with open_installation(load_settings(data_dir)) as installation:
        request = _request(installation, to, share, by, action_id)._replace(dry_run=dry_run)
        desk = assignment_desk(installation)
        desk.check(request)
        if names:
            results += desk.assign(names, request)
        while every:
            page = list_work(desk.store, desk.work, question)
            results += desk.assign([one.id for one in page.cases], request)
            if not page.cursor:
                break
            question = replace(question, after=parse_due_cursor(page.cursor))
    _tell(results, request, as_json=as_json)


@click.command()
@click.argument("agent", metavar="FROM")
@click.argument("to", metavar="AGENT_OR_TEAM")
@filter_options
@click.option("--id", "action_id", default="", help="Of your own: a repeat goes on.")
@click.option("--by", default="", help="Who acts; the user of this machine if left out.")
@data_dir_option
@json_option
def handover(
    agent: str,
    to: str,
    action_id: str,
    by: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    **asked: Unpack[FilterOptions],
) -> None:
    """Hand an agent's open cases over: to another agent, or to a team's agents by load.

    After an interruption the same command goes on: what was handed over is not the agent's any
    more.
    """
    if agent == to:
        raise click.UsageError("name somebody else, or a team")
    question = replace(question_of(**asked), assignee=agent, limit=PART)
    results: list[AssignmentResult] = []
    with (
        open_installation(load_settings(data_dir)) as installation,
        progress_bar("cases", shown=err().is_terminal and not as_json) as bar,
    ):
        task = bar.add_task("", total=None, note="")
        request = _request(installation, to, AssignedBy.HANDOVER, by, action_id)
        desk = assignment_desk(installation)
        while True:
            done = hand_over(desk, question, request)
            results += done.cases
            bar.advance(task, len(done.cases))
            if not done.cursor:
                break
            question = replace(question, after=parse_due_cursor(done.cursor))
    _tell(results, request, as_json=as_json)


@click.command("next")
@click.argument("agent")
@click.option("--id", "action_id", default="", help="Of your own: a repeat gives the same case.")
@language_option
@data_dir_option
@json_option
def take(agent: str, action_id: str, lang: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Take the next case for an agent: who may be contacted now, then what is due first."""
    with open_installation(load_settings(data_dir)) as installation:
        desk = NextCaseDesk(
            installation.store,
            installation.configuration.worklist,
            calendar_of(installation),
            contact_desk(installation),
        )
        name = installation.sealer.hide_numbers(action_id or new_label())
        case = desk.take(agent, name, now())
        views = work_rows(installation).make([] if case is None else [case])
    if as_json:
        print_json({"case": views[0] if views else None, "action_id": name})
    elif views:
        tell_cases(views, lang)
    else:
        click.echo(f"no case is left for {agent}")


def _request(
    installation: Installation, to: str, by: str, who: str, action_id: str
) -> AssignmentRequest:
    name = installation.sealer.hide_numbers(action_id or new_label())
    return AssignmentRequest(to, by, _who(who), name, now())


def _tell(results: list[AssignmentResult], request: AssignmentRequest, *, as_json: bool) -> None:
    counts = count_statuses(results)
    if as_json:
        told: dict[str, Any] = {"cases": [one._asdict() for one in results], "counts": counts}
        print_json(told | {"action_id": request.action_id, "dry_run": request.dry_run})
        return
    words = ", ".join(f"{count:,} {status}" for status, count in counts.items())
    click.echo(f"{'would be: ' if request.dry_run else ''}{words}; id {request.action_id}")
    refused = [one for one in results if one.status == "refused"]
    for one in refused[:TOLD]:
        click.echo(f"{one.id}: {one.why}", err=True)
    if len(refused) > TOLD:
        click.echo(f"and {len(refused) - TOLD:,} more", err=True)
