"""The command `nudge explain`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.domain.basics.calendar import RECORD, OperatorCalendar
from nudge.errors import NotFoundError
from nudge.flows.serving.explain import explain as from_journal
from nudge.flows.serving.explain import explanation_of
from nudge.wiring.command import Installation, open_installation

Plain = Mapping[str, Any]


@click.command()
@click.argument("decision_id", metavar="ID")
@data_dir_option
@json_option
def explain(decision_id: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Explain a decision, and repeat its draw.

    All facts come from the decision's own record: in the journal or, once it left the journal, in
    the lake. Ends with 1 if the draw does not repeat.
    """
    settings = load_settings(data_dir)
    calendar = OperatorCalendar.named(settings.zone)
    with open_installation(settings) as installation:
        try:
            found = from_journal(installation.store, installation.sealer, decision_id, RECORD)
        except NotFoundError as missing:
            found = _from_lake(installation, decision_id, calendar, missing)
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(lines(found)))
    sys.exit(0 if found["reproduced"] else 1)


def _from_lake(
    installation: Installation,
    decision_id: str,
    calendar: OperatorCalendar,
    missing: NotFoundError,
) -> dict[str, object]:
    from nudge.lake.engine.query import connect_contents  # noqa: PLC0415 - duckdb, which a fresh one does not need
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - pyarrow, the same
    from nudge.lake.reports.lookups import find_entry  # noqa: PLC0415 - both

    lake = Lake(installation.settings.lake_dir)
    contents = lake.contents()
    backend = connect_contents(contents, whole=True)
    entry = find_entry(backend, lake, installation.sealer, decision_id)
    if entry is None:
        since = calendar.label_or_none(contents.since())
        if since is None:
            raise missing
        text = f"neither the journal nor the lake has it; the lake begins at {since}"
        raise NotFoundError(f"decision {decision_id!r}: {text}") from missing
    return explanation_of(decision_id, entry, RECORD)


def lines(found: Plain) -> Iterator[str]:
    """Format the explanation for people, line by line."""
    kept = found["stickiness"]
    yield f"decision {found['decision_id']} at {found['at']}"
    if found["due"] is not None:
        yield f"  send at         {found['due']}"
    yield f"  slot            {found['slot']} (revision {found['slot_revision']})"
    yield f"  variant         {found['variant']} with propensity {found['propensity']:.6f}"
    if "floor" in found:
        yield f"  floor           {found['floor']:.6f}"
    yield f"  reason          {found['reason']}"
    yield f"  policy          {found['policy']}, version {found['policy_version']}"
    yield f"  asked by        {found['channel']}, page {found['page']}"
    yield f"  kept for        {kept['unit']}, period {kept['period']}"
    yield f"  cell            {found['cell'] or '-'}"
    yield from _section("context", {name: str(v) for name, v in found["context"].items()})
    yield from _section("removed", found["removed"])
    yield from _section("distribution", {n: f"{p:.6f}" for n, p in found["distribution"].items()})
    yield f"  draw            {found['u']} / 2^64 = {int(found['u']) / 2**64:.6f}"
    yield f"  reproduced: {'yes' if found['reproduced'] else 'no'}"


def _section(title: str, rows: Mapping[str, str]) -> Iterator[str]:
    yield f"  {title}" + ("" if rows else "         -")
    yield from (f"    {name:<16}{value}" for name, value in rows.items())
