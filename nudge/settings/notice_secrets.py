"""Secrets of notices: the variables `NOTICE_...`, which addresses in monitors.toml name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "NOTICE_"


def notice_secrets(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the secrets by the names of their variables.

    Args:
        environ: variables; None is the process's own.
    """
    given = os.environ if environ is None else environ
    return {name: value for name, value in given.items() if name.startswith(PREFIX)}
