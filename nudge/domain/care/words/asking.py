"""Plain questions: a trouble that a visitor asks about is no complaint: 停机后怎么复机."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.clause import LONGEST, clause
from nudge.domain.care.words.token import Role, Token

_SIGNS: Final = speech_zh.DISPLEASED | speech_en.DISPLEASED
_IF: Final = speech_zh.IF | {"if"}


def asks_plainly(tokens: Sequence[Token], place: int, last: int) -> bool:
    """Tell whether a phrase stands in a plain question, without a word of displeasure.

    Args:
        tokens: of the text, in their order.
        place: of the phrase among them.
        last: token that ends its clause.
    """
    first, _ = clause(tokens, place)
    around = tokens[first:last]
    if any(one.phrase in _SIGNS or one.role == Role.REVERSAL for one in around):
        return False
    if any(one.role == Role.ASKING for one in around):
        return True
    before = tokens[max(0, first - 2) : first]
    if any(one.role == Role.ASKING and one.phrase in speech_zh.OPENING for one in before):
        return True
    supposed = any(one.phrase in _IF for one in tokens[first:place])
    return supposed and _asked_later(tokens, last)


def _asked_later(tokens: Sequence[Token], last: int) -> bool:
    """Tell whether the rest of a sentence asks for information."""
    for one in tokens[last : last + LONGEST]:
        if one.role == Role.STOP:
            return False
        if one.role == Role.ASKING:
            return True
    return False
