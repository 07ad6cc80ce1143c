"""Flags: yes or no, as programs, spreadsheets and people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from nudge.domain.values.plain_text import fold_case
from nudge.domain.values.refusal import ValueRefusedError

YES: Final = frozenset(
    ("true", "t", "1", "1.0", "y", "yes", "on", "是", "同意", "允许", "已同意", "接受", "真", "对")
)
NO: Final = frozenset(
    (
        *("false", "f", "0", "0.0", "n", "no", "off"),
        *("否", "拒绝", "不同意", "不允许", "已拒绝", "不接受", "假", "不", "错"),
    )
)
_CURE: Final = "write true or false, 1 or 0, yes or no, 是 or 否"


def parse_flag(value: object) -> bool:
    """Parse a yes or no.

    Args:
        value: true or false, 1 or 0, or a word such as `yes`, `N`, `是` or `拒绝`, in any case.

    Raises:
        ValueRefusedError: anything else.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value if value in YES or value in NO else fold_case(value)
        if word in YES or word in NO:
            return word in YES
    raise ValueRefusedError(f"is neither yes nor no; {_CURE}")
