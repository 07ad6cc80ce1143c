"""Drawn shares: exposures of variants against the probabilities that were logged. Pure.

Of each decision that was shown, the excess of each variant (1 or 0, less its probability) and its
variance are added up. Sums are whole millionths, so that they add up in any order to the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgpack
import numpy as np

from bandits.inference.srm import RatioSums, mismatch
from bandits.units import DAY
from nudge.domain.journal.records import Decision, DecisionReason, Ref

WEEK: Final = 7 * DAY
"""Seconds after which sums begin anew: what was mended is forgotten, and a test looks for ever."""
ALPHA: Final = 1e-5
"""Probability that a slot whose shares are right is told in a week: with 50 slots, one in 38
years."""
MILLION: Final = 1_000_000
_SEPARATOR: Final = "\x1f"
_EXCESS, _VARIANCE = "x", "v"


class Draw(NamedTuple):
    """A draw whose exposure is waited for. Few are ever read again: a trace holds their bytes.

    Attributes:
        ref: of the decision.
        variant: that was drawn.
        chances: eligible variant -> probability, in millionths.
    """

    ref: tuple[int, int, int]
    variant: str
    chances: Mapping[str, int]


def draw_of(decision: Decision, ref: Ref) -> bytes | None:
    """Return the draw of a decision by the policy, encoded.

    Returns:
        None where nothing was drawn, or for a time long ahead.
    """
    drawn = decision.reason == DecisionReason.POLICY and decision.twin is None
    if not drawn or decision.due is not None or len(decision.pmf) <= 1:
        return None
    return _encode_draw(ref, decision.variant, _encode_chances(decision.eligible, decision.pmf))


def encode_draw(draw: Draw) -> bytes:
    """Encode a draw as MessagePack."""
    return _encode_draw(draw.ref, draw.variant, msgpack.packb(draw.chances))


def decode_draw(blob: bytes) -> Draw:
    """Decode the draw that `encode_draw` was given."""
    ref, variant, chances = msgpack.unpackb(blob)
    partition, position, index = ref
    return Draw((partition, position, index), variant, msgpack.unpackb(chances))


def _encode_draw(ref: Sequence[int], variant: str, chances: bytes) -> bytes:
    packed: bytes = msgpack.packb((ref, variant, chances))
    return packed


@lru_cache(maxsize=4096)
def _encode_chances(eligible: tuple[str, ...], pmf: tuple[float, ...]) -> bytes:
    """Encode the chances of a draw: visitors of one cell share them until a policy is published."""
    chances = {name: round(p * MILLION) for name, p in zip(eligible, pmf, strict=True)}
    packed: bytes = msgpack.packb(chances)
    return packed


def share_counts(slot: str, draw: Draw) -> dict[str, int]:
    """Return what the exposure of a draw adds: field -> millionths."""
    found: dict[str, int] = {}
    for name, chance in draw.chances.items():
        head = f"{slot}{_SEPARATOR}{name}{_SEPARATOR}"
        found[head + _EXCESS] = (MILLION if name == draw.variant else 0) - chance
        found[head + _VARIANCE] = chance * (MILLION - chance) // MILLION
    return {name: number for name, number in found.items() if number}


def mismatched_slots(fields: Mapping[str, int]) -> frozenset[str]:
    """Return the slots whose sums chance does not explain, however often one looks."""
    sums: dict[str, dict[str, dict[str, int]]] = {}
    for name, number in fields.items():
        slot, variant, kind = name.split(_SEPARATOR)
        sums.setdefault(slot, {}).setdefault(variant, {})[kind] = number
    return frozenset(slot for slot, each in sums.items() if _is_mismatched(each))


def _is_mismatched(each: Mapping[str, Mapping[str, int]]) -> bool:
    rows = [[one.get(_EXCESS, 0), one.get(_VARIANCE, 0)] for one in each.values()]
    excess, variance = np.array(rows, dtype=np.float64).T / MILLION
    return mismatch(RatioSums(excess, variance), ALPHA)
