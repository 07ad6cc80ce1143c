"""Child processes that end with this one, are started again when they die, and stop in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nudge.clock import monotonic, sleep
from nudge.processes import tether

Process = subprocess.Popen[bytes]

_POLL = 0.05
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_STEADY = 30.0
"""Seconds after which a child counts as well, and its next death as the first."""


@dataclass(frozen=True)
class Program:
    """The program of a child process.

    Attributes:
        name: for messages.
        command: the program and its arguments.
        grace: seconds between SIGTERM and SIGKILL.
        reloads: whether SIGHUP is passed on to it.
        later: whether it starts only when the service is ready.
        once: whether code 0 is its end for good, not a death.
    """

    name: str
    command: Sequence[str]
    grace: float = 10.0
    reloads: bool = False
    later: bool = False
    once: bool = False


def spawn(command: Sequence[str], environ: Mapping[str, str]) -> Process:
    """Start `command` tied to this process; its output goes to our stderr.

    Its session is its own: Ctrl-C reaches this process only, which stops children in order.
    """
    return subprocess.Popen(  # noqa: S603 - our own programs
        tether.command(list(command)),
        stdin=subprocess.DEVNULL,
        stdout=sys.__stderr__,
        env=environ,
        start_new_session=True,
    )


class Child:
    """A child process that is started again under one name whenever it dies.

    Attributes:
        process: the present one, or the last.
        program: what it runs.
        deaths: how often it died in a row without having run for long.
    """

    def __init__(self, program: Program, start: Callable[[], Process]) -> None:
        self.program = program
        self.process = start()
        self.deaths = 0
        self._start = start
        self._started = monotonic()
        self._due: float | None = None

    @property
    def name(self) -> str:
        """The program's name, for messages."""
        return self.program.name

    def tend(self, died: Callable[[Child, float], None]) -> None:
        """Start the process again if it is dead and its pause is over.

        Args:
            died: told once of each death, with the pause in seconds.
        """
        now = monotonic()
        if self.program.once and self.process.poll() == 0:
            return
        if self._due is None and self.process.poll() is not None:
            self.deaths = 1 if now - self._started > _STEADY else self.deaths + 1
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (self.deaths - 1))
            self._due = now + pause
            died(self, pause)
        elif self._due is not None and now >= self._due:
            self.process, self._started, self._due = self._start(), now, None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process; a dead one is left alone."""
        self.process.send_signal(number)

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Stop the process in order; kill it when its grace is over or the caller is in a hurry."""
        self.signal(signal.SIGTERM)
        until = monotonic() + self.program.grace
        while self.process.poll() is None:
            if monotonic() > until or hurried():
                # It leads a session: what it started goes with it.
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            sleep(_POLL)
