"""Answers of OFREP: from a slot's answer to a flag's value, reason and metadata. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from nudge.api.provider import dumps
from nudge.domain.choosing.requests import SlotAnswer
from nudge.domain.journal.records import DecisionReason
from nudge.domain.slots.flag_values import flag_value
from nudge.domain.slots.slot import Slot
from nudge.settings.flag_terms import FlagTerms

SPLIT, MATCH, STATIC, DEFAULT = "SPLIT", "TARGETING_MATCH", "STATIC", "DEFAULT"
"""Reasons of OpenFeature."""
FALLBACKS: Final = frozenset({DecisionReason.FALLBACK, DecisionReason.SHADOW})
"""Reasons of decisions that show the fallback, besides the holdout's."""
DECISION_ID: Final = "decision_id"
_TAG: Final = re.compile(r"[0-9a-f]{32}")
"""The tag itself: proxies put W/ before it and "-gzip" behind."""


def flag_reason(given: SlotAnswer, slot: Slot, page: str) -> str:
    """Return OpenFeature's reason of an answer.

    `SPLIT` for a draw; `STATIC` for what everybody gets, the holdout's fallback and what was
    forced; `DEFAULT` for the fallback where nothing else could be chosen, or all others were
    ruled out; `TARGETING_MATCH` for what was chosen by rules alone.
    """
    if given.reason in FALLBACKS:
        return DEFAULT
    if given.reason in {DecisionReason.HOLDOUT, DecisionReason.FORCED} or _is_same_for_all(slot):
        return STATIC
    if given.reason == DecisionReason.ONLY_ELIGIBLE and given.variant == slot.fallback_for(page):
        return DEFAULT
    return SPLIT if given.propensity < 1 else MATCH


def flag_answer(given: SlotAnswer, slot: Slot, terms: FlagTerms, page: str) -> dict[str, Any]:
    """Return the evaluation of a flag; without a value the application's own default stands."""
    found: dict[str, Any] = {
        "key": slot.name,
        "reason": flag_reason(given, slot, page),
        "variant": given.variant,
        "metadata": _metadata(given),
    }
    value = flag_value(terms, given.variant, given.value)
    return found if value is None else found | {"value": value}


def tag_of(flags: Sequence[Mapping[str, Any]], asker: Sequence[str]) -> str:
    """Return the tag of a bulk answer: a function of all that is answered, and of who asks.

    The id of a fallback that does not stick is left out: each call would have another one.

    Args:
        flags: as answered.
        asker: keyed hash of the visitor, and whatever else tells callers apart.
    """
    told = [[*asker], [_steady(one) for one in flags]]
    return hashlib.blake2b(dumps(told), digest_size=16).hexdigest()


def is_seen(tag: str, header: str) -> bool:
    """Return whether If-None-Match names the tag, also as proxies write it (`W/"x-gzip"`)."""
    return tag in _TAG.findall(header)


def _steady(flag: Mapping[str, Any]) -> dict[str, Any]:
    metadata = flag.get("metadata", {})
    if metadata.get("reason") != DecisionReason.FALLBACK:
        return dict(flag)
    steady = {name: value for name, value in metadata.items() if name != DECISION_ID}
    return {**flag, "metadata": steady}


def _is_same_for_all(slot: Slot) -> bool:
    """Return whether the slot leaves nothing to choose: one variant, or a fixed one."""
    if sum(one.enabled for one in slot.variants) == 1:
        return True
    return slot.policy["kind"] == "fixed" and not slot.policy.get("by") and slot.floor == 0


def _metadata(given: SlotAnswer) -> dict[str, Any]:
    """Return what is told beside the value: scalars only, as the protocol has it."""
    free = asdict(given.free_amount) if given.free_amount else {}
    return {
        DECISION_ID: given.decision_id,
        "propensity": given.propensity,
        "policy": given.policy,
        "policy_version": given.policy_version,
        "reason": str(given.reason),
        "holdout": given.reason == DecisionReason.HOLDOUT,
        "fallback": given.reason in FALLBACKS,
        "degraded": given.degraded,
        **{f"free_amount_{name}": value for name, value in free.items()},
    }
