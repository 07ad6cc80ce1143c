"""The release of Nudge that runs: the version of the installed package."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def release() -> str:
    """Return the version of the package; "0" where it runs without being installed."""
    try:
        return version("nudge")
    except PackageNotFoundError:
        return "0"
