"""The commands `nudge warnings list | show | assign | contact | outcome | close | reopen`."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.care.warnings_factors import factors
from nudge.cli.care.warnings_train import train
from nudge.cli.common import (
    data_dir_option,
    id_column,
    json_option,
    load_settings,
    out,
    print_json,
)
from nudge.clock import now
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, CaseAction, CaseState, CaseStep
from nudge.domain.care.case_view import case_view
from nudge.domain.care.warning_rule import CaseKind, CaseLevel
from nudge.domain.identity.sealing import new_label
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import NotFoundError
from nudge.flows.care.case_actions import CaseDesk
from nudge.flows.care.case_details import case_details
from nudge.flows.care.case_list import UNCLOSED, CaseQuestion, list_cases, parse_cursor
from nudge.wiring.command import Installation, open_installation

STATES: Final = (*(one.value for one in CaseState), UNCLOSED, "all")
LEVELS: Final = tuple(one.value for one in CaseLevel)
_F = Callable[..., Any]


class ActionOptions(TypedDict):
    """Options that every action has."""

    by: str
    note: str
    action_id: str
    data_dir: Path | None
    as_json: bool


class ListOptions(TypedDict):
    """Options of the list that are a question's own."""

    assignee: str
    scene: str
    rule: str
    limit: int


@click.group()
def warnings() -> None:
    """Tell who is about to leave, and what was done; teach the model of complaints."""


warnings.add_command(factors)
warnings.add_command(train)


def acting(command: _F) -> _F:
    """Add the options that every action has."""
    for add in (
        json_option,
        data_dir_option,
        click.option("--id", "action_id", default="", help="Of your own: a repeat does nothing."),
        click.option("--note", default="", help="Free words, for the history."),
        click.option("--by", default="", help="Who acts; the user of this machine if left out."),
    ):
        command = add(command)
    return command


@warnings.command("list")
@click.option("--state", type=click.Choice(STATES), default=UNCLOSED, show_default=True)
@click.option("--level", type=click.Choice(LEVELS), default=None, help="Only this level.")
@click.option("--assignee", default="", help="Only those assigned to this person.")
@click.option("--scene", default="", help="Only those of this scene.")
@click.option("--rule", default="", help="Only those that this rule opened.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--cursor", default="", help="Of the page before.")
@data_dir_option
@json_option
def list_(
    state: str,
    level: str | None,
    cursor: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    **asked: Unpack[ListOptions],
) -> None:
    """List churn warnings, those opened last first."""
    settings = load_settings(data_dir)
    after = parse_cursor(cursor) if cursor else None
    of = "" if state == "all" else state
    question = CaseQuestion(of, level or "", after=after, kind=CaseKind.WARNING, **asked)
    with open_installation(settings) as installation:
        page = list_cases(installation.store, question)
        views = [_view(installation, one) for one in page.cases]
    if as_json:
        print_json({"warnings": views, "cursor": page.cursor})
        return
    table = Table(id_column(), "level", "state", "assignee", "opened", "what", title="Warnings")
    for view in views:
        names = ("id", "level", "state", "assignee", "opened")
        table.add_row(*(escape(str(view[name])) for name in names), escape(view["sentence"]["en"]))
    out().print(table)
    if page.cursor:
        click.echo(f"more: --cursor {page.cursor}")


@warnings.command()
@click.argument("name", metavar="ID")
@data_dir_option
@json_option
def show(name: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Show one churn warning with its history, and what was written, numbers masked."""
    with open_installation(load_settings(data_dir)) as installation:
        case = installation.store.cases.read(name)
        if case is None:
            raise NotFoundError(f"no warning has the id {mask_numbers(name)!r}")
        found = case_details(installation.store, installation.sealer.vault, case)
        view = _view(installation, case) | {"text": found.text, "numbers": list(found.numbers)}
    for step in view["steps"]:
        if step["action_id"] in found.notes:
            step["note"] = found.notes[step["action_id"]]
    if as_json:
        print_json(view)
        return
    _tell(view)


@warnings.command()
@click.argument("name", metavar="ID")
@click.argument("to", metavar="PERSON")
@acting
def assign(name: str, to: str, **given: Unpack[ActionOptions]) -> None:
    """Assign a warning to a person of warnings.toml."""
    _act(name, CaseAction.ASSIGN, to=to, **given)


@warnings.command()
@click.argument("name", metavar="ID")
@acting
def contact(name: str, **given: Unpack[ActionOptions]) -> None:
    """Say that the person was contacted."""
    _act(name, CaseAction.CONTACT, **given)


@warnings.command()
@click.argument("name", metavar="ID")
@click.argument("outcome", metavar="OUTCOME")
@acting
def outcome(name: str, outcome: str, **given: Unpack[ActionOptions]) -> None:
    """Say what came of a warning, by an outcome of warnings.toml."""
    _act(name, CaseAction.OUTCOME, outcome=outcome, **given)


@warnings.command()
@click.argument("name", metavar="ID")
@click.option("--outcome", default="", help="What came of it, if that was not said before.")
@acting
def close(name: str, outcome: str, **given: Unpack[ActionOptions]) -> None:
    """Close a warning."""
    _act(name, CaseAction.CLOSE, outcome=outcome, **given)


@warnings.command()
@click.argument("name", metavar="ID")
@acting
def reopen(name: str, **given: Unpack[ActionOptions]) -> None:
    """Open a closed warning again."""
    _act(name, CaseAction.REOPEN, **given)


def _act(
    name: str,
    action: CaseAction,
    *,
    to: str = "",
    outcome: str = "",
    **given: Unpack[ActionOptions],
) -> None:
    who, masked = mask_numbers(given["by"] or getpass.getuser()), mask_numbers(given["note"])
    with open_installation(load_settings(given["data_dir"])) as installation:
        hidden = installation.sealer.hide_numbers(given["action_id"] or new_label())
        step = CaseStep(now(), action.value, who, to, outcome, hidden, bool(masked))
        policy = installation.configuration.warnings
        desk = CaseDesk(installation.store, policy, installation.sealer.vault)
        view = _view(installation, desk.act(name, step, masked))
    if given["as_json"]:
        print_json(view)
        return
    _tell(view)


def _tell(view: dict[str, Any]) -> None:
    click.echo(f"{view['id']} {view['level']} {view['state']}: {view['sentence']['en']}")
    click.echo(f"  visitor {view['subject']} {' '.join(view.get('numbers', ()))}".rstrip())
    if view.get("text"):
        click.echo(f"  {view['text']}")
    for step in view["steps"]:
        parts = (step["at"], step["action"], step["to"], step["outcome"], f"by {step['who']}")
        note = f": {step['note']}" if step.get("note") else ""
        click.echo(f"  {' '.join(part for part in parts if part)}{note}")


def _view(installation: Installation, case: Case) -> dict[str, Any]:
    calendar = OperatorCalendar.named(installation.settings.zone)
    return case_view(case, installation.configuration.warnings, calendar)
