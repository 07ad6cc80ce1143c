"""Endpoint POST /v1/slots/{slot}/previews: what a change would show to whom, before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from flask import Response
from marshmallow import ValidationError

from nudge.api.bodies import json_table
from nudge.api.operation import operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import defined
from nudge.api.schemas.previews import AskedPreviewSchema, PreviewSchema
from nudge.api.service import Service, current
from nudge.api.slots.slots import NAMED, TAGGED, add_etag, find_revision, find_slot
from nudge.config.slot_change import Change
from nudge.config.slot_edit import check_change, patch_change, table_change
from nudge.config.slot_file import dump_slot
from nudge.config.window_value import windows_of
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.model.preview_sentences import preview_sentence
from nudge.domain.model.slot_preview import SlotPreview
from nudge.domain.slots.learning import first_policy
from nudge.errors import InvalidRequestError
from nudge.flows.upkeep.rollback import read_kept_policy

blueprint = resource("previews", "Previews of changes: what visitors would see")

_ASKED: Final = AskedPreviewSchema()


class Outcome(NamedTuple):
    """The outcome of a change that is not made.

    Attributes:
        live: the slot as it would be served; None where the learner has yet to say.
        action: `update` or `unchanged`.
        diff: one line for each key that differs.
    """

    live: LiveSlot | None
    action: str
    diff: tuple[str, ...] = ()


@operation(
    blueprint,
    f"POST {NAMED}/previews",
    name="makePreview",
    scopes=("read",),
    answers={200: PreviewSchema},
    headers={200: TAGGED},
    body={MIMETYPE: AskedPreviewSchema},
)
def preview(slot: str) -> Response:
    """Tell what a change of a slot would show to its visitors; nothing is changed.

    The change is a patch as PATCH takes it, an earlier revision's content, or a kept version of the
    policy. What PATCH would refuse is refused here, with the same message.
    """
    service, served = current(), find_slot(slot)
    outcome = _outcome(service, served, _asked(json_table(service.settings.max_body)))
    share = service.settings.holdout
    seen = SlotPreview.of(served, outcome.live or served, share)
    moved = None if outcome.live is None else seen.moved
    told = {
        "slot": slot,
        "revision": served.slot.revision,
        "action": outcome.action,
        "diff": list(outcome.diff),
        "before": seen.before,
        "after": None if outcome.live is None else seen.after,
        "moved": moved,
        "visitors": seen.visitors,
        "sentence": preview_sentence(moved),
    }
    return add_etag(answer(told | defined("preview")), served.slot)


def _asked(body: dict[str, Any]) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = _ASKED.load(body)
    except ValidationError as error:
        raise InvalidRequestError("the question does not fit", error.messages_dict) from error
    return found


def _outcome(service: Service, served: LiveSlot, asked: Mapping[str, Any]) -> Outcome:
    if "policy_version" in asked:
        return _held(service, served, asked["policy_version"])
    if "patch" in asked:
        return _changed(served, patch_change(served.slot, asked["patch"]))
    content = dump_slot(find_revision(served.slot.name, asked["revision"]))
    return _changed(served, table_change(served.slot.name, served.slot, content))


def _held(service: Service, served: LiveSlot, version: int | None) -> Outcome:
    hold = service.store.policy_holds.of_slot(served.slot.name)
    before = None if hold is None else hold.version
    if before == version:
        return Outcome(served, "unchanged")
    diff = (f"policy_version: {before or 'learning'} -> {version or 'learning'}",)
    if version is None:
        return Outcome(None, "update", diff)
    policy = read_kept_policy(service.store, served.slot, version)
    return Outcome(replace(served, policy=policy), "update", diff)


def _changed(served: LiveSlot, change: Change) -> Outcome:
    """Return the slot after a change as every process will serve it at once."""
    check_change(change)
    wanted = change.slot
    fits = served.policy.arms == wanted.names
    policy = served.policy if fits else first_policy(wanted)
    return Outcome(LiveSlot(wanted, policy, windows_of(wanted)), change.action, change.diff)
