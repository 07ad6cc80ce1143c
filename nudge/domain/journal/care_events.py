"""Types of events that the fold `care` writes, or that follow its cases: no act of a visitor."""

from __future__ import annotations

from typing import Final

HEARD: Final = "heard"
"""Type of the event that tells what was found in a text; a fold's own."""
WARNED: Final = "warned"
"""Type of the event by which a case opens, or a signal joins it; a fold's own."""
FOLLOWED: Final = "followed"
"""Type of the event by which a person acted on a case; no client can send it."""
WATCH_MOVED: Final = "watch_moved"
"""Type of the event that brings a watch to the visitor whom another one turned out to be."""
SIGNAL_MOVED: Final = "signal_moved"
"""Type of the event that brings a late signal to whom its visitor had turned out to be."""
CASES_ERASED: Final = "cases_erased"
"""Type of the event by which the cases of a forgotten visitor end in another partition."""
CASES: Final = "cases"
"""Field of `cases_erased`: ids of the cases."""
ENGINE: Final = "engine"
"""Field of `followed` of a step that the engine took; its case may be of an earlier subject."""
OWN_TYPES: Final = frozenset({HEARD, WARNED, FOLLOWED, WATCH_MOVED, SIGNAL_MOVED, CASES_ERASED})
"""Types of events that only the fold `care` reads: no act of the visitor."""
