"""Amounts of money, in yuan or in fen."""

from __future__ import annotations

from typing import Final

from nudge.domain.basics.money import FEN, MAX_FEN
from nudge.domain.values.quantities import parse_quantity
from nudge.domain.values.refusal import ValueRefusedError

MAX_AMOUNT: Final = MAX_FEN // FEN
"""Yuan; no single recharge is larger."""
_CLOSE: Final = 1e-6
YUAN: Final = f"give yuan, more than 0 and at most {MAX_AMOUNT}"
FEN_TEXT: Final = f"give whole fen, more than 0 and at most {MAX_FEN}"


def parse_amount(value: object) -> float:
    """Parse an amount in yuan; return yuan.

    Args:
        value: a number, or text of one.

    Raises:
        ValueRefusedError: no number, out of range, or with more than 2 decimals.
    """
    yuan = parse_quantity(value)
    if not 0 < yuan <= MAX_AMOUNT:
        raise ValueRefusedError(f"is out of range; {YUAN}")
    fen = round(yuan * FEN)
    if abs(yuan * FEN - fen) > _CLOSE or fen == 0:
        raise ValueRefusedError("has too many decimals; give at most 2 decimals")
    return fen / FEN


def parse_fen(value: object) -> float:
    """Parse an amount in fen, as payment gateways give it; return yuan.

    Args:
        value: a whole number, or text of one.

    Raises:
        ValueRefusedError: no whole number, or out of range.
    """
    fen = parse_quantity(value)
    if not (fen.is_integer() and 0 < fen <= MAX_FEN):
        raise ValueRefusedError(f"is out of range; {FEN_TEXT}")
    return fen / FEN
