"""Memory of the store: how much it uses of what its servers allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nudge.errors import StoreAwayError, StoreError
from nudge.store.wire.client import Client

NEARLY_FULL: Final = 0.8
"""Share of its memory from which on a store is nearly full."""


@dataclass(frozen=True)
class MemoryLevel:
    """The level of the store's memory.

    Attributes:
        used: bytes, over all servers.
        limit: bytes that all servers may use; 0 where one of them has no limit.
        ratio: used share of the fullest server's limit; 0 where none has a limit.
        evicts: a server removes keys when it is full: nothing here may be removed.
    """

    used: int
    limit: int
    ratio: float
    evicts: bool = False

    @property
    def nearly_full(self) -> bool:
        """Whether there is little left."""
        return self.ratio >= NEARLY_FULL


@dataclass(frozen=True)
class StoreMemory:
    """The memory of the store, as its servers tell it."""

    client: Client

    def level(self) -> MemoryLevel:
        """Return the level as of now; a server that tells nobody counts as without a limit.

        Raises:
            StoreAwayError: no answer.
        """
        try:
            told = self.client.memories()
        except StoreAwayError:
            raise
        except StoreError:
            return MemoryLevel(0, 0, 0.0)
        limits = [_number(one, "maxmemory") for one in told]
        shares = [_counted(one) / limit for one, limit in zip(told, limits, strict=True) if limit]
        evicts = any(
            limit and one.get("maxmemory_policy", "noeviction") != "noeviction"
            for one, limit in zip(told, limits, strict=True)
        )
        used = sum(_number(one, "used_memory") for one in told)
        return MemoryLevel(used, sum(limits) if all(limits) else 0, max(shares, default=0), evicts)


def _counted(told: Mapping[str, Any]) -> int:
    """Return the bytes that count for the limit: buffers of the log do not."""
    return _number(told, "used_memory") - _number(told, "mem_not_counted_for_evict")


def _number(told: Mapping[str, Any], name: str) -> int:
    return int(told.get(name) or 0)
