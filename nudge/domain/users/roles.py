"""Roles of the pages' users: the operations of the API that each may call.

A new operation has to be put into one of the sets below; `tests/domain/users/test_roles.py`
compares them with what is registered. An admin may do everything that any set lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from nudge.domain.journal.caller import SCOPES, Scope


class Role(StrEnum):
    """The role of a user, which says what the user may see and change."""

    VIEWER = "viewer"
    MARKETER = "marketer"
    AGENT = "agent"
    ADMIN = "admin"


FIGURES: Final = frozenset(
    (
        *("listSlots", "getSlot", "listRevisions", "getModel", "getPerformance", "explainDecision"),
        *("getFunnel", "getExperience", "getWorkLoop", "getWinbackEffect", "getSharedPayments"),
        *("listSegments", "getSegment", "listSegmentOffers", "listAlarms", "getAlarm"),
        *("listQuarantines", "getFactors", "listMendedCauses", "getJob", "getOverview"),
        *("getSystem", "getContactPolicy", "getSmsForecast", "getSmsEffects", "getDecisionOutcome"),
        *("getQuarantineExposures", "getPolicy", "getRevision"),
    )
)
"""Questions about figures and configuration: their answers show no person."""
WORK: Final = frozenset(
    (
        *("listWarnings", "getWarning", "listWork", "getWork", "getWorkSummary", "getWorkSetup"),
        *("listWinback", "getWinback", "listMeasures"),
    )
)
"""Work lists: a viewer sees them without text, notes and numbers."""
CHANGES: Final = frozenset(
    (
        *("putSlot", "patchSlot", "patchPolicy", "evaluatePolicy", "patchAlarm", "makePreview"),
        *("getEligible", "makeQuarantine", "patchQuarantine", "makeMendedCause"),
        *("patchMendedCause",),
    )
)
"""Changes of what visitors are shown and of what is learned from, and the question before them."""
CARE: Final = frozenset(
    (
        *("patchWarning", "patchWinback", "patchWork", "makeNextWork", "recordWorkOutcomes"),
        *("getMeasure", "makeGrant", "getCaseVisitor", "getNextOffer", "getJob"),
        *("listMendedCauses", "checkContact"),
    )
)
"""Work on a visitor's case."""
ADMINISTRATION: Final = frozenset(
    (
        *("makeAssignments", "makeHandover", "listSegmentMembers", "getVisitor", "eraseVisitor"),
        *("makeDecisions", "recordEvents", "recordShown", "evaluateFlag", "evaluateFlags"),
        *("planSms", "listWithdrawals", "recordAcknowledgement", "listUsers", "makeUser"),
        *("patchUser", "makeSignInLink", "eraseSessions", "listAudit"),
    )
)
"""Operations of machines, of whoever leads a team, and those on users: an admin's alone."""

OPERATIONS: Final[Mapping[Role, frozenset[str]]] = MappingProxyType(
    {
        Role.VIEWER: FIGURES | WORK,
        Role.MARKETER: FIGURES | WORK | CHANGES,
        Role.AGENT: WORK | CARE,
        Role.ADMIN: FIGURES | WORK | CHANGES | CARE | ADMINISTRATION,
    }
)
"""Role -> `operationId` of each operation of the API that it may call."""


def scopes_of(role: Role) -> frozenset[Scope]:
    """Return the scopes of a role: an admin has all, others read.

    They say what an answer shows; which operations may be called stands in `OPERATIONS`.
    """
    return frozenset(SCOPES) if role is Role.ADMIN else frozenset({"read"})
