"""The policy of win-back: whose visit without a payment is worth a contact, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nudge.domain.care.trail_plan import TrailPlan
from nudge.domain.care.warning_rule import CaseKind, WarningRule

TOPIC = CaseKind.WINBACK.value
"""Topic of all rules of win-back: of one visitor at most one case is open."""


@dataclass(frozen=True)
class KnownDate:
    """A date known of a visitor, such as the end of a contract, that moves the call to it.

    Attributes:
        attribute: of the visitor; seconds since the epoch, or a day such as `2026-12-31`.
        before: seconds before the date at which the call is due.
        within: seconds; a date that is further away moves nothing.
        title: language -> name of the date.
    """

    attribute: str
    before: float = 0.0
    within: float = 0.0
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WinbackPolicy:
    """The policy of win-back; an empty one wins nobody back.

    Attributes:
        rules: as the fold `care` asks them, in order: the first that holds opens the case.
        trails: plan of the trails of visits; None where no rule stands.
        purpose: of the contact policy.
        channels: by which people are contacted, the preferred first; all of the contact policy's
            where empty.
        dates: known dates that move the call.
        value: attribute that tells what a visitor is worth where no amount was chosen.
        ahead: seconds for which a moment that the contact policy allows is searched.
        alarms_back: seconds for which a resolved alarm still says that its cause was mended.
    """

    rules: tuple[WarningRule, ...] = ()
    trails: TrailPlan | None = None
    purpose: str = TOPIC
    channels: tuple[str, ...] = ()
    dates: tuple[KnownDate, ...] = ()
    value: str = "usual_amount"
    ahead: float = 31 * 86_400.0
    alarms_back: float = 30 * 86_400.0

    def title(self, name: str) -> Mapping[str, str]:
        """Return the titles of a rule; its own name where it is gone."""
        return next((one.title for one in self.rules if one.name == name), {})
