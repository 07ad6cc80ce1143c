"""The command `nudge reseal`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    print_json,
    progress_bar,
)
from nudge.flows.serving.drain import drain
from nudge.flows.upkeep.reseal import reseal as resealed
from nudge.spool.spool import Spool
from nudge.wiring.command import open_installation


@click.command()
@data_dir_option
@json_option
def reseal(data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Encrypt the vault's contents anew, under its newest key.

    First give all keys in NUDGE_VAULT_KEYS, the new one last, and restart web and workers with
    them. When a second run reports nothing under an older key, remove the older keys. The command
    can be interrupted and repeated, and pages are answered meanwhile.
    """
    with (
        open_installation(load_settings(data_dir)) as installation,
        progress_bar("numbers and texts", shown=err().is_terminal) as bar,
    ):
        task = bar.add_task("", total=None, note="")
        spool = Spool(installation.settings.spool_dir, installation.sealer.spool_key, 0)
        drain(installation.store, spool)
        vault = installation.sealer.vault
        found = resealed(installation.store, vault, lambda n: bar.update(task, completed=n))
        # The older ciphers leave the store's log; those of a run that died as well.
        installation.store.log_rewrite.want_rewrite()
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"{found.resealed:,} encrypted anew; {found.current:,} were under the newest key.")
    if found.changed:
        click.echo(f"{found.changed:,} changed meanwhile: run the command once more.", err=True)
    if found.unreadable:
        click.echo(
            f"{found.unreadable:,} are under a key that is not in NUDGE_VAULT_KEYS, or damaged;"
            " they were left as they are.",
            err=True,
        )
