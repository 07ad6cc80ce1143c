"""The form of a promotion: add, edit, copy; its preview and the visitors whom it would reach.

The form answers to one address. Its buttons say what is wanted: `save`, `look` (the preview and the
count, as they also come while somebody types), `add_row`, `remove_row:N`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

from nudge import clock
from nudge.pages.access import door, may
from nudge.pages.api_door import ApiAnswer, api_path
from nudge.pages.screens.promotions import promotion_words as words
from nudge.pages.screens.promotions.audience_view import (
    AudienceView,
    audience_view,
    form_warnings,
)
from nudge.pages.screens.promotions.form_check import (
    WHY,
    checked,
    is_right,
    refused_form,
    row_error,
)
from nudge.pages.screens.promotions.promotion import Promotion
from nudge.pages.screens.promotions.promotion_form import (
    MOST_ROWS,
    PromotionForm,
    available_table,
    form_of,
    free_name,
    merge_difference,
    read_form,
    variant_table,
)
from nudge.pages.screens.promotions.promotion_source import (
    PromotionSlot,
    find_slot,
    operator_zone,
)
from nudge.pages.screens.promotions.rule_rows import RuleRow, RuleRows
from nudge.pages.translation import gettext as _

blueprint = Blueprint("promotion_form", __name__, url_prefix="/promotions")

FORBIDDEN: Final = 403
CHANGED: Final = 412
REFUSED: Final = 422
REFUSALS: Final = frozenset({CHANGED, REFUSED, 428})
COUNT_REFUSALS: Final = frozenset({422, 429, 503})
OK: Final = 200
SAVE: Final = "save"
ADD: Final = "add_row"
REMOVE: Final = "remove_row:"
NO_ROW: Final = RuleRows(rows=(RuleRow(),))


@dataclass(frozen=True)
class Editing:
    """A promotion that is edited, or a new one, with its slot.

    Attributes:
        slot: of the promotion, as it is now.
        promotion: None for a new one.
    """

    slot: PromotionSlot
    promotion: Promotion | None

    @property
    def has_text(self) -> bool:
        """True where the form edits title and text."""
        return self.promotion is None or self.promotion.has_text

    @property
    def limits(self) -> Mapping[str, Any]:
        """The limits that are there."""
        return self.promotion.available if self.promotion else {}

    @property
    def taken(self) -> set[str]:
        """The names that a new promotion cannot have."""
        return set() if self.promotion else {one.name for one in self.slot.promotions}


@blueprint.get("/new")
def new() -> Response:
    """Return an empty form, or one with what another promotion has."""
    _check_role()
    slot = find_slot(request.args.get("slot", ""))
    pattern, form = request.args.get("like"), PromotionForm()
    if pattern:
        form = form_of(slot.promotion(pattern), operator_zone(), copy=True)
    return _page(Editing(slot, None), _with_etag(form, slot))


@blueprint.post("/new")
def create() -> Response:
    """Add a promotion, or answer one of the form's other buttons."""
    _check_role()
    return _answer(Editing(find_slot(request.args.get("slot", "")), None))


@blueprint.get("/<slot>/<name>")
def edit(slot: str, name: str) -> Response:
    """Return the form of a promotion."""
    _check_role()
    found = find_slot(slot)
    promotion = found.promotion(name)
    form = form_of(promotion, operator_zone())
    return _page(Editing(found, promotion), _with_etag(form, found))


@blueprint.post("/<slot>/<name>")
def change(slot: str, name: str) -> Response:
    """Change a promotion, or answer one of the form's other buttons."""
    _check_role()
    found = find_slot(slot)
    return _answer(Editing(found, found.promotion(name)))


def _check_role() -> None:
    if not may("patchSlot"):
        abort(FORBIDDEN)


def _answer(what: Editing) -> Response:
    form, action = read_form(request.form), request.form.get("action", "look")
    if action == SAVE:
        return _save(what, form)
    if action == ADD or action.startswith(REMOVE):
        return _page(what, _with_rows(form, action), added=action == ADD)
    return _page(what, form)


def _with_rows(form: PromotionForm, action: str) -> PromotionForm:
    """Return the form with a row more or less; a rule of several levels begins anew as rows."""
    rules = form.rules or RuleRows()
    rows = list(rules.rows)
    place = action.removeprefix(REMOVE)
    if action == ADD:
        rows = [*rows, RuleRow()][:MOST_ROWS]
    elif place.isascii() and place.isdigit() and int(place) < len(rows):
        del rows[int(place)]
    return replace(form, rules=replace(rules, rows=tuple(rows)))


def _save(what: Editing, form: PromotionForm) -> Response:
    zone = operator_zone()
    form = checked(form, what.taken, zone, has_text=what.has_text)
    if not is_right(form):
        return _page(what, form, REFUSED)
    name = what.promotion.name if what.promotion else free_name(form, what.taken)
    table = variant_table(form, what.promotion, zone)
    if what.promotion:
        before = {"title": {}, "value": what.promotion.value, "available": what.limits}
        table = merge_difference({k: before[k] for k in table}, table)
    answer = door().change(
        "PATCH",
        api_path("/v1/slots/{}", what.slot.name),
        {"variants": {name: table}},
        if_match=form.text("etag"),
        why=form.text(WHY),
        expect=REFUSALS,
    )
    if answer.status == OK:
        flash(_("Saved. Visitors get it within a second."))
        return _redirect(what.slot.name, name)
    if answer.status == REFUSED:
        return _page(what, refused_form(form, name, answer.body), REFUSED)
    return _page(what, _with_etag(form, what.slot), CHANGED, _conflict(what.slot.name, answer))


def _conflict(slot: str, answer: ApiAnswer) -> dict[str, Any]:
    """Return who changed the slot meanwhile, when, why, and what; what was typed is kept."""
    last = door().get(api_path("/v1/slots/{}/revisions", slot)).body["revisions"][0]
    changed = (answer.body.get("errors") or {}).get("changed", [])
    return {**last, "changed": changed}


def _redirect(slot: str, name: str) -> Response:
    path = url_for("promotions.promotions", slot=slot, _anchor=f"p-{name}")
    return make_response(redirect(path, 303))


def _with_etag(form: PromotionForm, slot: PromotionSlot) -> PromotionForm:
    return replace(form, fields={**form.fields, "etag": slot.etag})


def _audience(what: Editing, form: PromotionForm) -> AudienceView:
    """Ask whom the form's rule would reach; rows that do not fit yet are not asked about."""
    rules = form.rules.checked() if form.rules else None
    if rules and rules.has_errors:
        return AudienceView(headline=_("The visitors are counted once all rows are filled in."))
    # Dates and stock do not matter to the count, and may not be right yet.
    fields = {**form.fields, "starts": "", "ends": "", "stock": ""}
    limits = available_table(
        replace(form, rules=rules, fields=fields), what.limits, operator_zone()
    )
    path = api_path("/v1/slots/{}/eligible", what.slot.name)
    return audience_view(door().post(path, limits, expect=COUNT_REFUSALS), what.slot.floor)


def _page(
    what: Editing,
    form: PromotionForm,
    status: int = OK,
    conflict: Mapping[str, Any] | None = None,
    *,
    added: bool = False,
) -> Response:
    view, zone = _audience(what, form), operator_zone()
    names = set(view.attributes) | {one["name"] for one in what.slot.table["context"]}
    names |= {one.attribute for one in form.rules.rows if one.attribute} if form.rules else set()
    page = render_template(
        "promotion_form.html",
        slot=what.slot,
        promotion=what.promotion,
        has_text=what.has_text,
        form=form,
        rules=None if form.rules is None else form.rules if form.rules.rows else NO_ROW,
        view=view,
        warnings=form_warnings(form, view, what.slot.mode, clock.now(), zone),
        attributes=words.attribute_options(names),
        comparisons=words.comparison_options(),
        channels=[(name, words.channel_label(name)) for name in words.CHANNELS],
        row_error=row_error,
        conflict=conflict,
        added=added,
    )
    return make_response(page, status)
