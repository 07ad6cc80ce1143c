"""Complaints that are over, cured, or were only feared: 断网了，已经修好; 以为会卡."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import takewhile
from typing import Final

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.clause import clause
from nudge.domain.care.words.token import Role, Token

CURES: Final = speech_zh.CURES | speech_en.CURES
DONE: Final = speech_zh.DONE | speech_en.DONE
_BETTER: Final = frozenset((Role.NEGATOR, Role.PRAISE, Role.REVERSED))
"""Roles by which a clause takes back what was said of the days before."""
_ENDS: Final = frozenset((Role.COMMA, Role.STOP, Role.BREAK))
"""Roles that part a complaint from its cure."""
_FAR: Final = 40
"""Tokens behind a complaint that may take it back: long texts are read in linear time."""
_NEXT: Final = 3
"""Tokens within which the next clause denies what was said."""
_OPEN: Final = frozenset((Role.NEGATOR, Role.MISSING, Role.WISH, Role.QUESTION))
"""Roles with which a cure did not come yet."""


def is_past(tokens: Sequence[Token], place: int, curable: Collection[str]) -> bool:
    """Tell whether a complaint is not one of today.

    Args:
        tokens: of the text, in their order.
        place: of the complaint among them.
        curable: groups of which a complaint is over once it is cured.
    """
    first, last = clause(tokens, place)
    behind = tokens[place + 1 : place + 1 + _FAR]
    later = tokens[last + 1 : place + 1 + _FAR]
    before = {one.role for one in tokens[first:place]}
    if Role.SUPPOSED in before and any(one.role != Role.STOP for one in later):
        return True
    denied = any(one.phrase in speech_zh.DENIALS for one in later[:_NEXT])
    if denied and last < len(tokens) and tokens[last].role == Role.COMMA:
        return True
    if tokens[place].group in curable and _cured(behind):
        return True
    if Role.OTHERS in before and _better(later):
        return True
    return _taken_back(behind, {one.role for one in tokens[first:last]})


def _taken_back(behind: Sequence[Token], around: Collection[Role]) -> bool:
    """Tell whether a word of today takes back what was said of the past."""
    rest = [*takewhile(lambda one: one.role != Role.STOP, behind)]
    now = [number for number, one in enumerate(rest) if one.role == Role.NOW]
    if not now or any(one.phrase in speech_zh.STILL for one in rest):
        return False
    return Role.PAST in around or (Role.LATELY in around and _better(rest[now[0] :]))


def _better(later: Sequence[Token]) -> bool:
    """Tell whether what follows takes something back."""
    return any(one.role in _BETTER or one.phrase == "不断" for one in later)


def _cured(later: Sequence[Token]) -> bool:
    """Tell whether a later clause says that the trouble is gone: 已经修好了, it was fixed."""
    ends = [number for number, one in enumerate(later) if one.role in _ENDS]
    for number, token in enumerate(later):
        told = _tells_cure(token)
        if (told or token.phrase in CURES) and ends and ends[0] < number:
            first, last = clause(later, number)
            around = [*later[first:number], *later[number + 1 : last]]
            late = any(one.role in _OPEN or one.phrase in speech_zh.LATE for one in around)
            if not late and (told or any(one.phrase in DONE for one in around)):
                return True
    return False


def _tells_cure(token: Token) -> bool:
    """Tell whether a word says alone that something was cured: 修好了, was fixed."""
    if token.phrase in speech_zh.SETTLED:
        return True
    words = token.phrase.split() if token.phrase.isascii() else [token.phrase.rstrip("了")]
    return token.role == Role.REVERSED and not CURES.isdisjoint(words)
