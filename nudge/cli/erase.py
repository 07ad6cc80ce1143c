"""`nudge erase`."""

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
from nudge.flows.serving.drain import drain
from nudge.flows.upkeep.erase import Eraser, Erasure
from nudge.flows.upkeep.take_out import NumberRemoval, take_out
from nudge.spool.spool import Spool
from nudge.wiring.command import Installation, open_installation

PATIENCE: Final = 30.0
"""Seconds to wait for the fold, and for the store's log."""
LOOK: Final = 0.1


@click.command()
@click.argument("visitors", metavar="VISITOR...", nargs=-1)
@click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="NUMBER",
    help="Forget whose number this is, and take it out of the books of all who typed it. `-` reads"
    " numbers from standard input, one a line, so that no list of commands keeps them.",
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

    VISITOR is any id that a person was known by; `-` reads ids from standard input, one a line.
    What the journal and the lake say of their subjects stays, and belongs to nobody; so do all
    sums. It can be repeated.
    """
    settings = load_settings(data_dir)
    names = _given(visitors)
    wanted = list(dict.fromkeys(parse_number(one, settings.region) for one in _given(numbers)))
    if not names and not wanted:
        raise click.UsageError("say whom: a VISITOR, or --number")
    if not yes:
        click.confirm(
            f"Forget {len(names) + len(wanted)} visitor(s) for good?", abort=True, err=True
        )
    with open_installation(settings) as installation:
        _drained(installation)
        eraser = Eraser(installation.store, installation.sealer)
        found = [eraser.erase(name, "cli", PATIENCE) for name in names]
        found += [eraser.erase_number(one, "cli", PATIENCE) for one in wanted]
        books = _taken_out(installation, set(wanted))
        rewritten = _rewritten(installation)
    if as_json:
        told = {"erased": [asdict(one) for one in found], "log_rewritten": rewritten}
        print_json(told | ({"books": asdict(books)} if wanted else {}))
    else:
        _tell(found, books, rewritten=rewritten)


def _given(names: tuple[str, ...]) -> list[str]:
    """What the command line says, or standard input: each once, in order."""
    every = (name for one in names for name in (_lines() if one == "-" else [one]))
    return list(dict.fromkeys(every))


def _tell(found: list[Erasure], books: NumberRemoval, *, rewritten: bool) -> None:
    known = [one for one in found if one.found]
    click.echo(f"{len(known)} of {len(found)} were known and are forgotten:")
    for what in ("subjects", "ids", "numbers", "texts"):
        click.echo(f"  {what:9} {sum(getattr(one, what) for one in known)}")
    if books.taken:
        click.echo(f"  taken out of the books of others: {books.taken}")
    if books.unreadable:
        err().print(
            f"{books.unreadable} numbers in the books are under a key that is not given: whose they"
            " are cannot be told. Give it in NUDGE_VAULT_KEYS, and repeat the command."
        )
    if not all(one.folded for one in known):
        err().print("Their state is emptied when a worker runs: start `nudge work`.")
    if not rewritten:
        err().print("The store has not yet written its log anew; a worker has it do so.")


def _taken_out(installation: Installation, numbers: set[Number]) -> NumberRemoval:
    """Take numbers out of everybody's book: a walk through all of the vault."""
    if not numbers:
        return NumberRemoval(0, 0)
    with progress_bar("numbers", shown=err().is_terminal) as bar:
        task = bar.add_task("", total=None, note="")
        vault = installation.sealer.vault
        found = take_out(
            installation.store, vault, numbers, lambda n: bar.update(task, completed=n)
        )
    # Also where nothing was taken out now: a command that died may have done it.
    installation.store.log_rewrite.want_rewrite()
    return found


def _lines() -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()]


def _drained(installation: Installation) -> None:
    """Bring what processes that ended could not write to the journal: it may be of these people."""
    settings = installation.settings
    drain(installation.store, Spool(settings.spool_dir, installation.sealer.spool_key, 0))


def _rewritten(installation: Installation) -> bool:
    until = monotonic() + PATIENCE
    while installation.store.log_rewrite.is_wanted():
        if monotonic() > until:
            return False
        installation.store.log_rewrite.rewrite()
        sleep(LOOK)
    return True
