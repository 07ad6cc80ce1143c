"""Visitors who are known, among those that a page's call names, before any of it is validated.

Whoever holds a device token, a link of an SMS or (for events) a decision's id was here before:
they have a limit of their own, and neither need nor use up what a key and an address may bring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nudge.api.limits.limiter import PAGE, Environ, Kind, Limiter
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.caller import Caller
from nudge.errors import TooManyRequestsError

MOST: Final = 512
"""Characters of the longest token or id that is looked at."""


class Sifted(NamedTuple):
    """The items of a call: admitted, or beyond the limits.

    Attributes:
        refused: places of those beyond.
        error: why; None where nothing was refused.
    """

    refused: frozenset[int] = frozenset()
    error: TooManyRequestsError | None = None


NOTHING: Final = Sifted()


@dataclass(frozen=True)
class Gate:
    """The gate of one kind of calls: who is known passes, the others as far as limits allow.

    Attributes:
        kind: of what is counted.
        limiter: has the buckets.
        sealer: reads tokens and ids.
    """

    kind: Kind
    limiter: Limiter
    sealer: Sealer

    def admit(self, item: Mapping[str, Any], caller: Caller, environ: Environ) -> None:
        """Admit a call about one visitor.

        Raises:
            TooManyRequestsError: nobody known sends it, and it is one too many.
        """
        if caller.scopes != PAGE:
            return
        name = self._name(item)
        if name is None:
            self.limiter.admit(self.kind, caller, environ, 1)
        elif not self.limiter.knows(self.kind, name):
            self.limiter.admit(self.kind, caller, environ, 0, devices=1)

    def sift(self, items: Sequence[object], caller: Caller, environ: Environ) -> Sifted:
        """Admit a call about many; those who are known never wait for the others.

        Raises:
            TooManyRequestsError: nothing of it can be admitted.
        """
        if caller.scopes != PAGE:
            return NOTHING
        names = self._names(items)
        late = [i for i, name in enumerate(names) if not (name and self._knows(name))]
        if not late:
            return NOTHING
        devices = sum(names[i] is not None for i in late)
        units = len(late) - devices
        try:
            self.limiter.admit(self.kind, caller, environ, units, devices=devices)
        except TooManyRequestsError as error:
            if len(late) == len(items):
                raise
            return Sifted(frozenset(late), error)
        return NOTHING

    def _knows(self, name: bytes) -> bool:
        return self.limiter.knows(self.kind, name)

    def _names(self, items: Sequence[object]) -> list[bytes | None]:
        return [self._name(item) if isinstance(item, dict) else None for item in items]

    def _name(self, item: Mapping[str, Any]) -> bytes | None:
        """Return under what a known sender is counted; None for anybody else."""
        if "device_token" in item and (device := self.sealer.device(_text(item["device_token"]))):
            return b"t" + device.id.encode()
        if self.kind == "events":
            return self._page_of(item["decision_id"]) if "decision_id" in item else None
        return self._visitor_of(item["link_token"]) if "link_token" in item else None

    def _page_of(self, decision_id: object) -> bytes | None:
        ref = self.sealer.unseal(_text(decision_id))
        # All slots of a page have one position.
        return b"p%d.%d" % (ref.partition, ref.position) if ref else None

    def _visitor_of(self, link_token: object) -> bytes | None:
        link = self.sealer.links.link(_text(link_token))
        return b"l" + link.subject.encode() if link else None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) and len(value) <= MOST else ""
