"""GET /v1/visitors/{id}/next: what a person is offered next, by which channel, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from flask import Response, request

from nudge.api.forms import PAGE_NAME
from nudge.api.operation import EXTERNAL_ID, operation, query_parameter, resource
from nudge.api.paging import wrong_parameter
from nudge.api.people import visitors
from nudge.api.people.visitor_lookup import find_visitor
from nudge.api.provider import answer
from nudge.api.replies import defined
from nudge.api.schemas.next_offer import NextOfferSchema
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.offers.offer_view import next_view
from nudge.domain.values.closed_list import ClosedList
from nudge.domain.values.refusal import ValueRefusedError
from nudge.flows.plan.next_offer import NextOfferDesk

blueprint = resource("offers", "Offers: what a person is offered next, and why not the others")

CHANNELS: Final = ("web", "wap", "app", "miniprogram")
_KNOWN: Final = ClosedList(CHANNELS)
_PAGE: Final = re.compile(PAGE_NAME)
PARAMETERS: Final = (
    query_parameter("channel", "of the page that may show the offer", enum=list(CHANNELS)),
    query_parameter("page", "that may show the offer: `home` if left out", pattern=PAGE_NAME),
)


@operation(
    blueprint,
    f"GET /v1/visitors/<{EXTERNAL_ID}:visitor_id>/next",
    name="getNextOffer",
    scopes=("read", "admin"),
    answers={200: NextOfferSchema},
    parameters=PARAMETERS,
)
def next_offer(visitor_id: str) -> Response:
    """Tell what a visitor is offered next over all channels, and why not the others.

    Nothing is decided by asking: the same facts give the same answer.
    """
    if _is_escaped(request.environ):
        return visitors.one(f"{visitor_id}/next")
    service, at = current(), now()
    where = _channel(request.args.get("channel")), _page(request.args.get("page"))
    found = find_visitor(service, visitor_id)
    offers = _desk(service).find(found.view, found.state, where, at)
    label = service.calendar.label
    view = next_view(offers.found, offers.standing, label)
    return answer({"visitor_id": found.name, "at": label(at)} | view | defined("next"))


def _is_escaped(environ: Mapping[str, Any]) -> bool:
    """Return True where `/next` is the end of an id that holds slashes, escaped as a whole."""
    path = str(environ.get("RAW_URI") or "").partition("?")[0]
    return bool(path) and not path.endswith("/next")


def _desk(service: Service) -> NextOfferDesk:
    configuration = service.configuration
    return NextOfferDesk(
        service.store,
        service.catalogue().slots,
        configuration.segments,
        configuration.contact if configuration.plans_contacts else None,
        service.settings.holdout,
        service.sealer.draw_key,
        configuration.rhythm,
    )


def _channel(text: str | None) -> str:
    try:
        return CHANNELS[0] if text is None else _KNOWN.parse(text)
    except ValueRefusedError as error:
        raise wrong_parameter("channel", str(error)) from error


def _page(text: str | None) -> str:
    if text is None:
        return "home"
    if not _PAGE.fullmatch(text):
        raise wrong_parameter("page", "use a-z, 0-9, _ . - only, at most 64 characters")
    return text
