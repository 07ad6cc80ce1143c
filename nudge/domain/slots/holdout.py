"""The holdout and the group `usual`: subjects who are not personalised; fixed for ever."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

GLOBAL = "global"
"""Salt of the share that is held out of every slot; no slot may have this name."""

_USE = b"nudge.holdout"
"""Personalisation of this hash: keeps its bits apart from other hashes, above all the draw's."""

_USUAL = b"nudge.usual"
"""Salt of the group that gets the operator's own rule: independent of both holdouts."""

_RANGE = 1 << 64


def in_holdout(subject: str, salt: str, share: float) -> bool:
    """Return True where the subject belongs to the holdout of a salt.

    A raised share only adds subjects: each has one fixed place in [0, 1) per salt, and is held out
    where that lies below the share.

    Args:
        subject: random id of the visitor.
        salt: `GLOBAL`, or the slot's name; at most 64 bytes.
        share: in [0, 1].
    """
    return _is_below(subject, salt, _USE, share)


def in_usual(subject: str, slot: str, share: float) -> bool:
    """Return True where the subject gets the operator's own rule, if no holdout has it.

    A raised share only adds subjects, as for a holdout.

    Args:
        subject: random id of the visitor.
        slot: name of the slot.
        share: of the subjects outside the holdouts, in [0, 1].
    """
    return _is_below(subject, slot, _USUAL, share)


def share_held_out(everywhere: float, slot: float) -> float:
    """Return the share of subjects that the global holdout or a slot's own one takes.

    The two are salted apart, so that they are independent.

    Args:
        everywhere: share of the global holdout, in [0, 1].
        slot: share of the slot's holdout, in [0, 1].
    """
    return 1.0 - (1.0 - everywhere) * (1.0 - slot)


def share_beside_usual(held: float, usual: float) -> float:
    """Return the share of the holdout among subjects who are not in the group `usual`.

    Args:
        held: share of subjects held out, of `share_held_out`.
        usual: share of the others who get the operator's own rule, in [0, 1).
    """
    return held / (1.0 - (1.0 - held) * usual)


def _is_below(subject: str, salt: str, use: bytes, share: float) -> bool:
    """Return True where the subject's place in [0, 1) lies below the share."""
    if share <= 0:
        return False
    place = _salted(salt, use).copy()
    place.update(subject.encode())
    return int.from_bytes(place.digest(), "big") < share * _RANGE


@lru_cache(maxsize=512)
def _salted(salt: str, use: bytes) -> blake2b:
    """Return the salted hash state with which every subject's hash starts."""
    return blake2b(digest_size=8, key=salt.encode(), person=use)
