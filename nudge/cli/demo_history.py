"""The history of a demonstration: made once, by a process of its own, before the service starts."""

from __future__ import annotations

import sys

import click
import structlog

from lab.history.record import HistoryRecord
from nudge.processes import children
from nudge.settings.settings import Settings, child_environ
from nudge.wiring.command import open_installation

log = structlog.get_logger()


def make_demo_history(settings: Settings) -> None:
    """Make the history where the installation is empty, or where its making was broken off.

    A clock that was moved ends with its process: this one never has it. A history that fails
    costs the demonstration its past and nothing else; the next start tries again.

    Args:
        settings: of the demonstration, whose store runs.
    """
    with open_installation(settings) as installation:
        if not HistoryRecord(settings, installation.store).is_wanted():
            return
    click.echo("Making a month of simulated history, once: about two minutes.", err=True)
    command = [sys.executable, "-m", "nudge", "history", "--in-service"]
    command += ["--data-dir", str(settings.data_dir)]
    child = children.spawn(command, child_environ(settings))
    try:
        code = child.wait()
    finally:
        child.kill()
    if code:
        log.warning("no_history", code=code, cure="start again: it is made anew")
