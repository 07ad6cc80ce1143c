"""Opens a visitor: vault entry, state and assignments in one read of one partition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nudge.domain.choice import Kept
from nudge.store.client import Arg, Client, Reply
from nudge.store.folds import generation_of
from nudge.store.journal import kept
from nudge.store.keys import Keys
from nudge.store.stock import units_left

ATTRIBUTE = "attribute"
"""The fold that keeps the visitors' states."""


@dataclass(frozen=True)
class Opened:
    """What the store knows of a visitor.

    Attributes:
        subject: of the visitor.
        partition: where the subject's journal is.
        claimed: this call was the first of a device: it may have a token.
        state: the bytes that `attribute` keeps, if any.
        assigned: unit -> the decision that it keeps.
        left: `<slot>:<variant>` -> units that are left of what is limited; empty if not asked.
    """

    subject: str
    partition: int
    claimed: bool
    state: bytes | None
    assigned: Mapping[str, Kept]
    left: Mapping[str, int] = field(default_factory=dict)


def open_visitor(
    client: Client,
    keys: Keys,
    partition: int,
    visitor_hash: str,
    subject: str,
    *,
    claim: bool,
    stock: bool = False,
) -> Opened:
    """Find or make the visitor and read what is known: one round trip, two for an alias.

    Args:
        client: of the store.
        keys: of the installation.
        partition: in which the hashed id is at home.
        visitor_hash: keyed hash of the external id.
        subject: to use if the visitor is new.
        claim: the caller is a device that would keep a token.
        stock: what is left of limited stock is wanted.
    """
    args: list[Arg] = [keys.prefix(partition), partition, subject, int(claim), int(stock)]
    vault, fold = keys.vault(partition, visitor_hash), keys.fold(partition, ATTRIBUTE)
    names = [vault, fold, keys.quota(partition)]
    reply = client.run("open", names, args)
    found, home, claimed = reply[0].decode(), int(reply[1]), bool(reply[2])
    rest = reply[3:] if home == partition else _read(client, keys, home, found, stock=stock)
    kept = _assigned(home, found, rest[1])
    return Opened(found, home, claimed, rest[0], kept, units_left(rest[2]))


def known_visitor(client: Client, keys: Keys, partition: int, visitor_hash: str) -> Opened | None:
    """What is known of a visitor, without making one: None where nobody ever heard of it.

    Args:
        client: of the store.
        keys: of the installation.
        partition: in which the hashed id is at home.
        visitor_hash: keyed hash of the external id.
    """
    found = client.call("HMGET", keys.vault(partition, visitor_hash), "s", "p")
    if found[0] is None:
        return None
    subject, home = found[0].decode(), int(found[1])
    state, kept, left = _read(client, keys, home, subject, stock=True)
    assigned = _assigned(home, subject, kept)
    return Opened(
        subject, home, claimed=False, state=state, assigned=assigned, left=units_left(left)
    )


def _read(client: Client, keys: Keys, partition: int, subject: str, *, stock: bool) -> Reply:
    generation = generation_of(client, keys, partition, ATTRIBUTE)
    state = client.call("GET", keys.visitor(partition, subject, generation))
    assigned = client.call("HGETALL", keys.assigned(partition, subject))
    return state, assigned, client.call("HGETALL", keys.quota(partition)) if stock else []


def assigned(client: Client, keys: Keys, partition: int, subject: str, unit: str) -> Kept | None:
    """The decision that a subject keeps for a unit, if any."""
    value = client.call("HGET", keys.assigned(partition, subject), unit)
    return None if value is None else _parse(partition, subject, value)


def _assigned(
    partition: int, subject: str, reply: list[bytes] | dict[bytes, bytes]
) -> dict[str, Kept]:
    pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
    return {unit.decode(): _parse(partition, subject, value) for unit, value in pairs}


def _parse(partition: int, subject: str, value: bytes) -> Kept:
    _, position, stamp, payload = value.split(b" ", 3)
    return kept(partition, subject, int(position), int(stamp) / 1000, payload, fresh=False)
