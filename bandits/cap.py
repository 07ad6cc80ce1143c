"""Cap of rewards: a single enormous payment says little about the next one.

Uncut, it would decide between arms for weeks. Ordinary amounts stay as they are.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bandits.arrays import AnyArray

SHARE: Final = 0.95
TIMES: Final = 5.0
LEAST: Final = 20
"""Rewards before which there is no cap."""


def reward_cap(rewards: AnyArray) -> float | None:
    """Return the most that counts of one reward: 5 times the 95 % quantile of rewards.

    Args:
        rewards: (n,) earlier rewards; those of 0 or less do not count.

    Returns:
        The cap, or None before 20 rewards.
    """
    paid = rewards[rewards > 0]
    return None if len(paid) < LEAST else float(TIMES * np.quantile(paid, SHARE))
