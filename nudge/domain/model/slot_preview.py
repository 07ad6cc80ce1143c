"""Preview of a change: the share of a slot's visitors that would see something else.

It is counted over the visitors whom the policy last learned from. Shares of visitors that a change
leaves alone in both states count as unchanged: as few move as the change makes move. What sticks to
a visitor stays until its period ends, while it may be shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from bandits.features import CellSpec
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.model.audience import FORM
from nudge.domain.reports.allocation import representative
from nudge.domain.slots.holdout import share_held_out
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import FrozenServes, Slot, SlotMode
from nudge.domain.timing.batch_trials import serve_most

Shares = dict[str, float]
"""Variant -> share of the visitors."""
Context = Mapping[str, Any]
PAGE: Final = "page"


@dataclass(frozen=True)
class SlotPreview:
    """The effect of a change on what a slot's visitors see.

    Attributes:
        before: variant -> share of the visitors now, holdout included.
        after: the same as soon as the change is served.
        moved: share of the visitors who would see something else.
        visitors: exposures that it is counted over; None where no policy was learned yet.
    """

    before: Shares
    after: Shares
    moved: float
    visitors: int | None

    @classmethod
    def of(cls, now: LiveSlot, then: LiveSlot, everywhere: float) -> SlotPreview:
        """Return the effect of serving a slot otherwise.

        Args:
            now: as it is served.
            then: as it would be served.
            everywhere: share of the global holdout.
        """
        before: Counter[str] = Counter()
        after: Counter[str] = Counter()
        moved, counted = 0.0, 0
        cells = _cells(now)
        for context, visitors in cells:
            counted += visitors
            for share, old, new in _groups(now, then, everywhere, context):
                weight = share * visitors
                before.update({name: weight * part for name, part in old.items()})
                after.update({name: weight * part for name, part in new.items()})
                moved += weight * _moved(old, new)
        learned = "published_at" in now.policy.meta
        return cls(
            {name: before[name] / counted for name in now.slot.names},
            {name: after[name] / counted for name in then.slot.names},
            min(1.0, moved / counted),
            counted if learned else None,
        )


def serves_fallback(slot: Slot) -> bool:
    """True where every visitor of a slot gets its fallback, by its mode."""
    frozen = slot.mode == SlotMode.FROZEN and slot.frozen_serves == FrozenServes.FALLBACK
    return frozen or slot.mode in (SlotMode.OFF, SlotMode.SHADOW)


def _cells(now: LiveSlot) -> list[tuple[Context, int]]:
    """Return the contexts of the largest cells with their exposures; an unknown visitor if none."""
    kept = now.policy.meta.get("audience")
    if not (isinstance(kept, Mapping) and kept.get("form") == FORM):
        return [({}, 1)]
    known = cast("Mapping[str, Any]", kept)
    config = learner_config(now.slot)
    spec = CellSpec.build(config.context, config.policy.max_cells)
    if known["cells_version"] != spec.version:
        return [({}, 1)]
    found = [(representative(spec, str(cell)), int(count)) for cell, count in known["cells"]]
    return [one for one in found if one[1] > 0] or [({}, 1)]


def _groups(
    now: LiveSlot, then: LiveSlot, everywhere: float, context: Context
) -> Iterator[tuple[float, Shares, Shares]]:
    """Yield the shares of visitors who are of the same groups before and after, and what they see.

    Membership of a group is nested in its share, and independent of the other group.
    """
    held = _nested(*(share_held_out(everywhere, one.slot.holdout) for one in (now, then)))
    usual = _nested(now.slot.usual_share, then.slot.usual_share)
    for old_held, new_held, part in held:
        for old_usual, new_usual, inner in usual:
            old = _seen(now, context, held=old_held, usual=old_usual)
            new = _seen(then, context, held=new_held, usual=new_usual)
            yield part * inner, old, new


def _nested(before: float, after: float) -> list[tuple[bool, bool, float]]:
    both, neither = min(before, after), 1.0 - max(before, after)
    parts = [(True, True, both), (False, False, neither)]
    parts.append((before > after, after > before, abs(before - after)))
    return [one for one in parts if one[2] > 0.0]


def _seen(live: LiveSlot, context: Context, *, held: bool, usual: bool) -> Shares:
    """Return what visitors of a group see, as shares of them."""
    slot = live.slot
    fallback = slot.fallback_for(str(context.get(PAGE, "")))
    if held or serves_fallback(slot):
        return {fallback: 1.0}
    if usual and slot.comparison is not None:
        rule = slot.comparison.rule
        wanted = slot.variant(rule.find_variant(context.get(rule.by)) or fallback)
        return {wanted.name if wanted and wanted.enabled else fallback: 1.0}
    served, possible = serve_most(live)
    drawn = served.policy.distribution_one(context, possible)
    return dict(zip(slot.names, drawn.tolist(), strict=True))


def _moved(old: Shares, new: Shares) -> float:
    return sum(max(0.0, part - new.get(name, 0.0)) for name, part in old.items())
