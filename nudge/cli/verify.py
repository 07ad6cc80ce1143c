"""The command `nudge verify`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json, progress_bar
from nudge.config.documents.funnel_file import FILE as FUNNEL
from nudge.config.documents.notice_tables import FILE as MONITORS
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.reports.difference import Difference
from nudge.store.store import Store
from nudge.wiring.command import Installation, open_installation


@click.command()
@click.option("--all-visitors", is_flag=True, help="Replay every visitor; they must fit in memory.")
@click.option("--no-visitors", is_flag=True, help="Replay nothing: no visitors, minutes and cases.")
@data_dir_option
@json_option
def verify(
    all_visitors: bool,  # noqa: FBT001 - click's flags
    no_visitors: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Check that journal, lake and folds agree.

    Prints every difference and ends with 1 if there is any. The service may keep running: all is
    compared at fixed positions, and lag is not a difference. Of partitions with more than 200,000
    entries a sample of the visitors is replayed, unless --all-visitors is given. The minutes that
    monitors watch are counted again, unless what is watched was changed in the last 28 hours.
    Cases of warnings are made anew from their records.
    """
    from nudge.flows.upkeep.verification.verify import verify as compare  # noqa: PLC0415 - duckdb, which help does not need

    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        found = compare(installation.store, installation.lake)
        readable = all(one.what != "files" for one in found)
        if readable and not no_visitors:
            found += _visitors(installation, every=all_visitors, shown=not as_json)
            found += _minutes(installation, shown=not as_json)
            found += _cases(installation, shown=not as_json)
    if as_json:
        print_json(found)
    else:
        for one in found:
            click.echo(str(one))
        click.echo(f"{len(found)} differences" if found else "journal, lake and folds agree")
    sys.exit(1 if found else 0)


def _length(installation: Installation, fold: FoldName) -> int:
    """Return about how many entries a replay of a fold reads."""
    places = (
        (p, installation.store.folds.position_of(p, fold))
        for p in installation.store.keys.every_partition()
    )
    return sum(installation.history.length(p, position) for p, position in places)


def _visitors(installation: Installation, *, every: bool, shown: bool) -> list[Difference]:
    from nudge.flows.upkeep.verification.verify_visitors import verify_visitors  # noqa: PLC0415 - pyarrow, as above

    history, total = installation.history, _length(installation, FoldName.ATTRIBUTE)
    with progress_bar("visitors", shown=shown) as bar:
        task = bar.add_task("visitors", total=total, note="")
        tell = partial(bar.advance, task)
        return list(verify_visitors(installation.store, history, tell, every=every))


def _minutes(installation: Installation, *, shown: bool) -> list[Difference]:
    from nudge.flows.upkeep.verification.verify_minutes import verify_minutes  # noqa: PLC0415 - pyarrow, as above

    store, history = installation.store, installation.history
    total = _length(installation, FoldName.MONITOR)
    plan = installation.configuration.watch_plan
    changed_at = max(_latest_edit(store, name) for name in (FUNNEL, MONITORS))
    with progress_bar("minutes", shown=shown) as bar:
        task = bar.add_task("minutes", total=total, note="")
        return list(verify_minutes(store, history, plan, changed_at, partial(bar.advance, task)))


def _cases(installation: Installation, *, shown: bool) -> list[Difference]:
    from nudge.flows.upkeep.verification.verify_cases import verify_cases  # noqa: PLC0415 - pyarrow, as above

    total = _length(installation, FoldName.CARE)
    with progress_bar("cases", shown=shown) as bar:
        tell = partial(bar.advance, bar.add_task("cases", total=total, note=""))
        return list(verify_cases(installation.store, installation.history, tell))


def _latest_edit(store: Store, name: str) -> float:
    """Return the second of a document's last change; 0 where it is the first revision."""
    times = [one.get("at") for one in store.documents.audits(name) if one["revision"] != 1]
    return max((float(at) for at in times if isinstance(at, int | float)), default=0.0)
