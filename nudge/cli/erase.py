"""`nudge erase`."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from nudge.cli.common import (
    Store,
    data_dir_option,
    err,
    json_option,
    load_settings,
    opened,
    print_json,
)
from nudge.flows.drain import drain
from nudge.flows.erase import Eraser
from nudge.spool.spool import Spool
from nudge.store import rewriting

PATIENCE: Final = 30.0
"""Seconds to wait for the fold, and for the store's log."""
LOOK: Final = 0.1


@click.command()
@click.argument("visitors", metavar="VISITOR...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
@json_option
def erase(visitors: tuple[str, ...], yes: bool, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Forget people: their ids, numbers, texts and state, also in the store's log.

    VISITOR is any id that a person was known by; `-` reads ids from standard input, one a line.
    What the journal and the lake say of their subjects stays, and belongs to nobody; so do all
    sums. It can be repeated.
    """
    names = [name for one in visitors for name in (_lines() if one == "-" else [one])]
    if not yes:
        click.confirm(f"Forget {len(names)} visitor(s) for good?", abort=True, err=True)
    with opened(load_settings(data_dir)) as store:
        _drained(store)
        eraser = Eraser(store.client, store.keys, store.sealer)
        found = {name: eraser.erase(name, "cli", PATIENCE) for name in names}
        rewritten = _rewritten(store)
    if as_json:
        print_json({"erased": [asdict(one) for one in found.values()], "log_rewritten": rewritten})
        return
    known = [one for one in found.values() if one.found]
    click.echo(f"{len(known)} of {len(found)} visitors were known and are forgotten:")
    for what in ("subjects", "ids", "numbers", "texts"):
        click.echo(f"  {what:9} {sum(getattr(one, what) for one in known)}")
    if not all(one.folded for one in known):
        err().print("Their state is emptied when a worker runs: start `nudge work`.")
    if not rewritten:
        err().print("The store has not yet written its log anew; a worker has it do so.")


def _lines() -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()]


def _drained(store: Store) -> None:
    """Bring what waits on this machine's disk to the journal: it may be of these people."""
    settings = store.settings
    drain(store.client, store.keys, Spool(settings.spool_dir, store.sealer.spool_key, 0))


def _rewritten(store: Store) -> bool:
    until = time.monotonic() + PATIENCE
    while rewriting.is_wanted(store.client, store.keys):
        if time.monotonic() > until:
            return False
        rewriting.rewrite(store.client, store.keys)
        time.sleep(LOOK)
    return True
