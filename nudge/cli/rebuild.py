"""The command `nudge rebuild`."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json, progress_bar
from nudge.domain.journal.fold_name import FoldName
from nudge.wiring.command import Installation, open_installation

if TYPE_CHECKING:  # pyarrow, which the command's help does not need
    from nudge.flows.upkeep.rebuild import Rebuild, RebuildResult

REBUILT = tuple(one.value for one in FoldName if one is not FoldName.ARCHIVE)
DETECTORS = "detectors"
"""The state of the monitors, which follows the counts of `monitor`."""
SHOWN = 20
"""Most differences that are printed."""


@click.command()
@click.option(
    "--fold",
    type=click.Choice((*REBUILT, DETECTORS, "all")),
    default="all",
    show_default=True,
    help="Fold to rebuild; `all` leaves out `detectors`, which takes long.",
)
@data_dir_option
@json_option
def rebuild(fold: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Rebuild the state of folds from lake and journal.

    The service may keep running: the new state is built beside the old one and takes its place when
    it has caught up. The command can be interrupted and repeated at any time. For `attribute`, the
    records that it would write now are compared with those in the journal, and differences listed.

    `detectors` judges every minute anew, with the monitors in force, and comes to what they know of
    the usual; alarms stay as they are, and none is opened or told.
    """
    from nudge.flows.upkeep.rebuild import NAMES  # noqa: PLC0415 - pyarrow, which help does not need

    with open_installation(load_settings(data_dir)) as installation:
        if fold == DETECTORS:
            _rebuild_detectors(installation, as_json=as_json)
            return
        rebuilding = installation.rebuild
        done = [
            one
            for name in (NAMES if fold == "all" else (fold,))
            for one in _rebuild_fold(rebuilding, name, shown=not as_json)
        ]
    if as_json:
        print_json([asdict(one) for one in done])
    else:
        _tell(done)


def _rebuild_detectors(installation: Installation, *, as_json: bool) -> None:
    rebuilding = installation.judgement_rebuild
    with progress_bar(DETECTORS, shown=not as_json) as bar:
        task = bar.add_task(DETECTORS, total=rebuilding.length(), note="")
        done = rebuilding.run(partial(bar.advance, task))
    if as_json:
        print_json(asdict(done))
        return
    click.echo(f"{DETECTORS}: {done.minutes} minutes judged anew in {done.seconds:.1f} s")


def _rebuild_fold(rebuilding: Rebuild, fold: str, *, shown: bool) -> list[RebuildResult]:
    done = []
    with progress_bar(fold, shown=shown) as bar:
        task = bar.add_task(fold, total=rebuilding.length(fold), note="")
        for partition in rebuilding.store.keys.every_partition():
            bar.update(task, note=f"partition {partition}")
            done.append(rebuilding.run(fold, partition, partial(bar.advance, task)))
    return done


def _tell(done: list[RebuildResult]) -> None:
    for fold in dict.fromkeys(one.fold for one in done):
        mine = [one for one in done if one.fold == fold]
        entries, seconds = sum(one.entries for one in mine), sum(one.seconds for one in mine)
        longest = max(one.paused for one in mine)
        click.echo(
            f"{fold}: rebuilt from {entries} entries in {seconds:.1f} s; "
            f"folding paused for at most {longest:.2f} s in a partition"
        )
    found = [f"p={one.partition} {text}" for one in done for text in one.differences]
    for line in found[:SHOWN]:
        click.echo(line)
    if found:
        click.echo(f"{len(found)} records of attribute differ from those that it would write now")
