"""Folders that tests read: the project's root and the shipped configuration."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from nudge.config.slot_file import load_slots
from nudge.domain.slots.slot import Slot

ROOT: Final = Path(__file__).parents[1]
CONFIG: Final = ROOT / "config"


@cache
def shipped_slots() -> dict[str, Slot]:
    """The slots that ship, read once: hundreds of tests begin by applying them. Change a copy."""
    return load_slots(CONFIG / "slots")
