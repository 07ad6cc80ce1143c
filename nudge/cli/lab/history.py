"""The command `nudge history`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from lab.history.plan import CUSTOMERS, DAYS, VISITORS, HistoryPlan, visitors_for
from lab.history.record import HistoryRecord
from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    print_json,
    progress_bar,
)
from nudge.clock import monotonic, now
from nudge.errors import InvalidConfigError
from nudge.processes import embedded
from nudge.processes.claim import alone
from nudge.settings.settings import Settings
from nudge.wiring.command import open_installation

PARTS = 1000
TOLD = 10
"""Elsewhere than on a terminal a line tells of each tenth."""


@click.command()
@click.option("--days", type=click.IntRange(3, 366), default=DAYS, show_default=True)
@click.option(
    "--visitors",
    type=click.IntRange(1),
    default=VISITORS,
    show_default=True,
    help="Unknown visitors of a day.",
)
@click.option(
    "--customers",
    type=click.IntRange(0, 50_000),
    default=CUSTOMERS,
    show_default=True,
    help="Customers whom the operator knows.",
)
@click.option("--decisions", type=click.IntRange(1), help="About so many in all, not --visitors.")
@click.option("--seed", default=0, show_default=True, help="Seed of all randomness.")
@click.option("--in-service", is_flag=True, hidden=True, help="`nudge serve` runs the store.")
@data_dir_option
@json_option
def history(
    days: int,
    visitors: int,
    customers: int,
    decisions: int | None,
    seed: int,
    in_service: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Make a month of simulated history, with an outage, warnings and lists in it.

    It goes through the service itself on a moved clock, and ends now; `nudge serve --demo` makes
    one at its first start. Only an installation in which nothing ever happened gets one: the
    demonstration's, unless --data-dir names another. One that was broken off begins anew.
    """
    settings = load_settings(data_dir, demo=True)
    if decisions is not None:
        visitors = visitors_for(decisions, days, customers)
    plan = HistoryPlan(now(), ZoneInfo(settings.zone), days, visitors, customers, seed)
    if in_service:
        found = _make(settings, plan)
    else:
        with _store_of(settings):
            found = _make(settings, plan)
    if as_json:
        print_json(found)
    else:
        click.echo(
            f"{found['visitors']:,} visits with {found['decisions']:,} decisions and"
            f" {found['events']:,} events in {found['seconds']:.0f} s"
        )


@contextmanager
def _store_of(settings: Settings) -> Iterator[None]:
    """Run the embedded store of an installation that nobody serves."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(settings):
        store = embedded.start(settings) if settings.redis_url is None else None
        try:
            yield
        finally:
            if store is not None:
                store.stop()


def _make(settings: Settings, plan: HistoryPlan) -> dict[str, float]:
    """Make the history where one is wanted; return its counts and its seconds.

    Raises:
        InvalidConfigError: something happened in the installation before.
    """
    began = monotonic()
    with open_installation(settings) as installation:
        record = HistoryRecord(settings, installation.store)
        if not record.is_wanted():
            cure = "name an empty directory with --data-dir"
            raise InvalidConfigError([f"{settings.data_dir} has data already; {cure}"])
        record.begin()
        from lab.history.making import make_history  # noqa: PLC0415 - the web and pyarrow

        with progress_bar("history", shown=err().is_terminal) as bar:
            task, told = bar.add_task("", total=PARTS, note=""), [0]

            def tell(share: float) -> None:
                bar.update(task, completed=round(share * PARTS))
                if not err().is_terminal and int(share * TOLD) > told[0]:
                    told[0] = int(share * TOLD)
                    click.echo(f"history: {told[0] * TOLD} %", err=True)

            result = make_history(settings, plan, tell)
        record.end(result)
    return {**asdict(result), "seconds": monotonic() - began}
