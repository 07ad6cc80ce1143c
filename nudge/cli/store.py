"""The commands `nudge store status | accept`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.store.keeping.identity import CURE, TEXTS, WrongStore
from nudge.wiring.command import Installation, open_installation

if TYPE_CHECKING:  # pyarrow, which the command's help does not need
    from nudge.flows.upkeep.accept import Gap


@click.group()
def store() -> None:
    """Check that the store is the known one, or accept another."""


@store.command()
@data_dir_option
@json_option
def status(data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Check that the store is the known one, and write nothing; ends with 1 if it is not."""
    with open_installation(load_settings(data_dir)) as installation:
        wrong = _look(installation)
        known = installation.store.identity.store_id()
    if as_json:
        print_json({"reason": wrong.reason if wrong else "", "text": str(wrong or "")})
    elif wrong:
        click.echo(f"{wrong.reason}: {wrong}")
    else:
        click.echo("the store is the known one" if known else "the store is new: nothing ran on it")
    sys.exit(1 if wrong else 0)


@store.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
@json_option
def accept(yes: bool, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Accept a store that lost its contents, or another store.

    If there is a backup, `nudge restore` is better. This command folds and archives the records
    that the store still has, declares the lost positions in the lake, and numbers new records
    behind them. Visitors whose vault entry was lost are new ones from now on. Run `nudge rebuild`
    afterwards: it reads the lake, and attribute and learn wait for it.
    """
    with open_installation(load_settings(data_dir)) as installation:
        wrong = _look(installation)
        if wrong is None:
            click.echo("the store is the known one: there is nothing to accept")
            return
        accepting = installation.acceptance
        if not as_json:
            click.echo("\n".join(_describe_loss(wrong, accepting.gaps())))
        if not yes:
            click.confirm("Go on with this store?", abort=True)
        installation.store.identity.recognise(installation.settings.store_note)
        gaps = accepting.run(wrong)
    if as_json:
        print_json({"reason": wrong.reason, "gaps": [asdict(gap) for gap in gaps]})
    else:
        click.echo("accepted; now run `nudge rebuild`")


def _look(installation: Installation) -> WrongStore | None:
    return installation.store.identity.look(installation.settings.store_note)


def _describe_loss(wrong: WrongStore, gaps: list[Gap]) -> Iterator[str]:
    yield f"{TEXTS[wrong.reason]}; {CURE}"
    for gap in gaps:
        known = f"the lake holds positions up to {gap.after}, the store had {gap.noted} or more"
        yield f"  partition {gap.partition}: {known}; new records begin behind {gap.upto}"
    yield "Lost are the records that neither the store nor the lake has any more."
