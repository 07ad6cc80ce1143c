"""Facts of a contact about a case: channel, time, cost, whether it reached the person. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.domain.care.case import Facts, facts_of
from nudge.domain.slots.slot import Scalar
from nudge.domain.worklist.work_policy import WorkPolicy

CHANNEL = "channel"
SECONDS = "seconds"
REACHED = "reached"
COST = "cost"
PURPOSE = "purpose"


@dataclass(frozen=True)
class ContactNote:
    """The note of a contact, as an agent or a call centre tells it.

    Attributes:
        channel: empty where it is not told.
        seconds: that it took; None where it is not told.
        reached: whether somebody talked to the person; None where it is not told.
        cost: yuan; None for what `[costs]` says.
    """

    channel: str = ""
    seconds: float | None = None
    reached: bool | None = None
    cost: float | None = None

    @property
    def is_told(self) -> bool:
        """Whether anything is told of the contact."""
        return self != NO_CONTACT

    def facts(self, policy: WorkPolicy, kind: str) -> Facts:
        """Return the facts of the step; a channel makes it a contact under the contact policy.

        Args:
            policy: of work lists.
            kind: of the case.
        """
        cost = self.cost
        if cost is None:
            cost = policy.costs.of_contact(self.channel)
        table: dict[str, Scalar] = {COST: cost}
        table |= {} if self.seconds is None else {SECONDS: self.seconds}
        table |= {} if self.reached is None else {REACHED: self.reached}
        if self.channel:
            table |= {CHANNEL: self.channel, PURPOSE: policy.contacts.purpose(kind)}
        return facts_of(table)


NO_CONTACT = ContactNote()
"""The note that tells nothing."""
