"""Actions on a slot: first what would change, then the change with its reason."""

from __future__ import annotations

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
from flask_babel import gettext as _

from nudge.pages.access import may
from nudge.pages.api_door import ApiAnswer, ApiRefusal
from nudge.pages.screens.slots.actions import SlotAction, find_action
from nudge.pages.screens.slots.slot_data import SlotData
from nudge.pages.screens.slots.variant_names import variant_names

blueprint = Blueprint("slot_actions", __name__)

CHANGED: Final = 412
REFUSED: Final = 422
PATH: Final = "/slots/<slot>/actions/<action>"


@blueprint.get(PATH)
def look(slot: str, action: str) -> Response:
    """Return the page of an action: what it would change, before it is done."""
    data, found = _found(slot, action, dict(request.args))
    return _page(data, found)


@blueprint.post(PATH)
def act(slot: str, action: str) -> Response:
    """Do an action, and lead back to the slot; where somebody was faster, show it anew."""
    data, found = _found(slot, action, dict(request.form))
    why = request.form.get("why", "").strip()
    if not why:
        return _page(data, found, 422, error=_("Say why: it stands in the audit."))
    answer = _do(data, found, request.form.get("etag", ""), why)
    if answer.status == CHANGED:
        return _page(SlotData.read(slot), found, CHANGED, why=why, changed=True)
    if answer.status == REFUSED:
        return _page(data, found, REFUSED, why=why)
    flash(found.done)
    back: Any = redirect(url_for("slots.page", slot=slot), 303)
    return make_response(back)


def _found(slot: str, action: str, query: dict[str, str]) -> tuple[SlotData, SlotAction]:
    data = SlotData.read(slot)
    found = find_action(action, query, variant_names(data.slot))
    if found is None:
        abort(404)
    return data, found


def _page(
    data: SlotData,
    action: SlotAction,
    status: int = 200,
    *,
    why: str = "",
    error: str = "",
    changed: bool = False,
) -> Response:
    preview = data.api.post(f"{data.path}/previews", action.asked, expect={REFUSED})
    text = render_template(
        "slots/action.html",
        slot=data.slot,
        names=variant_names(data.slot, _shown(preview)),
        action=action,
        preview=None if preview.status == REFUSED else preview.body,
        refusal=_refusal(preview) if preview.status == REFUSED else "",
        hidden={k: v for k, v in request.values.items() if k in {"variant", "number"}},
        etag=preview.etag,
        allowed=may("patchPolicy" if "policy_version" in action.asked else _operation(action)),
        why=why,
        error=error,
        newest=data.revisions[0] if changed and data.revisions else None,
    )
    return make_response(text, status)


def _operation(action: SlotAction) -> str:
    return "putSlot" if "revision" in action.asked else "patchSlot"


def _do(data: SlotData, action: SlotAction, etag: str, why: str) -> ApiAnswer:
    """Return the API's answer to the change itself."""
    asked, expect = action.asked, {CHANGED, REFUSED}
    if "policy_version" in asked:
        path, body = f"{data.path}/policy", {"version": asked["policy_version"]}
        return data.api.change("PATCH", path, body, if_match=etag, why=why, expect=expect)
    if "patch" in asked:
        body = asked["patch"]
        return data.api.change("PATCH", data.path, body, if_match=etag, why=why, expect=expect)
    content = data.api.get(f"{data.path}/revisions/{asked['revision']}").body
    return data.api.change("PUT", data.path, content, if_match=etag, why=why, expect=expect)


def _shown(preview: ApiAnswer) -> list[str]:
    body = preview.body
    return [*body.get("before", {}), *(body.get("after") or {})]


def _refusal(preview: ApiAnswer) -> str:
    """Say why a change cannot be made."""
    errors = preview.body.get("errors") or {}
    if any(key.endswith(".enabled") for key in errors):
        text = _(
            "This variant is the fallback: it is shown when nothing else can be. Choose another "
            "fallback in the slot's file first."
        )
        return str(text)
    if "version" in errors:
        text = _("This version is no longer kept, or is of other variants. Choose a later one.")
        return str(text)
    return ApiRefusal(preview).message
