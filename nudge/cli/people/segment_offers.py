"""The command `nudge segment offers`, and what the commands of segments share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import (
    data_dir_option,
    json_option,
    load_settings,
    out,
    period_options,
    print_json,
    read_period,
)
from nudge.clock import now
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.membership.segment_book import SegmentKey
from nudge.domain.offers.offer_table import offers_csv
from nudge.domain.offers.segment_offers import list_segment_offers, report_figures
from nudge.domain.reports.questions import PerformanceQuestion, Period, where_of
from nudge.domain.slots.segments import Segment
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import NotFoundError
from nudge.store.service.catalogue import Catalogue
from nudge.wiring.command import Installation, open_installation

CACHE: Final = "reports"


@click.command()
@click.argument("name", metavar="SEGMENT")
@period_options("Only exposures then or later.", "Only exposures before.")
@click.option(
    "--out",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write as CSV, in place of a table.",
)
@data_dir_option
@json_option
def offers(
    name: str,
    start: str | None,
    end: str | None,
    path: Path | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Match a segment with offers and channels: who may get what, and what each brought."""
    settings = load_settings(data_dir)
    period = read_period(settings, start, end)
    with open_installation(settings) as installation:
        key, _ = find_segment(installation, name)
        rows = _offer_rows(installation, key, period)
    if as_json:
        print_json({"segment": key.text, "offers": rows})
    elif path is not None:
        _write(path, offers_csv(key.text, rows))
        click.echo(f"{path}: {len(rows):,} offers of {key.text}")
    else:
        _tell_offers(key, rows)


def _offer_rows(
    installation: Installation, key: SegmentKey, period: Period
) -> list[dict[str, Any]]:
    """Return the table of a segment's offers, with the figures of the lake as it is now."""
    from nudge.flows.reports.performance import Reports  # noqa: PLC0415 - duckdb, for this alone

    settings, configuration = installation.settings, installation.configuration
    made = Reports(
        installation.store,
        installation.lake,
        settings.data_dir / CACHE,
        settings.holdout,
        engine=settings.lake_engine,
        calendar=calendar_of(installation),
    )
    catalogue = installation.store.catalogue.refresh(Catalogue.empty())
    slots = [one for _, one in sorted(catalogue.slots.items()) if one.slot.offer_terms]
    where = where_of(f"context.{key.kind}:{key.name}")
    brought = {
        one.slot.name: report_figures(
            made.make(
                PerformanceQuestion(one.slot.name, period, where=where, zone=settings.zone)
            ).report
        )
        for one in slots
        if key.kind in one.attributes
    }
    policy = configuration.contact if configuration.plans_contacts else None
    return list(list_segment_offers(key, slots, policy, brought, now()))


def _write(path: Path, text: str) -> None:
    """Write the table of offers: the file is whole or absent."""
    from nudge.lake.files import disk  # noqa: PLC0415 - for a file alone

    try:
        disk.write_text(path, text)
    except OSError as error:
        what = f"cannot be written ({error.strerror}); name a file in a folder of yours"
        raise click.BadParameter(what, param_hint="--out") from error


def _tell_offers(key: SegmentKey, rows: list[dict[str, Any]]) -> None:
    table = Table(
        *("slot", "variant", "may get it", "channels", "exposures", "rate"), title=key.text
    )
    for one in rows:
        brought = one["brought"] or {}
        rate = brought.get("rate")
        table.add_row(
            *(escape(one[name]) for name in ("slot", "variant", "eligible")),
            ", ".join(channel["channel"] for channel in one["channels"]),
            str(brought.get("exposures", "")),
            "" if rate is None else f"{rate:.2%}",
        )
    out().print(table)


def calendar_of(installation: Installation) -> OperatorCalendar:
    """Return the operator's calendar."""
    return OperatorCalendar.named(installation.settings.zone)


def find_segment(installation: Installation, name: str) -> tuple[SegmentKey, Segment]:
    """Return the segment that is named.

    Raises:
        NotFoundError: there is none, or one of several kinds.
    """
    book = installation.configuration.segment_book
    found = book.find(name)
    if found is None:
        known = ", ".join(key.text for key in book.keys) or "none are configured"
        raise NotFoundError(f"no such segment: {mask_numbers(name)!r}; use {known}")
    return found
