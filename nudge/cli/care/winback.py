"""The command `nudge winback`."""

from __future__ import annotations

import click

from nudge.cli.care.winback_effect import effect


@click.group()
def winback() -> None:
    """Tell whom a contact brings back, against people held out."""


winback.add_command(effect)
