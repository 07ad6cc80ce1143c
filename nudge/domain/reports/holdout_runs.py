"""Runs of a slot's revisions in which a comparison group is shown the same: these are pooled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from nudge.domain.slots.slot import Slot


def holdout_runs(history: Iterable[Slot]) -> dict[int, int]:
    """Return revision -> first revision of its run: a lift compares within one run.

    A new run begins where the fallback of a page becomes another variant, or its variant is
    switched off or on, or gets another value: from then on the holdout measures something else.

    Args:
        history: revisions of the slot, in any order; a missing one belongs to no run.
    """
    return _runs(history, _shown)


def usual_runs(history: Iterable[Slot]) -> dict[int, int]:
    """Return the same for the group `usual`, which is shown what the operator's rule names.

    A new run begins with another rule, and where one of its variants, or a fallback that stands in
    for it, becomes another one as in `holdout_runs`.

    Args:
        history: revisions of the slot, in any order; a missing one belongs to no run.
    """
    return _runs(history, _usually_shown)


def _runs(history: Iterable[Slot], find_shown: Callable[[Slot], object]) -> dict[int, int]:
    runs: dict[int, int] = {}
    shown, first = None, 0
    for slot in sorted(history, key=lambda one: one.revision):
        now = find_shown(slot)
        if now != shown:
            shown, first = now, slot.revision
        runs[slot.revision] = first
    return runs


def newest_run(
    revisions: Iterable[int], shares: Mapping[int, float], runs: Mapping[int, int]
) -> dict[int, float]:
    """Return the shares of the revisions that are in one run with the newest of these.

    Args:
        revisions: of the rows to be compared.
        shares: revision -> share of the subjects in the group that is compared with.
        runs: of `holdout_runs` or `usual_runs`; a revision that is missing is a run of its own.
    """
    newest = max(revisions, default=0)
    run = runs.get(newest, newest)
    return {one: share for one, share in shares.items() if runs.get(one, one) == run}


def _shown(slot: Slot) -> object:
    """Return what the holdout is shown on each page, as far as the slot alone decides it."""
    return {page: _variant(slot, name) for page, name in slot.fallback.items()}


def _usually_shown(slot: Slot) -> object:
    if slot.comparison is None:
        return (None,)
    rule = slot.comparison.rule
    named = {name: _variant(slot, name) for name in rule.variants.values()}
    return rule.by, rule.variants, named, _shown(slot)


def _variant(slot: Slot, name: str) -> object:
    variant = slot.variant(name)
    if variant is None or not variant.enabled:
        return name, False, slot.names
    return name, True, variant.value
