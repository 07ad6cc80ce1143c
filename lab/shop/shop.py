"""The shop behind the paths: whose browser asks, its payments, and their news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import current_app, request

from lab.shop.payment_book import Payment, PaymentBook
from lab.shop.payment_news import PaymentNews
from lab.shop.visit import Visits
from nudge.errors import NotFoundError, UnauthenticatedError

EXTENSION: Final = "example_shop"


@dataclass(frozen=True)
class Shop:
    """The shop behind the paths.

    Attributes:
        visits: whose browser it is.
        book: payments.
        news: payments on their way to the service.
    """

    visits: Visits
    book: PaymentBook
    news: PaymentNews


def current_shop() -> Shop:
    """Return the shop of the app that answers this request."""
    found: Shop = current_app.extensions[EXTENSION]
    return found


def current_visitor() -> str:
    """Return the visitor of this request.

    Raises:
        UnauthenticatedError: the browser never opened the shop.
    """
    found = current_shop().visits.find(request)
    if found is None:
        raise UnauthenticatedError("open /example first: this browser has no visit")
    return found


def own_payment(payment_id: str) -> Payment:
    """Return a payment of this request's visitor.

    Raises:
        NotFoundError: no such payment, or another visitor's.
        UnauthenticatedError: the browser never opened the shop.
    """
    found = current_shop().book.find(payment_id, current_visitor())
    if found is None:
        raise NotFoundError("no such payment")
    return found
