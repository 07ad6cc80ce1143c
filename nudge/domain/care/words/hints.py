"""Hints: weak signs of a complaint, which count where nothing in the text speaks against them.

A hint complains alone (凭什么); a topic only names a trouble (停机) and needs a sign beside it.
Words of thanks, satisfaction, asking and plain report take both back. Strong phrases are read
without them, so that a weak sign hides no negator.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.scope import Scope
from nudge.domain.care.words.token import Role, Token

_SIGNS: Final = frozenset((Role.MISSING, Role.HINT, Role.SHORT))
"""Roles beside which a named trouble complains."""
_DISPLEASED: Final = speech_zh.DISPLEASED | speech_en.DISPLEASED
"""Words beside which it does: 老停机, 又停机."""
_CALM: Final = frozenset((Role.CALM, Role.ASKING))
_SETTLED: Final = 3
"""Characters of the shortest word that says of any trouble that it is none: 不离谱."""


def is_calm(tokens: Sequence[Token], calm: Collection[str]) -> bool:
    """Tell whether a text thanks, praises, asks or reports plainly.

    Args:
        tokens: of the text, in their order.
        calm: words that do so unless they are negated.
    """
    return any(
        len(Scope(tokens, place).search()) % 2 == 0
        for place, one in enumerate(tokens)
        if one.role in _CALM
        or (one.role == Role.PRAISE and one.phrase in calm)
        or (one.role == Role.REVERSED and len(one.phrase) >= _SETTLED and one.phrase != "free")
    )


def denies(tokens: Sequence[Token]) -> bool:
    """Tell whether a text denies a trouble: who says 不卡顿 does not hint at others."""
    return any(
        one.hits and one.role != Role.PRAISE and len(Scope(tokens, place).search()) % 2
        for place, one in enumerate(tokens)
    )


def weak_places(tokens: Sequence[Token]) -> list[int]:
    """Return the places of hints, and of topics with a sign of displeasure or alone."""
    signs = {
        place for place, one in enumerate(tokens) if one.role in _SIGNS or one.phrase in _DISPLEASED
    }
    return [
        place
        for place, one in enumerate(tokens)
        if one.role == Role.HINT or (one.role == Role.TOPIC and _complains(tokens, place, signs))
    ]


def _complains(tokens: Sequence[Token], place: int, signs: set[int]) -> bool:
    """Tell whether a topic complains beside a sign, as the whole text, or negated twice."""
    if len(signs) > (place in signs) or _is_all(tokens, place):
        return True
    return len(Scope(tokens, place).search()) > 1  # 没有一次不排队


def _is_all(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether a text names a trouble and says nothing else."""
    return tokens[place].start == 0 and tokens[place].end == tokens[-1].start
