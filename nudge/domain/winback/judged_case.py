"""A case of win-back as it stands now: reach, date, gain, mended cause, and so its rank. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nudge.domain.care.case import Case, CaseState
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.slots.slot import Scalar
from nudge.domain.winback.call_date import CallDate
from nudge.domain.winback.mended_cause import MendedCause
from nudge.domain.winback.uplift_in_force import ExpectedGain
from nudge.domain.winback.winback_place import WinbackPlace, WinbackRank
from nudge.domain.worklist.call_reach import CallReach


@dataclass(frozen=True)
class JudgedCase:
    """A case with all by which it is ranked and shown.

    Attributes:
        case: of kind `winback`.
        reach: when and by which channel a contact is allowed, not before the call's date.
        date: known date that moves the call; None for none.
        gain: that a contact is expected to add; None where that cannot be told.
        worth: yuan that a return brings: the amount wanted, else what the visitor usually pays.
        mended: cause of leaving that was mended; None for none.
    """

    case: Case
    reach: CallReach
    date: CallDate | None
    gain: ExpectedGain | None
    worth: float
    mended: MendedCause | None

    @property
    def is_blocked(self) -> bool:
        """Whether the contact policy allows no contact as far as it was searched."""
        return self.reach.start is None

    @property
    def place(self) -> WinbackPlace:
        """The place of the case in the order."""
        rank = WinbackRank(
            self.is_blocked,
            self.mended is not None,
            self.gain.gain * self.worth if self.gain else 0.0,
            self.date.due if self.date else None,
            left_at(self.case),
        )
        words = (str(self.case.fact(name) or "") for name in ("stage", "reason", "channel"))
        return WinbackPlace(rank.key, self.case.id, *words)


def left_at(case: Case) -> float:
    """Return the second at which the visitor of a case left."""
    found = case.fact("left_at")
    return float(found) if isinstance(found, int | float) else case.began


def is_listed(case: Case) -> bool:
    """Return whether a case belongs on the list: nobody acts on one that is held out or closed."""
    wanted = case.kind == CaseKind.WINBACK and not case.held
    return wanted and case.state is not CaseState.CLOSED


def worth_of(case: Case, attributes: Mapping[str, Scalar], attribute: str) -> float:
    """Return the yuan that a return brings.

    Args:
        case: of the visitor.
        attributes: of the visitor.
        attribute: that counts where no amount was chosen.
    """
    for found in (case.fact("amount"), attributes.get(attribute)):
        if isinstance(found, int | float) and not isinstance(found, bool) and found > 0:
            return float(found)
    return 0.0
