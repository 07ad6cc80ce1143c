"""Amounts: whole fen inside, yuan at the edges."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

FEN: Final = 100
"""Fen in a yuan."""
MAX_FEN: Final = 10_000_000
"""The largest amount that is believed, 100,000 yuan: sums of squares stay within 64 bits."""


def fen_of(amount: object) -> int:
    """Return an amount in yuan as whole fen, rounded half to even; 0 for what is no amount."""
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        return 0
    try:
        exact = Decimal(str(amount)) * FEN
    except InvalidOperation:
        return 0  # text that is no number, which the edge let through
    if not exact.is_finite():
        return 0
    bounded = min(max(exact, Decimal(0)), Decimal(MAX_FEN))
    return int(bounded.quantize(Decimal(1), ROUND_HALF_EVEN))


def yuan_of(fen: int) -> float | int:
    """Return fen as yuan, an integer where they are whole."""
    whole, rest = divmod(fen, FEN)
    return fen / FEN if rest else whole
