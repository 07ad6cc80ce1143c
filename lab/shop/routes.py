"""Paths below /example: pages of the shop, its payments, and the panel's questions.

No answer has a key in it but the one for pages, which everybody may read.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from lab.shop.decision_view import view_decision
from lab.shop.payment_routes import begin_payment, payment_status, settle_payment
from lab.shop.rendering import find_language, render_page
from lab.shop.shop import current_shop, current_visitor
from lab.shop.shop_files import find_shop_files
from nudge.api.operation import open_to_all
from nudge.api.provider import answer
from nudge.api.service import current
from nudge.errors import NotFoundError, StoreAwayError

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy: no inline script or style, and nothing from other hosts."""
PAGES: Final = {"": "home", "/": "home", "/recharge": "recharge", "/pay": "pay"}


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
    visits = current_shop().visits
    visitor = visits.find_or_make(request)
    response = render_page(name, visitor=visitor)
    visits.keep(response, visitor)
    return response


@open_to_all
def decision(decision_id: str) -> Response:
    """Return reason and distribution of a decision that was made for this visitor.

    Where there is none it is no error: the panel also asks about what was decided while the store
    was away, and a browser would write an error into its console.
    """
    try:
        return answer(view_decision(current(), decision_id, current_visitor(), find_language()))
    except (NotFoundError, StoreAwayError) as error:
        return answer({"unexplained": error.code})


def protect(response: Response) -> Response:
    """Add headers that restrict the pages to the shop's own files."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "same-origin"
    return response
