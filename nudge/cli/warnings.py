"""The commands `nudge warnings ...`: churn warnings, and what goes with leaving."""

from __future__ import annotations

import click

from nudge.cli.warnings_factors import factors


@click.group()
def warnings() -> None:
    """Tell who is about to leave, and what goes with leaving."""


warnings.add_command(factors)
