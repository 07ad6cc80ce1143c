"""Paths of payments: the stand-in for a payment service's page, and what the shop has heard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from flask import Response, request

from lab.shop.outcomes import METHODS, OUTCOMES
from lab.shop.payment_book import Payment
from lab.shop.rendering import render_page
from lab.shop.shop import current_shop, current_visitor, own_payment
from nudge.api.operation import open_to_all
from nudge.api.provider import answer
from nudge.clock import now
from nudge.errors import InvalidRequestError, NotFoundError

MOST_YUAN: Final = 500
AMOUNT: Final = re.compile("[1-9][0-9]{0,2}")
PAYMENT_ID: Final = re.compile("[a-z0-9-]{8,40}")


@open_to_all
def begin_payment() -> Response:
    """Begin a payment, and show the stand-in for the payment service's page."""
    payment = current_shop().book.begin(load_payment(request.form, current_visitor()))
    if payment is None:
        raise NotFoundError("no such payment")
    return _bank(payment)


@open_to_all
def settle_payment(payment_id: str) -> Response:
    """Tell the stand-in how the payment ends, and show what its visitor sees then."""
    name = request.form.get("outcome", "")
    if name not in OUTCOMES:
        raise InvalidRequestError(f"outcome: use one of {', '.join(OUTCOMES)}")
    shop, at = current_shop(), now()
    shop.book.settle(own_payment(payment_id), name, OUTCOMES[name], at)
    shop.news.tell(current_visitor(), at)
    return _bank(own_payment(payment_id))


@open_to_all
def payment_status(payment_id: str) -> Response:
    """Return what the shop's server has heard of a payment."""
    at = now()
    payment = own_payment(payment_id)
    current_shop().news.tell(payment.visitor, at)
    status = payment.status(at)
    reason = payment.reason if status == "failed" else ""
    return answer({"status": status, "reason": reason, "method": payment.method})


def load_payment(form: Mapping[str, str], visitor: str) -> Payment:
    """Read a form.

    Raises:
        InvalidRequestError: a field does not fit.
    """
    amount, method = form.get("amount", ""), form.get("method", "")
    payment_id = form.get("payment_id", "")
    if not AMOUNT.fullmatch(amount) or int(amount) > MOST_YUAN:
        raise InvalidRequestError(f"amount: give whole yuan from 1 to {MOST_YUAN}")
    if method not in METHODS:
        raise InvalidRequestError(f"method: use one of {', '.join(METHODS)}")
    if not PAYMENT_ID.fullmatch(payment_id):
        raise InvalidRequestError("payment_id: give 8 to 40 letters, digits, hyphens")
    return Payment(payment_id, visitor, int(amount), method)


def _bank(payment: Payment) -> Response:
    return render_page("bank", payment=payment, status=payment.status(now()))
