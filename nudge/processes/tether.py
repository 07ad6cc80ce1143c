"""Run a command that ends with the process that started it, even where that one is killed (-9).

    python -IS nudge/processes/tether.py PARENT_PID SIGNAL COMMAND [ARGUMENT...]

On Linux the kernel keeps the promise (`PR_SET_PDEATHSIG`, which survives exec): no process stays
between parent and child, and the child's pid is that of this process. Elsewhere this process
stays, and watches. The kernel ties the child to the parent's *thread*: start it from a thread
that lives as long as the child may.

Imports nothing of nudge and little of Python: it runs once before each child.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from types import FrameType

_PR_SET_PDEATHSIG = 1
_POLL = 0.2
_GRACE = 5.0


def command(arguments: list[str], signum: signal.Signals = signal.SIGTERM) -> list[str]:
    """Return the command line that runs `arguments` tied to the calling process.

    Args:
        arguments: the command and its arguments.
        signum: what the child gets when its parent is gone.
    """
    return [sys.executable, "-IS", __file__, str(os.getpid()), str(signum.value), *arguments]


def tie(parent: int, signum: signal.Signals) -> None:
    """Have the kernel send `signum` to this process when its parent dies; Linux only.

    Args:
        parent: pid of the parent; where it is gone already, this process gets the signal now.
        signum: the signal.

    Raises:
        OSError: the kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # It may have died between the fork and the call above; the kernel tells of later deaths only.
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)


def watch(parent: int, signum: signal.Signals, arguments: list[str]) -> int:
    """Run `arguments` as a child, and end it when `parent` is no longer this process's parent.

    Returns:
        The child's exit code, or 128 and the signal that ended it.
    """
    child = subprocess.Popen(arguments)  # noqa: S603 - our own caller's command

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, forward)
    while child.poll() is None:
        if os.getppid() != parent:
            return _end(child, signum)
        time.sleep(_POLL)
    return _code(child.returncode)


def _end(child: subprocess.Popen[bytes], signum: signal.Signals) -> int:
    child.send_signal(signum)
    try:
        return _code(child.wait(_GRACE))
    except subprocess.TimeoutExpired:
        child.kill()
        return _code(child.wait())


def _code(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode


def _main(argv: list[str]) -> None:
    parent, signum, arguments = int(argv[1]), signal.Signals(int(argv[2])), argv[3:]
    if sys.platform != "linux":
        sys.exit(watch(parent, signum, arguments))
    tie(parent, signum)
    os.execvp(arguments[0], arguments)  # noqa: S606 - our own caller's command


if __name__ == "__main__":
    _main(sys.argv)
