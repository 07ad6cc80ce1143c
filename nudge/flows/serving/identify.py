"""Identify: from a page's request to the visitor whom the store knows. One read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.identity.sealing import Device, Home, Sealer, new_subject
from nudge.domain.journal.caller import Caller
from nudge.errors import StoreAwayError
from nudge.flows.serving.outage_memory import OutageMemory
from nudge.store.vault.visitor_finder import VisitorFinder
from nudge.store.vault.visitors import VisitorView


class PageVisitor(NamedTuple):
    """A page's visitor, as far as the caller may know who that is.

    Attributes:
        view: of the visitor; where the store is away, no more than the device's token tells.
        device: that shows the page; None without a token.
        degraded: the store was away: the visitor's state is not known.
        lookup: hash of a visitor who is to be looked up when the record leaves the spool; else "".
        by_server: a server asks.
    """

    view: VisitorView
    device: Device | None
    degraded: bool
    lookup: str
    by_server: bool = False

    def token(self, sealer: Sealer) -> str:
        """The device's token from now on: a visitor who may be known is in it."""
        view, device = self.view, self.device or Device(new_subject())
        home = Home(view.subject, view.partition)
        if view.owned:
            vouched = not (view.claimed or self.degraded)
            return sealer.token(device.seeing(home, vouched=vouched))
        return sealer.token(device.seeing(sealer.decoy(device.id, home)))


@dataclass(frozen=True)
class Identifier:
    """The first step of a decision: who is the visitor?

    Attributes:
        finder: of the installation.
        sealer: reads tokens.
        memory: of what the store did not take.
    """

    finder: VisitorFinder
    sealer: Sealer
    memory: OutageMemory

    def identify(
        self, request: DecisionRequest, slots: Sequence[LiveSlot], caller: Caller, at: float
    ) -> PageVisitor:
        """Find the visitor, with what these slots need to know of them.

        Args:
            request: of the page.
            slots: of the page.
            caller: whose API key it is.
            at: seconds, now.
        """
        device = self.sealer.device(request.device_token)
        stock = any(live.slot.limits for live in slots)
        book = any(live.fills_in for live in slots)
        try:
            view = self.finder.opened(request, device, caller, at, stock=stock, book=book)
        except StoreAwayError:
            return self._unread(request, device, at)._replace(by_server=caller.is_server)
        if not self.memory.is_empty:
            hashed = self.finder.home(request.visitor_id).subject
            view = self.memory.with_remembered(view, hashed, at)
        by_server = caller.is_server
        return PageVisitor(view, device, degraded=False, lookup="", by_server=by_server)

    def _unread(self, request: DecisionRequest, device: Device | None, at: float) -> PageVisitor:
        """The visitor whom the token alone names; where it names none, or several, a new one.

        A call that is repeated is answered as before.
        """
        home = self.finder.home(request.visitor_id)
        if device is not None and len(device.knows) == 1:
            only = device.knows[0]
            known = self.memory.find(only.subject, at)
            view = VisitorView(
                only.subject, only.partition, assigned=known.assigned if known else {}
            )
            return PageVisitor(view, device, degraded=True, lookup="")
        before = self.memory.find(home.subject, at)
        subject, assigned = (before.subject, before.assigned) if before else (new_subject(), {})
        view = VisitorView(subject, home.partition, assigned=assigned)
        return PageVisitor(view, device, degraded=True, lookup=home.subject)
