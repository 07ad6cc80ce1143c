"""The commands `nudge winback list | show | export`, and steps of people on its cases."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any, Final, Unpack

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.care.warnings import ActionOptions, acting
from nudge.cli.common import (
    data_dir_option,
    id_column,
    json_option,
    load_settings,
    out,
    print_json,
)
from nudge.clock import now
from nudge.domain.care.case import Case, CaseAction, CaseState, CaseStep
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.identity.sealing import new_label
from nudge.domain.reports.questions import period_of
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.winback.judged_case import JudgedCase
from nudge.domain.winback.winback_place import cursor_of, parse_cursor
from nudge.domain.winback.winback_view import reach_view, table_rows, winback_view
from nudge.errors import NotFoundError
from nudge.flows.care.case_actions import CaseDesk
from nudge.flows.care.case_details import case_details
from nudge.flows.winback.winback_desk import WinbackDesk, open_desk, setup_of
from nudge.flows.winback.winback_list import WinbackQuestion, list_winback
from nudge.wiring.command import Installation, open_installation

STATES: Final = tuple(one.value for one in CaseState if one is not CaseState.CLOSED)
LANGUAGES: Final = ("zh", "en")
_CHUNK: Final = 500
_F = Callable[..., Any]


def filtering(command: _F) -> _F:
    """Add the options by which the list is filtered."""
    for add in (
        click.option("--include-blocked", "blocked", is_flag=True, help="Also who is forbidden."),
        click.option("--to", "end", default=None, metavar="TIME", help="Who left before."),
        click.option("--from", "start", default=None, metavar="TIME", help="Who left then or on."),
        click.option("--mended/--not-mended", default=None, help="By whether it was mended."),
        click.option("--assignee", default="", help="Only those assigned to this person."),
        click.option("--state", type=click.Choice(STATES), default=None, help="Only this state."),
        click.option("--channel", default="", help="Only visits on this channel."),
        click.option("--reason", default="", help="Only payments that failed for this reason."),
        click.option("--stage", default="", help="Only who left at this stage."),
        click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True),
    ):
        command = add(command)
    return command


@click.command("list")
@filtering
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--cursor", default="", help="Of the page before.")
@data_dir_option
@json_option
def list_(
    lang: str,
    limit: int,
    cursor: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    **asked: Any,  # noqa: ANN401 - the filters, typed by click
) -> None:
    """List who left the path, in the order in which to call.

    The order is made by the worker (`nudge work care`, part of `nudge serve`).
    """
    after = parse_cursor(cursor) if cursor else None
    with open_installation(load_settings(data_dir)) as installation:
        desk = _desk(installation)
        page = list_winback(desk, replace(_question(desk, asked), limit=limit, after=after))
        views = [_view(installation, desk, one) for one in page.cases]
    told = cursor_of(page.after) if page.after else ""
    if as_json:
        print_json({"winback": views, "cursor": told})
        return
    out().print(_table(views, lang))
    if told:
        click.echo(f"more: --cursor {told}")


@click.command()
@click.argument("name", metavar="ID")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@data_dir_option
@json_option
def show(name: str, lang: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Show one case of win-back with its history, and the reach by each channel."""
    with open_installation(load_settings(data_dir)) as installation:
        case, desk = _find(installation, name), _desk(installation)
        (judged,) = desk.judge([case])
        calendar = desk.setup.calendar
        view = _view(installation, desk, judged)
        view |= {"reach": [reach_view(one, calendar) for one in desk.reach_each(case)]}
        more = case_details(installation.store, installation.sealer.vault, case)
        view |= {"numbers": list(more.numbers)}
    for step in view["steps"]:
        if step["action_id"] in more.notes:
            step["note"] = more.notes[step["action_id"]]
    if as_json:
        print_json(view)
        return
    _tell(view, lang)


@click.command()
@click.option("--out", "path", required=True, type=click.Path(dir_okay=False, path_type=Path))
@filtering
@data_dir_option
@json_option
def export(
    path: Path,
    lang: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    **asked: Any,  # noqa: ANN401 - the filters, typed by click
) -> None:
    """Write the whole list to a file: Parquet if its name ends in .parquet, else CSV.

    The file appears when it is whole.
    """
    from nudge.lake.export.winback_table import winback_file  # noqa: PLC0415 - pyarrow, for this alone

    rows = 0
    with open_installation(load_settings(data_dir)) as installation, winback_file(path) as write:
        for views in _pages(installation, asked):
            write(table_rows(views, lang))
            rows += len(views)
            click.echo(f"\r{rows:,} rows", nl=False, err=True)
    click.echo("", err=True)
    if as_json:
        print_json({"file": str(path), "rows": rows})
        return
    click.echo(f"{path}: {rows:,} rows")


def _pages(installation: Installation, asked: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    desk = _desk(installation)
    question = replace(_question(desk, asked), limit=_CHUNK)
    while True:
        page = list_winback(desk, question)
        yield [_view(installation, desk, one) for one in page.cases]
        if page.after is None:
            return
        question = replace(question, after=page.after)


def step_command(action: CaseAction, help_: str, *arguments: str) -> click.Command:
    """Return the command of a step on a case of win-back.

    Args:
        action: of the step.
        help_: line of help.
        arguments: names of `CaseStep`'s fields that follow the id.
    """

    def act(name: str, **given: Any) -> None:  # noqa: ANN401 - typed by click
        told = {one: given.pop(one) for one in (*arguments, "lang")}
        _act(name, action, told, **given)

    command: _F = acting(act)
    command = click.option("--lang", type=click.Choice(LANGUAGES), default="en")(command)
    if action is CaseAction.CLOSE:
        command = click.option("--outcome", default="", help="What came of it.")(command)
    for one in reversed(arguments if action is not CaseAction.CLOSE else ()):
        command = click.argument(one, metavar=one.upper())(command)
    command = click.argument("name", metavar="ID")(command)
    return click.command(action.value, help=help_)(command)


STEPS: Final = (
    step_command(CaseAction.ASSIGN, "Assign a case to a person of warnings.toml.", "to"),
    step_command(CaseAction.CONTACT, "Say that the visitor was contacted."),
    step_command(CaseAction.OUTCOME, "Say what came of it, by warnings.toml.", "outcome"),
    step_command(CaseAction.CLOSE, "Close a case.", "outcome"),
    step_command(CaseAction.REOPEN, "Open a closed case again."),
)


def _act(
    name: str, action: CaseAction, told: dict[str, str], **given: Unpack[ActionOptions]
) -> None:
    who, masked = mask_numbers(given["by"] or getpass.getuser()), mask_numbers(given["note"])
    with open_installation(load_settings(given["data_dir"])) as installation:
        _find(installation, name)
        hidden = installation.sealer.hide_numbers(given["action_id"] or new_label())
        to, outcome = told.get("to", ""), told.get("outcome", "")
        step = CaseStep(now(), action.value, who, to, outcome, hidden, bool(masked))
        policy = installation.configuration.warnings
        case = CaseDesk(installation.store, policy, installation.sealer.vault).act(
            name, step, masked
        )
        desk = _desk(installation)
        view = _view(installation, desk, desk.judge([case])[0])
    if given["as_json"]:
        print_json(view)
        return
    _tell(view, told["lang"])


def _desk(installation: Installation) -> WinbackDesk:
    return open_desk(installation.store, setup_of(installation.configuration), now())


def _find(installation: Installation, name: str) -> Case:
    found = installation.store.cases.read(name)
    if found is None or found.kind != CaseKind.WINBACK:
        raise NotFoundError(f"no case of win-back has the id {mask_numbers(name)!r}")
    return found


def _question(desk: WinbackDesk, asked: dict[str, Any]) -> WinbackQuestion:
    given = dict(asked)
    period = period_of(given.pop("start"), given.pop("end"), desk.setup.calendar)
    given["state"] = given["state"] or ""
    given["start"] = -inf if period.start is None else period.start
    given["end"] = inf if period.end is None else period.end
    return WinbackQuestion(**given)


def _view(installation: Installation, desk: WinbackDesk, judged: JudgedCase) -> dict[str, Any]:
    policy = installation.configuration.winback
    return winback_view(judged, policy, desk.setup.calendar, desk.at)


def _table(views: list[dict[str, Any]], lang: str) -> Table:
    table = Table(
        id_column(), "state", "assignee", "left", "call from", "by", "what", title="Win-back"
    )
    for view in views:
        reach = view["contact"]
        start = reach["from"] or (reach["sentence"] or {}).get(lang, "")
        what = [view["sentence"], view["mended_why"], view["due_why"], view["gain_text"]]
        words = " ".join(one[lang] for one in what if one)
        row = (view["id"], view["state"], view["assignee"], view["left_at"])
        table.add_row(*map(escape, (*row, start, reach["channel"], words)))
    return table


def _tell(view: dict[str, Any], lang: str) -> None:
    click.echo(f"{view['id']} {view['level']} {view['state']}: {view['sentence'][lang]}")
    click.echo(f"  visitor {view['subject']} {' '.join(view.get('numbers', ()))}".rstrip())
    for name in ("mended_why", "due_why", "gain_text"):
        if view[name]:
            click.echo(f"  {view[name][lang]}")
    for one in view.get("reach", [view["contact"]]):
        words = f": {one['sentence'][lang]}" if one["sentence"] else ""
        click.echo(f"  {one['channel']} {one['from'] or '-'}{words}")
    for step in view["steps"]:
        parts = (step["at"], step["action"], step["to"], step["outcome"], f"by {step['who']}")
        note = f": {step['note']}" if step.get("note") else ""
        click.echo(f"  {' '.join(part for part in parts if part)}{note}")
