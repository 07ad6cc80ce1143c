"""Policies that an evaluation asks about, looked up for a slot in the store."""

from __future__ import annotations

import bandits
from bandits.config import AttributeSpec
from nudge.domain.reports.target_policy import (
    BESIDE,
    AskedPolicy,
    StoredPolicy,
    TargetLearner,
    rule_of,
)
from nudge.domain.slots.learning import first_policy, learner_config, mabwiser_config
from nudge.domain.slots.slot import Slot
from nudge.errors import CorruptRecordError, NotFoundError
from nudge.store.store import Store


def asked_policy(store: Store, slot: str, target: str) -> AskedPolicy:
    """Return the policy of a target that needs the slot; None for the other targets.

    Raises:
        NotFoundError: there is no such slot, or the version is not kept.
        InvalidRequestError: MABWiser does not have the policy, or the rule does not fit the slot.
        CorruptRecordError: the snapshot cannot be read.
    """
    kind, _, text = target.partition(":")
    if kind == "policy":
        return stored_policy(store, slot, text)
    if kind not in ("mabwiser", "rule"):
        return None
    found = _slot(store, slot)
    return (
        TargetLearner(mabwiser_config(found, text))
        if kind == "mabwiser"
        else rule_of(text, found.names)
    )


def stored_policy(store: Store, slot: str, version: str) -> StoredPolicy:
    """Return a policy that was published for a slot; version 0 is the one before the first.

    Raises:
        NotFoundError: there is no such slot, or the version is not kept.
        CorruptRecordError: the snapshot cannot be read.
    """
    found = _slot(store, slot)
    blob = store.snapshots.read(slot, int(version)) if version.isdigit() else None
    if blob is None and version != "0":
        kept = ", ".join(map(str, store.snapshots.published(slot))) or "none"
        raise NotFoundError(f"slot {slot!r} has no policy version {version!r}; kept are: 0, {kept}")
    try:
        policy = first_policy(found) if blob is None else bandits.load_policy(blob)
    except bandits.SnapshotError as error:
        raise CorruptRecordError(f"slot {slot!r}, policy version {version}: {error}") from error
    own = learner_config(found).context
    beside = [AttributeSpec(n, "category") for n in BESIDE if n not in {a.name for a in own}]
    return StoredPolicy(policy, (*own, *beside))


def _slot(store: Store, name: str) -> Slot:
    found = store.slots.current().get(name)
    if found is None:
        raise NotFoundError(f"there is no slot {name!r}")
    return found
