"""The command `nudge erase`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    print_json,
    progress_bar,
)
from nudge.clock import monotonic, sleep
from nudge.domain.identity.number import Number, parse_number
from nudge.domain.values.ids import external_ids
from nudge.flows.serving.drain import drain
from nudge.flows.upkeep.erase import Erasure
from nudge.flows.upkeep.take_out import NumberRemoval, take_out
from nudge.spool.spool import Spool
from nudge.wiring.command import Installation, open_installation

PATIENCE: Final = 30.0
"""Seconds to wait for the fold, and for the rewrite of the store's log."""
LOOK: Final = 0.1


@click.command()
@click.argument("visitors", metavar="VISITOR...", nargs=-1)
@click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="NUMBER",
    help="Forget the owner of this number, and remove it from the books of all who typed it. `-`"
    " reads numbers from standard input, one a line, which keeps them out of the shell's history.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
@json_option
def erase(
    visitors: tuple[str, ...],
    numbers: tuple[str, ...],
    yes: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Forget people: their ids, numbers, texts and state, also in the store's log.

    VISITOR is any id of a person; `-` reads ids from standard input, one a line. Records in journal
    and lake stay, but lead to no person any more; sums stay as well. The command can be repeated.
    """
    settings = load_settings(data_dir)
    names = [one for name in _read_names(visitors) for one in external_ids(name)]
    ranges = settings.identity_number_ranges
    read = (parse_number(one, settings.region, ranges) for one in _read_names(numbers))
    wanted = list(dict.fromkeys(read))
    if not names and not wanted:
        raise click.UsageError("give a VISITOR or --number")
    if not yes:
        click.confirm(
            f"Forget {len(names) + len(wanted)} visitor(s) for good?", abort=True, err=True
        )
    with open_installation(settings) as installation:
        _drain_spools(installation)
        eraser = installation.eraser
        found = [eraser.erase(name, "cli", PATIENCE) for name in names]
        found += [eraser.erase_number(one, "cli", PATIENCE) for one in wanted]
        books = _remove_numbers(installation, set(wanted))
        rewritten = _rewrite_log(installation)
    if as_json:
        told = {"erased": [asdict(one) for one in found], "log_rewritten": rewritten}
        print_json(told | ({"books": asdict(books)} if wanted else {}))
    else:
        _tell(found, books, rewritten=rewritten)


def _read_names(names: tuple[str, ...]) -> list[str]:
    """List the names of the command line, and of standard input for `-`: each once, in order."""
    every = (name for one in names for name in (_lines() if one == "-" else [one]))
    return list(dict.fromkeys(every))


def _tell(found: list[Erasure], books: NumberRemoval, *, rewritten: bool) -> None:
    known = [one for one in found if one.found]
    click.echo(f"{len(known)} of {len(found)} were known and are forgotten:")
    for what in ("subjects", "ids", "numbers", "texts"):
        click.echo(f"  {what:9} {sum(getattr(one, what) for one in known)}")
    if books.taken:
        click.echo(f"  removed from the books of others: {books.taken}")
    if books.unreadable:
        err().print(
            f"{books.unreadable} numbers in the books cannot be read: their key is missing."
            " Add it to NUDGE_VAULT_KEYS, and repeat the command."
        )
    if not all(one.folded for one in known):
        err().print("A worker will empty their state: start `nudge work`.")
    if not rewritten:
        err().print("The store has not rewritten its log yet; a worker will make it do so.")


def _remove_numbers(installation: Installation, numbers: set[Number]) -> NumberRemoval:
    """Remove numbers from all books, by a walk through the whole vault."""
    if not numbers:
        return NumberRemoval(0, 0)
    with progress_bar("numbers", shown=err().is_terminal) as bar:
        task = bar.add_task("", total=None, note="")
        vault = installation.sealer.vault
        found = take_out(
            installation.store, vault, numbers, lambda n: bar.update(task, completed=n)
        )
    # Also if no number was removed now: a command that died may have removed some.
    installation.store.log_rewrite.want_rewrite()
    return found


def _lines() -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()]


def _drain_spools(installation: Installation) -> None:
    """Write the spools of ended processes to the journal: they may hold records of these people."""
    settings = installation.settings
    drain(installation.store, Spool(settings.spool_dir, installation.sealer.spool_key, 0))


def _rewrite_log(installation: Installation) -> bool:
    until = monotonic() + PATIENCE
    while installation.store.log_rewrite.is_wanted():
        if monotonic() > until:
            return False
        installation.store.log_rewrite.rewrite()
        sleep(LOOK)
    return True
