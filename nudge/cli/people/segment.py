"""The commands `nudge segment list | show | offers | export`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    out,
    print_json,
    progress_bar,
)
from nudge.cli.people.segment_offers import calendar_of, find_segment, offers
from nudge.clock import now
from nudge.domain.basics.local_time import date_of
from nudge.domain.membership.segment_book import SegmentKey
from nudge.domain.membership.segment_view import daily_counts, member_view, segment_view
from nudge.domain.slots.segments import Segment
from nudge.wiring.command import Installation, open_installation

PIECE: Final = 1000
"""Members that are read at a time."""
MOST_DAYS: Final = 400


@click.group()
def segment() -> None:
    """Tell who belongs to which segment, since when, and how many did each day."""


segment.add_command(offers)


@segment.command("list")
@data_dir_option
@json_option
def list_(data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """List the segments, each with its members now and its rule in words."""
    with open_installation(load_settings(data_dir)) as installation:
        book = installation.configuration.segment_book
        sizes = installation.store.members.sizes(book.keys)
        found = [find_segment(installation, key.text) for key in book.keys]
    views = [segment_view(key, one, sizes[key]) for key, one in found]
    if as_json:
        print_json({"segments": views})
        return
    table = Table("segment", "members", "rule", title="Segments")
    for view in views:
        table.add_row(escape(view["segment"]), f"{view['count']:,}", escape(view["words"]["en"]))
    out().print(table)


@segment.command()
@click.argument("name", metavar="SEGMENT")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=30, show_default=True)
@data_dir_option
@json_option
def show(name: str, days: int, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Show a segment, and its members at the end of each of the last days."""
    with open_installation(load_settings(data_dir)) as installation:
        key, found = find_segment(installation, name)
        store = installation.store
        view = segment_view(key, found, store.members.sizes([key])[key])
        today = calendar_of(installation).day_of(now())
        dates = (date_of(day).isoformat() for day in range(today - days + 1, today + 1))
        view["days"] = list(daily_counts(store.members.days(key), dates))
    if as_json:
        print_json(view)
        return
    click.echo(f"{view['segment']}: {view['count']:,} members; {view['words']['en']}")
    table = Table("date", "members", "joined", "left")
    for one in view["days"]:
        table.add_row(one["date"], *(f"{one[name]:,}" for name in ("count", "joined", "left")))
    out().print(table)


@segment.command()
@click.argument("name", metavar="SEGMENT")
@click.option(
    "--out",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write: Parquet if its name ends in .parquet, else CSV.",
)
@data_dir_option
@json_option
def export(name: str, path: Path, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Export the members of a segment: subject, since when, and what the rule sees."""
    from nudge.lake.export.member_table import member_file  # noqa: PLC0415 - pyarrow, for this alone

    with open_installation(load_settings(data_dir)) as installation:
        key, found = find_segment(installation, name)
        total = installation.store.members.sizes([key])[key]
        count = 0
        with (
            progress_bar("members", shown=err().is_terminal and not as_json) as bar,
            member_file(path, key.text) as write,
        ):
            task = bar.add_task("", total=total, note="")
            for rows in _pieces(installation, key, found):
                write(rows)
                count += len(rows)
                bar.advance(task, len(rows))
    if as_json:
        print_json({"segment": key.text, "out": str(path), "members": count})
    else:
        click.echo(f"{path}: {count:,} members of {key.text}")


def _pieces(
    installation: Installation, key: SegmentKey, found: Segment
) -> Iterator[list[dict[str, Any]]]:
    """Yield the members of a segment, some at a time: memory does not grow with them."""
    members, label = installation.store.members, calendar_of(installation).label
    marks, place = members.watermarks(), None
    book = installation.configuration.segment_book
    while rows := list(members.page(key, place, PIECE)):
        seen = [book.attributes(one.state, marks[at.partition]) for at, one in rows]
        yield [
            member_view(key, found, at.subject, one, context, label)
            for (at, one), context in zip(rows, seen, strict=True)
        ]
        place = rows[-1][0]
