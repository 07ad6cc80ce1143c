"""The command `nudge consent`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

import click
from rich.progress import Progress
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
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.identity.number import parse_number
from nudge.domain.identity.sealing import Home
from nudge.domain.people.consent_proof import proof_row
from nudge.domain.values.ids import external_ids
from nudge.flows.upkeep.proofs import PersonProofs, find_proofs
from nudge.store.vault.proof_book import ProofOwner
from nudge.wiring.command import Installation, open_installation

AT_ONCE: Final = 2_000
"""Owners of proofs whose rows are written together."""
Row = Mapping[str, str | bool | None]


@click.group()
def consent() -> None:
    """Export proofs of consent, of one visitor or of all."""


@consent.command()
@click.option("--visitor", help="Only this visitor's, also after an erasure.")
@click.option(
    "--number",
    help="Only those of the owner of this number, also after an erasure; `-` reads it from"
    " standard input, which keeps it out of the shell's history.",
)
@click.option(
    "--out",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the rows, .csv or .parquet; needed for all visitors.",
)
@data_dir_option
@json_option
def export(
    visitor: str | None,
    number: str | None,
    target: Path | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Export proofs of consent: of one visitor, or of all to a file.

    A proof tells the channel, yes or no, when, to which version of the text, where, and by which
    event. Those of erased visitors have the keyed hash of an id or a number in place of a subject.
    The file appears under its name only when it is whole.
    """
    if visitor is not None and number is not None:
        raise click.UsageError("give --visitor or --number, not both")
    one = visitor is not None or number is not None
    if not one and target is None:
        raise click.UsageError("give --visitor or --number for one, or --out FILE for all")
    settings = load_settings(data_dir)
    calendar = OperatorCalendar.named(settings.zone)
    with open_installation(settings) as installation:
        if one:
            found = _person(installation, visitor, number)
            rows = list(_rows_of(ProofOwner(found.subject, "", found.proofs), calendar))
            if target is None:
                _tell(found, rows, as_json=as_json)
                return
            count, people = _write([rows], target), int(bool(rows))
        else:
            people, count = _write_all(installation, calendar, target or Path())
    if as_json:
        print_json({"file": str(target), "owners": people, "proofs": count})
    else:
        click.echo(f"{target}: {count:,} proofs of {people:,} visitors and hashes")


def _person(installation: Installation, visitor: str | None, number: str | None) -> PersonProofs:
    """Find the proofs of a visitor by an id, or by a number."""
    sealer, settings = installation.sealer, installation.settings
    if visitor is not None:
        hashes = [sealer.visitor_hash(name) for name in external_ids(visitor)]
    else:
        text = sys.stdin.readline().strip() if number == "-" else number
        ranges = settings.identity_number_ranges
        hashes = [sealer.number_hash(parse_number(text, settings.region, ranges))]
    store = installation.store
    homes = [Home(one, sealer.partition(one, store.keys.partitions)) for one in hashes]
    found = [find_proofs(store, home) for home in homes]
    return next((one for one in found if one.subject or one.proofs), found[0])


def _rows_of(owner: ProofOwner, calendar: OperatorCalendar) -> Iterator[Row]:
    named = {"subject": owner.subject or None, "hash": owner.hashed or None}
    for one in owner.proofs:
        yield {**named, **proof_row(one, calendar.label)}


def _write(batches: Iterable[list[Row]], target: Path) -> int:
    from nudge.lake.export.proof_table import write_proofs  # noqa: PLC0415 - pyarrow

    return write_proofs(batches, target)


def _write_all(
    installation: Installation, calendar: OperatorCalendar, target: Path
) -> tuple[int, int]:
    """Write the proofs of all; return the owners and the proofs."""
    with progress_bar("proofs", shown=err().is_terminal) as bar:
        walk = _Walk(installation, calendar, bar)
        count = _write(walk.batches(), target)
    return walk.owners, count


class _Walk:
    """A walk through the proofs of all.

    Attributes:
        owners: that were met.
    """

    def __init__(
        self, installation: Installation, calendar: OperatorCalendar, bar: Progress
    ) -> None:
        self.owners = 0
        self._installation, self._calendar, self._bar = installation, calendar, bar

    def batches(self) -> Iterator[list[Row]]:
        """Yield rows, many at a time: memory stays bounded."""
        task = self._bar.add_task("", total=None, note="")
        owners = self._installation.store.proofs.walk()
        while some := list(islice(owners, AT_ONCE)):
            rows = [row for one in some for row in _rows_of(one, self._calendar)]
            self.owners += len(some)
            self._bar.advance(task, len(rows))
            yield rows


def _tell(found: PersonProofs, rows: list[Row], *, as_json: bool) -> None:
    """Tell the proofs of one person."""
    shown = [{k: v for k, v in row.items() if k not in {"subject", "hash"}} for row in rows]
    if as_json:
        print_json({"subject": found.subject or None, "proofs": shown})
        return
    if not shown:
        click.echo("no proof of consent is kept for this visitor")
        return
    table = Table(*shown[0], title="Proofs of consent")
    for row in shown:
        table.add_row(*("-" if one is None else str(one) for one in row.values()))
    out().print(table)
