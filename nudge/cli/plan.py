"""`nudge plan`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from nudge.cli.common import (
    Store,
    data_dir_option,
    err,
    json_option,
    load_settings,
    opened,
    print_json,
    progress_bar,
)
from nudge.cli.plan_part import Part, part_of
from nudge.clock import now
from nudge.domain.contact_file import load_contact
from nudge.domain.loading import column_problems
from nudge.domain.plan_rows import INVALID, flat, refused, wish_of
from nudge.domain.planning import REMINDER, Wish, plain
from nudge.domain.segment_file import load_segments
from nudge.domain.window import SLOT
from nudge.domain.windows import Calendar
from nudge.errors import InvalidConfigError
from nudge.flows.plan import Planner, check
from nudge.store.catalogue import Catalogue, refreshed

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.logs import LogFile

BATCH: Final = 500
SOURCE: Final = "cli"
Row = Mapping[str, Any]


@click.command()
@click.argument(
    "source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.argument("out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--purpose", default=REMINDER, show_default=True, help="Of the contact policy.")
@click.option("--slot", "slots", multiple=True, help="What else is chosen for the same SMS.")
@data_dir_option
@json_option
def plan(
    source: Path,
    out: Path,
    purpose: str,
    slots: tuple[str, ...],
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Plan an SMS for each customer of a file: when to write, or why not.

    IN is CSV or Parquet with a column visitor_id. Columns zone and purpose are the customer's time
    zone and what the SMS is for; any other column is context. OUT is Parquet where its name ends in
    .parquet, else CSV. Broken off, the same command goes on where it was (OUT.part), and nobody is
    planned twice.
    """
    from nudge.lake.logs import open_log  # noqa: PLC0415 - pyarrow
    from nudge.lake.plan_table import write_plans  # noqa: PLC0415 - the same

    log = open_log(source)
    problems = column_problems(log.columns)
    if problems:
        raise InvalidConfigError([f"{source}: {one}" for one in problems])
    part = part_of(out, source, {"purpose": purpose, "slots": list(slots)})
    settings = load_settings(data_dir)
    with opened(settings) as store:
        catalogue = refreshed(store.client, store.keys, Catalogue.empty())
        check(catalogue, Wish("", slots))
        some = partial(_planned, _planner(store), catalogue, purpose, slots)
        _fill(part, log, some)
    write_plans(map(flat, part.answers()), out)
    reasons = Counter(_outcome(line) for line in part.answers())
    part.path.unlink()
    _tell(out, reasons, as_json=as_json)
    sys.exit(1 if reasons[INVALID] else 0)


def _planner(store: Store) -> Planner:
    settings = store.settings
    return Planner(
        client=store.client,
        keys=store.keys,
        sealer=store.sealer,
        holdout=settings.holdout,
        calendar=Calendar(load_contact(settings.config_dir)),
        segments=load_segments(settings.config_dir),
    )


def _fill(part: Part, log: LogFile, some: partial[list[dict[str, Any]]]) -> None:
    """Plan who is not planned yet."""
    done = part.begun()
    rows = islice(_rows(log), done, None)
    with progress_bar("customers", shown=err().is_terminal) as bar:
        task = bar.add_task("", total=log.rows, completed=done, note="")
        while batch := list(islice(rows, BATCH)):
            part.add(some(batch))
            bar.advance(task, len(batch))


def _planned(
    planner: Planner,
    catalogue: Catalogue,
    purpose: str,
    slots: tuple[str, ...],
    rows: Sequence[Row],
) -> list[dict[str, Any]]:
    read = [wish_of(row, purpose, slots) for row in rows]
    wishes = [one for one in read if isinstance(one, Wish)]
    done = iter(planner.plan_each(catalogue, wishes, SOURCE, now()))
    return [
        plain(next(done)) if isinstance(one, Wish) else refused(row.get("visitor_id"), one)
        for row, one in zip(rows, read, strict=True)
    ]


def _rows(log: LogFile) -> Iterator[Row]:
    for batch in log.read(log.columns):
        yield from batch.to_pylist()


def _outcome(line: Row) -> str:
    return "planned" if line.get("send_at") else str(line["reason"])


def _tell(out: Path, reasons: Counter[str], *, as_json: bool) -> None:
    planned = reasons.pop("planned", 0)
    if as_json:
        print_json({"slot": SLOT, "planned": planned, "unplanned": dict(reasons)})
        return
    click.echo(f"{out}: {planned:,} planned, {reasons.total():,} not")
    for reason, count in reasons.most_common():
        click.echo(f"  {reason:<20} {count:>12,}")
