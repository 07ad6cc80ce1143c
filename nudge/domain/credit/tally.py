"""A tally: the outcomes of one variant's exposures as integers, so that each sum is exact."""

from __future__ import annotations

from typing import Final

Tally = tuple[int, int, int, int]
"""Trials, conversions, reward in fen, sum of squared rewards in fen squared."""
Claims = Tally
"""A tally's part from pages: trials that they said less those drawn for them, conversions that
they alone said, trials drawn for them, conversions of theirs that a server said."""
NOTHING: Final[Tally] = (0, 0, 0, 0)


def plus(one: Tally, other: Tally) -> Tally:
    """Add two tallies."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]
