"""The commands `nudge warnings ...`: churn warnings, and the model of complaints."""

from __future__ import annotations

import click

from nudge.cli.warnings_train import train


@click.group()
def warnings() -> None:
    """Tell who is about to leave, and teach the model of complaints."""


warnings.add_command(train)
