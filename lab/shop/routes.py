"""Paths below /example: pages of the shop, its payments, and the panel's questions.

No answer has a key in it but the one for pages, which everybody may read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, current_app, render_template, request

from lab.shop.decision_view import view_decision
from lab.shop.outcomes import METHODS, OUTCOMES
from lab.shop.payment_book import Payment, PaymentBook
from lab.shop.payment_news import PaymentNews
from lab.shop.shop_files import LANGUAGES, find_shop_files, read_words
from lab.shop.visit import Visits
from nudge.api.operation import open_to_all
from nudge.api.provider import answer
from nudge.api.sdk_files import read_sdk_files
from nudge.api.service import current
from nudge.clock import now
from nudge.errors import (
    InvalidRequestError,
    NotFoundError,
    StoreAwayError,
    UnauthenticatedError,
)

EXTENSION: Final = "example_shop"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy: no inline script or style, and nothing from other hosts."""
PAGES: Final = {"": "home", "/": "home", "/recharge": "recharge", "/pay": "pay"}
MOST_YUAN: Final = 500
AMOUNT: Final = re.compile("[1-9][0-9]{0,2}")
PAYMENT_ID: Final = re.compile("[a-z0-9-]{8,40}")


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


def make_blueprint() -> Blueprint:
    """Return the paths of the shop."""
    found = find_shop_files()
    made = Blueprint(
        "example",
        __name__,
        url_prefix="/example",
        template_folder=found.pages,
        static_folder=found.files,
        static_url_path="/files",
    )
    for path, name in PAGES.items():
        made.add_url_rule(path, f"page{path}", page, defaults={"name": name})
    made.add_url_rule("/payments", view_func=begin_payment, methods=["POST"])
    payment = "/payments/<string(maxlength=40):payment_id>"
    made.add_url_rule(payment, view_func=settle_payment, methods=["POST"])
    made.add_url_rule(payment, view_func=payment_status)
    made.add_url_rule("/decisions/<string(maxlength=64):decision_id>", view_func=decision)
    made.after_request(protect)
    return made


@open_to_all
def page(name: str) -> Response:
    """Return a page of the shop."""
    visits = _shop().visits
    visitor = visits.find_or_make(request)
    response = _rendered(name, visitor=visitor)
    visits.keep(response, visitor)
    return response


@open_to_all
def begin_payment() -> Response:
    """Begin a payment, and show the stand-in for the payment service's page."""
    payment = _shop().book.begin(_load_payment(request.form, _visitor()))
    if payment is None:
        raise NotFoundError("no such payment")
    return _bank(payment)


@open_to_all
def settle_payment(payment_id: str) -> Response:
    """Tell the stand-in how the payment ends, and show what its visitor sees then."""
    name = request.form.get("outcome", "")
    if name not in OUTCOMES:
        raise InvalidRequestError(f"outcome: use one of {', '.join(OUTCOMES)}")
    shop, at = _shop(), now()
    shop.book.settle(_payment(payment_id), name, OUTCOMES[name], at)
    shop.news.tell(_visitor(), at)
    return _bank(_payment(payment_id))


@open_to_all
def payment_status(payment_id: str) -> Response:
    """Return what the shop's server has heard of a payment."""
    at = now()
    payment = _payment(payment_id)
    _shop().news.tell(payment.visitor, at)
    status = payment.status(at)
    reason = payment.reason if status == "failed" else ""
    return answer({"status": status, "reason": reason, "method": payment.method})


@open_to_all
def decision(decision_id: str) -> Response:
    """Return reason and distribution of a decision that was made for this visitor.

    Where there is none it is no error: the panel also asks about what was decided while the store
    was away, and a browser would write an error into its console.
    """
    try:
        return answer(view_decision(current(), decision_id, _visitor(), _language()))
    except (NotFoundError, StoreAwayError) as error:
        return answer({"unexplained": error.code})


def protect(response: Response) -> Response:
    """Add headers that restrict the pages to the shop's own files."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _load_payment(form: Mapping[str, str], visitor: str) -> Payment:
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
    return _rendered("bank", payment=payment, status=payment.status(now()))


def _rendered(name: str, **values: object) -> Response:
    language = _language()
    sdk = read_sdk_files()
    text = render_template(
        f"{name}.html",
        w=read_words(language),
        language=language,
        other=LANGUAGES[1 - LANGUAGES.index(language)],
        key=current().settings.page_key or "",
        sdk=sdk.versions[sdk.current],
        methods=METHODS,
        outcomes=OUTCOMES,
        **values,
    )
    response = Response(text, mimetype="text/html")
    response.vary.add("Accept-Language")
    return response


def _language() -> str:
    """Return the language that the page was asked in, or else the browser's."""
    asked = request.values.get("lang") or request.accept_languages.best_match(LANGUAGES)
    return asked if asked in LANGUAGES else LANGUAGES[0]


def _shop() -> Shop:
    found: Shop = current_app.extensions[EXTENSION]
    return found


def _visitor() -> str:
    found = _shop().visits.find(request)
    if found is None:
        raise UnauthenticatedError("open /example first: this browser has no visit")
    return found


def _payment(payment_id: str) -> Payment:
    found = _shop().book.find(payment_id, _visitor())
    if found is None:
        raise NotFoundError("no such payment")
    return found
