"""Page share: a policy is fitted to facts, and pages' words move it by a stated share at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from bandits.contract import Policy
from bandits.learners.auto import FitMemory
from bandits.policies.base import PolicyBase
from bandits.policies.mixture import MixturePolicy
from nudge.domain.credit.tally import NOTHING
from nudge.domain.slots.learning import DATA_FREE, first_policy, learner_config
from nudge.domain.slots.slot import Slot
from nudge.store.folds.counts import CountRow

PAGE_SHARE: Final = 0.05
"""Most by which pages' words alone may move a variant's probability."""
LEAST: Final = 10.0
"""How many times less often the visitors of pages may be rewarded than others, at full weight."""

Fitted = Callable[[Sequence[CountRow], FitMemory], Policy]
"""Function that fits the slot's policy to rows."""


@dataclass
class FitMemories:
    """The memories of a slot's fits, changed in place.

    Attributes:
        facts: of fits to facts; to all counts where nothing rests on a page's word.
        words: of fits to all counts beside those.
    """

    facts: FitMemory = field(default_factory=FitMemory)
    words: FitMemory = field(default_factory=FitMemory)


def mix(
    slot: Slot,
    rows: Sequence[CountRow],
    version: int,
    fitted: Fitted,
    memories: FitMemories,
    page_share: float,
) -> Policy:
    """Return the slot's policy: of facts and words in their shares, or of all where all is fact.

    Args:
        slot: its current revision; its own `page_share` counts more than the one given.
        rows: of its counts.
        version: to give the policy.
        fitted: fits the slot's learner.
        memories: of earlier fits.
        page_share: of the installation.
    """
    config = learner_config(slot).policy
    share = page_share if config.page_share is None else config.page_share
    told = any(row.claims != NOTHING for row in rows) and config.kind not in DATA_FREE
    if not told or share >= 1.0:
        return fitted(rows, memories.facts)
    rows = sorted(rows, key=lambda one: (one.bucket, one.cell, one.variant))
    facts = facts_of(rows)
    if [one.tally for one in facts] == [row.tally for row in rows]:
        return fitted(rows, memories.facts)
    # A posterior that knows nothing is no better than the first policy, and its draws stray.
    known = any(row.tally[1] for row in facts)
    main = fitted(facts, memories.facts) if known else _first(slot, version)
    if share <= 0.0:
        return main
    other = fitted(rows, memories.words)
    return MixturePolicy(arms=slot.names, version=str(version), main=main, other=other, share=share)


def _first(slot: Slot, version: int) -> Policy:
    return cast("Policy", replace(cast("PolicyBase", first_policy(slot)), version=str(version)))


def facts_of(rows: Sequence[CountRow]) -> list[CountRow]:
    """Return the rows with the tallies that rest on no page's word.

    Conversions are those that a server spoke of. A version before did not note whose word a reward
    was: it stays a fact, though what is taken back of it may go beyond what was claimed.
    """
    weight, carry = page_weight(rows), dict.fromkeys((row.variant for row in rows), 0.0)
    found = []
    for row in rows:
        trials, conversions, value, square = row.tally
        said, claims, drawn, _ = row.claims
        conversions -= min(max(claims, 0), conversions)
        carry[row.variant] += weight * drawn
        whole = int(carry[row.variant])
        carry[row.variant] -= whole
        # Within a bucket a reward may lie beside its trial, which counts when it is drawn.
        trials = max(trials - said - drawn + whole, conversions)
        found.append(replace(row, tally=(trials, conversions, value, square), claims=NOTHING))
    return found


def page_weight(rows: Sequence[CountRow]) -> float:
    """Return the weight of the trials that were drawn for pages: 1, or less where few of them pay.

    Made-up visitors pay nothing, so by asking alone they would make all that is shown most look
    worse. Beside visitors for whom servers ask, those of pages count as trials as far as they are
    rewarded at least a `LEAST`th as often. All variants have the same weight.
    """
    drawn, paid = (sum(row.claims[place] for row in rows) for place in (2, 3))
    others = sum(row.tally[0] - row.claims[0] - row.claims[2] for row in rows)
    facts = sum(row.tally[1] - row.claims[1] - row.claims[3] for row in rows)
    if drawn <= 0 or others <= 0 or facts <= 0:
        return 1.0
    return min(1.0, LEAST * max(paid, 0) * others / (drawn * facts))
