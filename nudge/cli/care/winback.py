"""The commands `nudge winback`: the list, and `effect`."""

from __future__ import annotations

import click

from nudge.cli.care.winback_causes import causes, mend, unmend
from nudge.cli.care.winback_effect import effect
from nudge.cli.care.winback_list import STEPS, export, list_, show


@click.group()
def winback() -> None:
    """Tell who left the path and whom to call, and whom a contact brings back."""


for _command in (effect, list_, show, *STEPS, export, mend, causes, unmend):
    winback.add_command(_command)
