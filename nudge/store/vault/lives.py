"""Lives of the vault's keys: how long a visitor is known of whom no server ever spoke.

Scripts of `store/lua` set them where they write an entry, and have these numbers as their own.
"""

from __future__ import annotations

from typing import Final

from bandits.units import DAY
from nudge.domain.people.visitor import KEEP, KEEP_CUSTOMER

PAGE_LIFE: Final = int(KEEP + 8 * DAY)
"""Seconds behind the last record: the visitor's state, whose exposures may close a week later, and
a day, for a life is begun anew once a day."""
NUMBER_LIFE: Final = int(KEEP_CUSTOMER)
"""Seconds behind the last typing of a number that pages alone named."""
