"""Time of a store whose processes live on a moved clock: it stands in a key, for all of them.

Stamps of the journal are the server's own time, so that they rise with positions whoever writes.
Where the clock is moved (`nudge.clock.moved`), scripts take the time from one key of the same
server instead, which is moved on by one process alone: stamps still rise. The texts of production
never read the key.
"""

from __future__ import annotations

from typing import Final

WALL_KEY: Final = "nudge:moved_wall"
"""Holds "<seconds> <microseconds>", as the command TIME answers them; only on a single server."""
TIME: Final = ("TIME",)
_SERVER: Final = "redis.call('TIME')"
_MOVED: Final = f"({{string.match(redis.call('GET', '{WALL_KEY}'), '^(%d+) (%d+)$')}})"


def with_moved_time(text: str) -> str:
    """Return the text of a script that takes the time from the key."""
    return text.replace(_SERVER, _MOVED)


def wall_text(at: float) -> str:
    """Return a moment as it stands in the key."""
    seconds, micros = divmod(round(at * 1_000_000), 1_000_000)
    return f"{seconds} {micros}"
