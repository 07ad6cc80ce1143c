"""The fallback of a slot over its changes: what the holdout is shown never changes unsaid."""

from __future__ import annotations

from collections.abc import Iterator

from nudge.domain.slots.slot import Slot, Variant

Problem = tuple[str, str]
"""Dotted key, and the mistake with its cure."""
NARROWING = ("channels", "pages", "requires", "when")
"""Fields of availability that take a variant from some visitors."""
CURE = "name another variant in `fallback` in the same change"


def fallback_problems(before: Slot | None, wanted: Slot) -> list[Problem]:
    """Find what a change takes from a fallback, without a new one in the same change.

    The holdout is shown the fallback: where that cannot be chosen, it would get whatever comes
    next, and every lift would silently be against something else. What was wrong before a change
    is no part of it: an emergency must not wait for an old mistake.
    """
    known = set() if before is None else set(_lost(before))
    found = [one for one in _lost(wanted) if one not in known]
    if before is not None:
        found += _narrowed(before, wanted)
    return list(dict.fromkeys(found))


def _lost(slot: Slot) -> Iterator[Problem]:
    """Find the fallbacks that are switched off, or will be, or are not there yet."""
    for page, variant in _fallbacks(slot):
        at = f"variants.{variant.name}"
        if not variant.enabled:
            yield f"{at}.enabled", f"switches off the fallback of {page}; {CURE}"
        for key in ("starts", "ends"):
            if getattr(variant.availability, key) is not None:
                yield (
                    f"{at}.available.{key}",
                    f"takes the fallback of {page} away for a time; {CURE}",
                )


def _narrowed(before: Slot, wanted: Slot) -> Iterator[Problem]:
    """Find the fallbacks that stay the same variant, and are there for fewer visitors."""
    for page, variant in _fallbacks(wanted):
        old = before.variant(variant.name)
        if old is None or before.fallback_for(page) != variant.name:
            continue
        for key in NARROWING:
            now = getattr(variant.availability, key)
            if now and now != getattr(old.availability, key):
                text = f"takes the fallback of {page} from some visitors; {CURE}"
                yield f"variants.{variant.name}.available.{key}", text


def _fallbacks(slot: Slot) -> Iterator[tuple[str, Variant]]:
    for page, name in slot.fallback.items():
        variant = slot.variant(name)
        if variant is not None:
            yield repr(page), variant
