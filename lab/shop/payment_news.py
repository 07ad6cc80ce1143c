"""News of payments, which the shop's server tells the service: they are facts, unlike a page's."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

import structlog

from lab.shop.payment_book import Payment, PaymentBook
from nudge.client.api import Api, Patience
from nudge.clock import now
from nudge.errors import NudgeError
from nudge.settings.settings import Settings
from nudge.store.store import Store

SOON: Final = Patience(timeout=2.0, tries=2, refused=0.0)
"""A visitor waits, and the next question tells what this one could not. The second try is for a
connection that the service closed meanwhile, since nobody had used it."""
NAME: Final = "example shop"

log = structlog.get_logger()


def ingest_key(settings: Settings) -> str:
    """Return the shop's key: a function of the secret key, so that all processes know it."""
    return f"nk_shop_{hmac.new(settings.secret_key, NAME.encode(), hashlib.sha256).hexdigest()}"


def register_ingest_key(store: Store, settings: Settings) -> None:
    """Put the shop's key into the store; idempotent, and one that was revoked stays so."""
    store.api_keys.register(ingest_key(settings), ["ingest"], NAME, (), now())


@dataclass(frozen=True)
class PaymentNews:
    """The news of payments on their way to the service.

    Attributes:
        book: payments with their outcomes.
        api: client of the service, with a server's key.
    """

    book: PaymentBook
    api: Api

    def tell(self, visitor: str, at: float) -> None:
        """Tell the service of the visitor's payments; what it does not take is told again later.

        An event has its payment's id, so that one that was told twice counts once.
        """
        found = self.book.untold(visitor, at)
        if not found:
            return
        try:
            self.api.post("/v1/events", {"events": [_event(one, at) for one in found]})
        except NudgeError as error:
            log.warning("payment_untold", payments=len(found), error=str(error))
            return
        self.book.note_told(found)


def _event(payment: Payment, at: float) -> dict[str, object]:
    event = {
        "event_id": payment.payment_id,
        "visitor_id": payment.visitor,
        "at": payment.due,
        "method": payment.method,
    }
    if payment.status(at) == "paid":
        return event | {"type": "paid", "amount": payment.amount}
    return event | {"type": "payment_failed", "reason": payment.reason}
