"""Conversion between a slot and its plain table, both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from bandits.config_values import text_of
from nudge.config.slot_rules import floor_of
from nudge.domain.basics.duration import format_duration
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.slot import (
    Availability,
    ComparisonTerms,
    FreeAmount,
    FrozenServes,
    GuardTerms,
    OfferTerms,
    RewardTerms,
    Slot,
    SlotAttribute,
    SlotMode,
    Stickiness,
    TrialTerms,
    Variant,
)
from nudge.domain.values.plain_text import trim


def slot_of(data: Mapping[str, Any]) -> Slot:
    """Build the slot of a table that passed schema and rules."""
    policy = {"kind": "auto"} | data.get("policy", {})
    reward, sticky = data["reward"], data["stickiness"]
    return Slot(
        name=data["slot"],
        revision=data["revision"],
        variants=tuple(_variant(one) for one in data["variants"]),
        context=tuple(_attribute(one) for one in data.get("context", ())),
        policy=policy,
        terms=RewardTerms(data["on"], reward["event"], reward["objective"], reward["window"]),
        stickiness=Stickiness(sticky["period"], tuple(dict.fromkeys(sticky.get("by", ())))),
        holdout=data["holdout"],
        floor=floor_of(data, policy["kind"]),
        fallback=data["fallback"],
        title=data["title"],
        mode=SlotMode(data["mode"]),
        frozen_serves=FrozenServes(data["frozen_serves"]),
        guard=_guard(data.get("guard")),
        free_amount=FreeAmount(**data["free_amount"]) if "free_amount" in data else None,
        affordable=data["affordable"]["multiple"] if "affordable" in data else None,
        comparison=_comparison(data.get("comparison", {})),
        trials=TrialTerms(**data["trials"]) if "trials" in data else None,
        offers=_offers(data.get("offers")),
    )


def dump_slot(slot: Slot) -> dict[str, object]:
    """Return the slot as a plain JSON table, from which `parse_slot` builds an equal slot."""
    terms, sticky = slot.terms, slot.stickiness
    reward = {"objective": terms.objective, "event": terms.event}
    guard = {} if slot.guard is None else {"guard": _dump_guard(slot.guard)}
    return guard | {
        "slot": slot.name,
        "revision": slot.revision,
        "title": slot.title,
        "mode": str(slot.mode),
        "frozen_serves": str(slot.frozen_serves),
        "on": terms.on,
        "holdout": slot.holdout,
        "floor": slot.floor,
        "stickiness": {"period": format_duration(sticky.period), "by": list(sticky.by)},
        "reward": reward | {"window": format_duration(terms.window)},
        "policy": dict(slot.policy),
        "fallback": dict(slot.fallback),
        **_dump_options(slot),
        "context": [_dump_attribute(one) for one in slot.context],
        "variants": [_dump_variant(one) for one in slot.variants],
    }


def _dump_options(slot: Slot) -> dict[str, object]:
    # Only where they are: a slot without them must not look changed to an earlier version.
    table: dict[str, object] = {}
    if slot.free_amount is not None:
        table["free_amount"] = asdict(slot.free_amount)
    if slot.affordable is not None:
        table["affordable"] = {"multiple": slot.affordable}
    if slot.comparison is not None:
        terms = slot.comparison
        table["comparison"] = {"rule": terms.rule.text, "share": terms.share}
    if slot.trials is not None:
        table["trials"] = asdict(slot.trials)
    if slot.offers is not None:
        table["offers"] = {**asdict(slot.offers), "channels": list(slot.offers.channels)}
    return table


def digest(slot: Slot) -> str:
    """Hash a slot's content, 32 hex digits: revisions with equal content have equal digests."""
    table = dump_slot(slot)
    del table["revision"]
    text = json.dumps(table, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def availability_of(table: Mapping[str, Any]) -> Availability:
    """Build the limits of a variant from its table `available`, which passed the schema."""
    return Availability(
        channels=frozenset(table.get("channels", ())),
        pages=frozenset(table.get("pages", ())),
        requires=tuple(table.get("requires", ())),
        starts=table.get("starts"),
        ends=table.get("ends"),
        when=table.get("when"),
        stock=table.get("stock"),
        exclusive=table.get("exclusive", ""),
    )


def _variant(data: Mapping[str, Any]) -> Variant:
    available = availability_of(data.get("available", {}))
    attributes = data.get("attributes", {})
    title = {tongue: trim(text) for tongue, text in data.get("title", {}).items()}
    return Variant(data["name"], data["value"], attributes, data["enabled"], available, title)


def _attribute(data: Mapping[str, Any]) -> SlotAttribute:
    # Numbers as floats and categories as text, so that one meaning has one form and one digest.
    read = float if data["kind"] == "number" else text_of
    return SlotAttribute(data["name"], data["kind"], tuple(map(read, data.get("cells", ()))))


def _guard(data: Mapping[str, Any] | None) -> GuardTerms | None:
    if data is None:
        return None
    metrics = tuple(dict.fromkeys(data["metrics"]))
    return GuardTerms(metrics, data["alpha"], data.get("every", GuardTerms.every), data["matured"])


def _comparison(data: Mapping[str, Any]) -> ComparisonTerms | None:
    """Return the terms of the group `usual`; without a rule there is none."""
    if "rule" not in data:
        return None
    return ComparisonTerms(OperatorRule.parse(data["rule"]), data["share"])


def _offers(data: Mapping[str, Any] | None) -> OfferTerms | None:
    if data is None:
        return None
    return OfferTerms(data["purpose"], tuple(dict.fromkeys(data["channels"])), data["priority"])


def _dump_guard(guard: GuardTerms) -> dict[str, object]:
    return {
        "metrics": list(guard.metrics),
        "alpha": guard.alpha,
        "every": format_duration(guard.every),
        "matured": guard.matured,
    }


def _dump_attribute(attribute: SlotAttribute) -> dict[str, object]:
    table: dict[str, object] = {"name": attribute.name, "kind": attribute.kind}
    return table | ({"cells": list(attribute.cells)} if attribute.cells else {})


def _dump_variant(variant: Variant) -> dict[str, object]:
    available = _dump_availability(variant.availability)
    table = {"name": variant.name, "value": variant.value, "attributes": dict(variant.attributes)}
    # Only where it is: a variant without it must not look changed to an earlier version.
    title = {"title": dict(variant.title)} if variant.title else {}
    ends = {"available": available} if available else {}
    return table | {"enabled": variant.enabled} | title | ends


def _dump_availability(available: Availability) -> dict[str, object]:
    table = {
        "channels": sorted(available.channels),
        "pages": sorted(available.pages),
        "requires": list(available.requires),
        "starts": _dump_instant(available.starts),
        "ends": _dump_instant(available.ends),
        "when": available.when.table if available.when else None,
        "stock": available.stock,
        "exclusive": available.exclusive,
    }
    return {key: value for key, value in table.items() if value not in (None, [], "")}


def _dump_instant(seconds: float | None) -> str | float | None:
    if seconds is None or not seconds.is_integer():
        return seconds  # a fraction may not survive the way through a date
    return datetime.fromtimestamp(seconds, UTC).isoformat()
