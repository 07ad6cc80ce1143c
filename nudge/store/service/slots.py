"""Slots in the store: the current ones, their revisions, and how a new revision gets in."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from nudge.config.slot_file import dump_slot, parse_slot
from nudge.domain.slots.slot import Slot
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys


def current(client: Client, keys: Keys) -> dict[str, Slot]:
    """The current revision of every slot, by name."""
    rows = _pairs(client.call("HGETALL", keys.config("slots")))
    return {name.decode(): _load(text, name.decode()) for name, text in sorted(rows.items())}


def revision(client: Client, keys: Keys, name: str, number: int) -> Slot | None:
    """One revision of a slot, or None where there is none."""
    text = client.call("HGET", keys.config("revisions", name), number)
    return None if text is None else _load(text, name)


def put(
    client: Client,
    keys: Keys,
    slot: Slot,
    replaces: Slot | None,
    audit: Mapping[str, object] | None = None,
) -> bool:
    """Make `slot` current if `replaces` still is; False where somebody else was faster.

    Args:
        client: of the store.
        keys: of the installation.
        slot: at a revision beyond that of `replaces`.
        replaces: what the caller believes current; None where there is no such slot.
        audit: who, when, what and why, kept beside the revision.
    """
    families = ("revisions", "audit")
    named = [keys.config(family, slot.name) for family in families]
    names = [keys.config("slots"), *named, keys.config("versions")]
    before = 0 if replaces is None else replaces.revision
    told = orjson.dumps(dict(audit or {}))
    args: list[Arg] = [slot.name, before, slot.revision, _dump(slot), told]
    return bool(client.run("apply_slot", names, args))


def audits(client: Client, keys: Keys, name: str) -> list[dict[str, object]]:
    """The audit entries of a slot, newest first, each with its `revision`."""
    rows = _pairs(client.call("HGETALL", keys.config("audit", name)))
    found = sorted(((int(number), text) for number, text in rows.items()), reverse=True)
    return [{"revision": number} | orjson.loads(text) for number, text in found]


def _dump(slot: Slot) -> str:
    return orjson.dumps(dump_slot(slot), option=orjson.OPT_SORT_KEYS).decode()


def _load(text: bytes, name: str) -> Slot:
    return parse_slot(orjson.loads(text), f"store:{name}")


def _pairs(reply: list[bytes] | Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    if isinstance(reply, Mapping):
        return dict(reply)
    return dict(zip(reply[::2], reply[1::2], strict=True))
