"""Options, desks and rows for people, as the commands of work lists share them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict, Unpack

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import id_column, out
from nudge.clock import now
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import CaseState
from nudge.domain.care.warning_rule import CaseKind, CaseLevel
from nudge.domain.values.instants import parse_instant
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.worklist.work_view import WorkViewer
from nudge.flows.worklist.assignment_desk import AssignmentDesk
from nudge.flows.worklist.contact_desk import ContactDesk
from nudge.flows.worklist.work_list import WorkQuestion
from nudge.flows.worklist.work_rows import WorkRows
from nudge.wiring.command import Installation

STATES: Final = tuple(one.value for one in CaseState)
KINDS: Final = tuple(one.value for one in CaseKind)
LEVELS: Final = tuple(one.value for one in CaseLevel)
_F = Callable[..., Any]


class FilterOptions(TypedDict):
    """Options of a filter of cases."""

    kind: str | None
    state: str | None
    level: str | None
    assignee: str
    team: str
    unassigned: bool
    overdue: bool
    due_before: str


def filter_options(command: _F) -> _F:
    """Add the options of a filter."""
    for add in (
        click.option("--due-before", default="", help="Only those that are due before this time."),
        click.option("--overdue", is_flag=True, help="Only those whose due time has passed."),
        click.option("--unassigned", is_flag=True, help="Only those of nobody."),
        click.option("--team", default="", help="Only those of this team and its agents."),
        click.option("--assignee", default="", help="Only those of this agent."),
        click.option("--level", type=click.Choice(LEVELS), default=None, help="Only this level."),
        click.option("--state", type=click.Choice(STATES), default=None, help="All but closed."),
        click.option("--kind", type=click.Choice(KINDS), default=None, help="Only this kind."),
    ):
        command = add(command)
    return command


def language_option(command: _F) -> _F:
    """Add the language of sentences."""
    return click.option("--lang", type=click.Choice(("zh", "en")), default="zh", show_default=True)(
        command
    )


def question_of(**given: Unpack[FilterOptions]) -> WorkQuestion:
    """Return the question of a command's options."""
    before = math.inf
    if given["due_before"]:
        try:
            before = parse_instant(given["due_before"])
        except ValueRefusedError as error:
            raise click.BadParameter(str(error), param_hint="--due-before") from error
    return WorkQuestion(
        given["kind"] or "",
        given["state"] or "",
        given["level"] or "",
        given["assignee"],
        given["team"],
        given["unassigned"],
        due_before=min(before, now()) if given["overdue"] else before,
    )


def calendar_of(installation: Installation) -> OperatorCalendar:
    """Return the operator's calendar."""
    return OperatorCalendar.named(installation.settings.zone)


def contact_desk(installation: Installation) -> ContactDesk:
    """Return the desk that asks the contact policy."""
    configuration = installation.configuration
    policy = configuration.contact if configuration.plans_contacts else None
    return ContactDesk(installation.store, policy, configuration.worklist.contacts)


def assignment_desk(installation: Installation) -> AssignmentDesk:
    """Return the desk of assignments."""
    configuration = installation.configuration
    return AssignmentDesk(
        installation.store,
        configuration.warnings,
        configuration.worklist,
        calendar_of(installation),
    )


def work_rows(installation: Installation) -> WorkRows:
    """Return the maker of rows, of now."""
    configuration = installation.configuration
    viewer = WorkViewer(
        configuration.case_policy, configuration.worklist, calendar_of(installation), now()
    )
    return WorkRows(contact_desk(installation), viewer, installation.measure_desk)


def tell_cases(views: list[dict[str, Any]], language: str) -> None:
    """Print cases as a table."""
    table = Table(
        id_column(), "kind", "level", "state", "assignee", "due", "reach", "measure", "what"
    )
    for view in views:
        names = ("id", "kind", "level", "state", "assignee", "due")
        table.add_row(
            *(escape(str(view[name])) for name in names),
            escape(_reach(view["reach"], language)),
            escape(_measure(view["measure"], language)),
            escape(view["sentence"][language]),
        )
    out().print(table)


def _measure(told: Mapping[str, Any], language: str) -> str:
    """Return the measure that is due, and why it may not be granted now."""
    if told["measure"] is None:
        return ""
    title = told["title"].get(language, told["measure"])
    return title if told["why"] is None else f"{title}: {told['why'][language]}"


def _reach(reach: list[Mapping[str, Any]], language: str) -> str:
    return "; ".join(f"{one['channel']}: {one['text'][language]}" for one in reach)
