"""Explain: why this variant, and the draw repeated from the record alone."""

from __future__ import annotations

import numpy as np

from bandits.distribution import draw
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import AWAY, Decision, JournalEntry
from nudge.domain.timing.shared_distribution import DRAWN
from nudge.errors import NotFoundError, TrimmedError
from nudge.store.store import Store

IN_LAKE = "`nudge explain` looks for it in the lake"


def explain(
    store: Store, sealer: Sealer, decision_id: str, calendar: OperatorCalendar
) -> dict[str, object]:
    """Everything that led to a decision, as plain JSON; `reproduced` says the draw repeats.

    Raises:
        NotFoundError: no such decision, or one that was made without the store.
        TrimmedError: the journal does not hold it any more.
        StoreAwayError: the store does not answer.
    """
    return explanation_of(decision_id, find(store, sealer, decision_id), calendar)


def explanation_of(
    decision_id: str, entry: JournalEntry, calendar: OperatorCalendar
) -> dict[str, object]:
    """The same, of an entry that was found: in the journal or in the lake.

    Raises:
        NotFoundError: it is no decision.
    """
    decision = entry.record
    if not isinstance(decision, Decision):
        raise NotFoundError(f"decision {decision_id!r} is not known")
    return _plain(decision_id, entry, decision, calendar)


def find(store: Store, sealer: Sealer, decision_id: str) -> JournalEntry:
    """The journal's entry of a decision.

    Raises:
        NotFoundError: no such decision, or one that was made without the store.
        TrimmedError: the journal does not hold it any more.
    """
    ref = sealer.unseal(decision_id)
    if ref is None or ref.partition >= store.keys.partitions:
        raise NotFoundError(f"decision {decision_id!r} is not known")
    if ref.position & AWAY:
        text = "was made while the store was away: the journal has it under another number"
        raise NotFoundError(f"decision {decision_id!r} {text}; {IN_LAKE}")
    entry = store.journal.read_one(ref)
    if entry is None and ref.position <= store.journal.last_position(ref.partition):
        raise TrimmedError(f"decision {decision_id!r} has left the journal; {IN_LAKE}")
    if entry is None:
        raise NotFoundError(f"decision {decision_id!r} is not known")
    return entry


def repeats(decision: Decision) -> bool:
    """True where the record alone gives the same variant and propensity again."""
    if decision.reason in DRAWN:
        index = int(draw(np.asarray(decision.pmf), decision.u))
    else:
        index = int(np.argmax(decision.pmf))
    return (
        decision.eligible[index] == decision.variant and decision.pmf[index] == decision.propensity
    )


def _plain(
    decision_id: str, entry: JournalEntry, d: Decision, calendar: OperatorCalendar
) -> dict[str, object]:
    return {
        "decision_id": decision_id,
        "at": calendar.label(entry.at),
        "due": calendar.label_or_none(d.due),
        "slot": d.slot,
        "slot_revision": d.revision,
        "subject": d.subject,
        "channel": d.channel,
        "page": d.page,
        "context": dict(d.context),
        "cell": d.cell,
        "eligible": list(d.eligible),
        "removed": dict(d.removed),
        "distribution": dict(zip(d.eligible, d.pmf, strict=True)),
        "u": str(d.u),  # 64 bits: more than a JSON number keeps in a browser
        "variant": d.variant,
        "propensity": d.propensity,
        **({} if d.floor is None else {"floor": d.floor}),
        "reason": d.reason,
        "policy": d.policy,
        "policy_version": d.policy_version,
        "stickiness": {"unit": d.unit, "period": d.period},
        "supersedes": d.supersedes is not None,
        "degraded": d.degraded,
        "reproduced": repeats(d),
    }
