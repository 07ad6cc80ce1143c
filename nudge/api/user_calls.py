"""Calls that a user of the pages makes, in the audit: those whose operation keeps no history."""

from __future__ import annotations

from typing import Final

import structlog
from flask import Request

from nudge.api.auth import CALLER
from nudge.api.service import current
from nudge.clock import now
from nudge.domain.journal.caller import Caller
from nudge.domain.users.audit_entry import AuditEntry, Door
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import StoreError

HISTORIES: Final = frozenset(
    (
        *("putSlot", "patchSlot", "patchPolicy", "patchAlarm", "makeQuarantine", "patchQuarantine"),
        *("makeUser", "patchUser", "makeSignInLink", "eraseSessions", "evaluatePolicy"),
        *("makePreview", "getEligible"),
    )
)
"""Operations that keep who, when and why with what they change: an entry would be a second one.

With them a question that changes nothing.
"""
MAX_WHY: Final = 200
"""Characters of a reason."""
_BY_ID: Final = "external_id:"

log = structlog.get_logger()


def is_noted(endpoint: str, name: str) -> bool:
    """Return whether calls of an operation are written into the audit.

    Args:
        endpoint: method and path.
        name: `operationId`.
    """
    return not endpoint.startswith("GET ") and name not in HISTORIES


def note_call(request: Request, name: str) -> None:
    """Write a call that a user made, and that succeeded, into the audit.

    It is done by now: a store that is away at this moment costs the entry, and the log says so.

    Args:
        request: of the call.
        name: `operationId`.
    """
    user, rule = request.environ[CALLER], request.url_rule
    if not isinstance(user, Caller):
        return
    # A visitor's id is an id of somebody: the audit outlives the visitor's erasure.
    named = rule is not None and _BY_ID in rule.rule
    path = rule.rule.replace(_BY_ID, "") if rule is not None and named else request.path
    why = mask_numbers(request.args.get("why", "")[:MAX_WHY])
    entry = AuditEntry(now(), user.key_id, name, mask_numbers(path), why, Door.PAGE)
    try:
        current().patient.audit.add(entry)
    except StoreError as error:
        log.warning("audit_lost", action=name, who=user.key_id, error=str(error))
