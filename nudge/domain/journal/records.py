"""The records of the journal: five kinds, and the entry that carries one.

A record is written once and never changed. `at` is None where the store's stamp is the truth
(decisions made with the store at hand); `JournalEntry` resolves and clamps it when the journal is
read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from nudge.domain.slots.slot import RewardTerms, Scalar

Reason: TypeAlias = str
"""A `DecisionReason`, or the plain text of one: records that were read hold the latter."""
Source = Literal["page", "server"]


class DecisionReason(StrEnum):
    """Reason of a decision: what the decision may be used for."""

    POLICY = "policy"
    HOLDOUT = "holdout"
    USUAL = "usual"
    ONLY_ELIGIBLE = "only_eligible"
    FORCED = "forced"
    FALLBACK = "fallback"
    SHADOW = "shadow"


class Ref(NamedTuple):
    """The reference of a decision in the journal; a `decision_id` seals it.

    Attributes:
        position: dense, from 1, within the partition; with `AWAY` added, a random reference of a
            decision that was made without the store.
        index: within a record of several decisions; 0 otherwise.
    """

    partition: int
    position: int
    index: int = 0  # type: ignore[assignment] # hides a method of tuples, which nobody misses


AWAY = 1 << 62
"""Added to the position of references that the journal did not issue."""
IMPORTED = AWAY | 1 << 61
"""Added instead to imported decisions: they were credited elsewhere, long ago."""


def is_imported(ref: Ref) -> bool:
    """Return True for a decision of a historical log (docs/decisions/0005-import.md)."""
    return ref.position >= IMPORTED


@dataclass(frozen=True)
class Decision:
    """The variant drawn and everything needed to repeat and to judge the draw.

    Attributes:
        subject: random id of the visitor, 32 hex digits.
        channel: `web`, `wap`, `app`, `miniprogram`, `sms`.
        page: as the caller named it.
        context: the attributes that the policy saw.
        cell: the discretised context, as `bandits` writes it.
        eligible: names of the eligible variants, in the slot's order.
        removed: variant -> reason of its removal.
        pmf: probabilities over `eligible`, sum 1.
        u: the 64-bit draw, in [0, 2**64).
        propensity: probability of `variant` in `pmf`.
        reason: says what the decision may be used for.
        policy: kind of the policy.
        policy_version: of the snapshot; 0 before the first.
        terms: of its exposure and reward.
        unit: the stickiness key (slot, `sticky_by` values).
        period: index of the stickiness period.
        supersedes: the decision that it replaces in its period, if any.
        degraded: decided without the visitor's state, or written later than it was answered.
        source: id of the API key.
        ref: set only where the journal could not issue one.
        twin: an equal draw, which the journal has although its writer got no answer; it is the one
            exposure of both.
        at: seconds; None for the store's stamp.
        due: seconds at which it is to be shown: the send time of an SMS. None for at once.
        by_page: a page asked: as a fact the trial counts when it is drawn, whatever the page says.
        floor: of the policy that drew; None for other reasons, and in records of versions before.
    """

    kind: ClassVar[str] = "decision"
    subject: str
    slot: str
    revision: int
    channel: str
    page: str
    context: Mapping[str, Scalar]
    cell: str
    eligible: tuple[str, ...]
    removed: Mapping[str, str]
    pmf: tuple[float, ...]
    u: int
    variant: str
    propensity: float
    reason: Reason
    policy: str
    policy_version: int
    terms: RewardTerms
    unit: str
    period: int
    supersedes: Ref | None = None
    degraded: bool = False
    source: str = ""
    ref: Ref | None = None
    twin: Ref | None = None
    at: float | None = None
    due: float | None = None
    by_page: bool = False
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """A decision was shown: the unit of learning. `attribute` writes one for each.

    Attributes:
        cell: of the decision.
        reason: of the decision.
        propensity: of the decision.
        window: seconds in which it can be rewarded.
        at: seconds.
        by_page: of the decision.
    """

    kind: ClassVar[str] = "exposure"
    subject: str
    decision: Ref
    slot: str
    revision: int
    variant: str
    cell: str
    reason: Reason
    propensity: float
    window: float
    at: float
    by_page: bool = False


@dataclass(frozen=True, slots=True)
class Reward:
    """A change of one exposure's reward. The sum of an exposure's changes is its reward.

    Attributes:
        reward_id: deterministic: one cause always gives one id.
        decision: of the exposure.
        cell: of the decision.
        reason: of the decision.
        exposed_at: seconds; the change is booked at this time.
        event_id: the event that caused it.
        conversions: change of the conversion, -1, 0 or 1.
        value: change of the value, in fen.
        square: change of the squared value, in fen squared.
        shared: the event also rewards exposures of other slots.
        at: seconds, of the event.
        claims: change of the conversion as far as it rests on a page's word alone, -1, 0 or 1.
        by_page: of the decision; False where the exposure had closed.
    """

    kind: ClassVar[str] = "reward"
    reward_id: str
    subject: str
    decision: Ref
    slot: str
    revision: int
    variant: str
    cell: str
    reason: Reason
    exposed_at: float
    event_id: str
    conversions: int
    value: int
    square: int
    shared: bool
    at: float
    claims: int = 0
    by_page: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An event: a visitor's act, or a server's fact about the visitor.

    Attributes:
        event_id: the client's, unique within (visitor, type, source) over 7 days.
        source: `page` (public key: claims) or `server` (trusted).
        decision: the decision that it names, if any.
        fields: the type's own fields (`amount`, `step`, `reason`, ...).
        at: seconds; None for the store's stamp.
        skew: seconds that `at` may be too early, as was decided when the event came: an exposure
            until then may be credited. None for none.
    """

    kind: ClassVar[str] = "event"
    subject: str
    event_id: str
    type: str
    source: Source
    decision: Ref | None = None
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    at: float | None = None
    skew: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A happening of the service rather than of a visitor, such as a change of a slot.

    Attributes:
        type: for example `slot_applied`.
        fields: details of the type.
        subject: empty.
        at: seconds; None for the store's stamp.
    """

    kind: ClassVar[str] = "mark"
    type: str
    fields: Mapping[str, object] = field(default_factory=dict)
    subject: str = ""
    at: float | None = None


Record = Decision | Exposure | Reward | Event | Mark


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A record at its position in the journal.

    Attributes:
        position: dense, from 1.
        stamp: seconds, by the store's clock, of the append.
        index: within a record of several decisions (`block.Block`), each of which is an entry; 0
            otherwise.
    """

    partition: int
    position: int
    stamp: float
    record: Record
    index: int = 0

    @property
    def at(self) -> float:
        """The time of the record in seconds: its own, never later than the stamp."""
        at = self.record.at
        return self.stamp if at is None else min(at, self.stamp)

    @property
    def ref(self) -> Ref:
        """The reference of the decision in this entry."""
        own = self.record.ref if isinstance(self.record, Decision) else None
        return own or Ref(self.partition, self.position, self.index)


def is_dense(entries: Sequence[JournalEntry], after: int) -> bool:
    """Return True where the entries follow position `after` in order and without a gap.

    A record of several decisions has several entries at one position, by their indices.
    """
    due = {(after + 1, 0)}
    for entry in entries:
        if (entry.position, entry.index) not in due:
            return False
        due = {(entry.position, entry.index + 1), (entry.position + 1, 0)}
    return True
