"""Stopping a promotion, and letting it run again: what it changes, a reason, then the change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from nudge.pages.access import door, may
from nudge.pages.api_door import api_path
from nudge.pages.formats import rate
from nudge.pages.screens.promotions.promotion import Promotion
from nudge.pages.screens.promotions.promotion_source import find_slot, variant_figures
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

blueprint = Blueprint("promotion_stop", __name__, url_prefix="/promotions")

FORBIDDEN: Final = 403
OK: Final = 200
CHANGED: Final = 412
REFUSED: Final = 422
REFUSALS: Final = frozenset({CHANGED, REFUSED, 428})
LONGEST: Final = 500


@blueprint.get("/<slot>/<name>/<any(stop, start):verb>")
def ask(slot: str, name: str, verb: str) -> Response:
    """Return the page that says what stopping or starting would change."""
    return _page(slot, name, verb)


@blueprint.post("/<slot>/<name>/<any(stop, start):verb>")
def act(slot: str, name: str, verb: str) -> Response:
    """Stop a promotion, or let it run again."""
    why = request.form.get("why", "").strip()[:LONGEST]
    if not why:
        told = {"message": _("Write why: the reason stands in the audit.")}
        return _page(slot, name, verb, REFUSED, told)
    answer = door().change(
        "PATCH",
        api_path("/v1/slots/{}", slot),
        {"variants": {name: {"enabled": verb == "start"}}},
        if_match=request.form.get("etag", ""),
        why=why,
        expect=REFUSALS,
    )
    if answer.status != OK:
        return _page(slot, name, verb, answer.status, answer.body)
    flash(_("Stopped. Nobody sees it any more.") if verb == "stop" else _("It runs again."))
    path = url_for("promotions.promotions", slot=slot, _anchor=f"p-{name}")
    return make_response(redirect(path, 303))


def _page(
    slot: str, name: str, verb: str, status: int = OK, refusal: Mapping[str, Any] | None = None
) -> Response:
    if not may("patchSlot"):
        abort(FORBIDDEN)
    found = find_slot(slot)
    promotion = found.promotion(name)
    page = render_template(
        "promotion_stop.html",
        slot=found,
        promotion=promotion,
        title=spoken(promotion.title),
        verb=verb,
        effect=_effect(promotion, verb),
        refusal=refusal,
        changed=status == CHANGED,
        why=request.form.get("why", ""),
    )
    return make_response(page, status)


def _effect(one: Promotion, verb: str) -> str:
    """Return what the action changes, with the share of visitors whom it concerns."""
    if verb == "start":
        return _("Visitors may see it again, within its dates, stock and rule.")
    share = variant_figures(one.slot).get(one.name, {}).get("share_now")
    if share is None:
        return _("Nobody sees it any more; who has it now sees another promotion.")
    return _(
        "%(share)s of the visitors see it now; they would see another promotion instead.",
        share=rate(share),
    )
