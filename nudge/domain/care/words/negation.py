"""Negation: whether a phrase complains, by the words around it in its clause.

Each negator in reach turns the phrase round; two of them leave it: 没有一天不掉线 complains.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.asking import asks_plainly
from nudge.domain.care.words.clause import clause
from nudge.domain.care.words.past import is_past
from nudge.domain.care.words.scope import HAVE_NOT, Scope
from nudge.domain.care.words.token import Role, Token

_MISSED: Final = 2
"""Unknown units between a phrase of what is missing and the phrase that it negates."""
_BESIDES: Final = frozenset(
    (Role.LIGHT, Role.INTENSE, Role.OPINION, Role.PRONOUN, Role.NEUTRAL, Role.NEGATOR, Role.JOIN)
)
"""Roles between the two."""


_CONTRAST: Final = speech_zh.CONTRAST | speech_en.CONTRAST


class Reading(NamedTuple):
    """The reading of a phrase in its clause.

    Attributes:
        complains: the phrase is a complaint here.
        start: first unit that says so.
        end: behind the last one.
        negator: the nearest word that negates the phrase; None without one.
    """

    complains: bool
    start: int
    end: int
    negator: str | None = None


def read_phrase(tokens: Sequence[Token], place: int, curable: Collection[str] = ()) -> Reading:
    """Read one phrase in its clause.

    Args:
        tokens: of the text, in their order.
        place: of the phrase among them.
        curable: groups of which a complaint is over once it is cured.
    """
    hit = tokens[place]
    if hit.role == Role.MISSING and negates(tokens, place):
        return Reading(complains=False, start=hit.start, end=hit.end)
    first, last = clause(tokens, place)
    found = Scope(tokens, place).search()
    turned = len(found) % 2
    after = _after(tokens, place, last)
    turned ^= after is not None
    around = tokens[first:last]
    turned ^= _reversed(around, hit, bool(found))
    complains = (hit.role == Role.PRAISE) == bool(turned)
    if complains and (
        _asked(tokens, place, last, bool(found))
        or is_past(tokens, place, curable)
        or _judged_well(tokens, place, last)
    ):
        complains = False
    praise = hit.role == Role.PRAISE
    start = min([hit.start, *(one.start for one in found if praise)])
    end = max(hit.end, after.end if after and praise else 0)
    negator = found[0].phrase if found else (after.phrase if after else None)
    return Reading(complains, start, end, negator)


def negates(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether what is missing is a phrase, which speaks for itself: 没收到垃圾短信."""
    at, free = tokens[place].end, _MISSED
    for token in tokens[place + 1 :]:
        free -= token.start - at
        at = token.end
        if free < 0 or token.hits:
            return free >= 0
        if token.role not in _BESIDES:
            return False
    return False


def _after(tokens: Sequence[Token], place: int, last: int) -> Token | None:
    """Return what turns a phrase round from behind: 卡顿从来没有, 不卡才怪, issue was fixed."""
    hit = tokens[place]
    at, found = hit.end, None
    for number in range(place + 1, last):
        token = tokens[number]
        if token.start != at:
            return None
        at = token.end
        if _settles(token, hit) and (len(token.phrase) > 1 or number + 1 == last):
            return token if found is None else None
        if token.phrase in speech_zh.WHAT and hit.role == Role.PRAISE:
            again = place_after(tokens, number, last)
            return token if again is not None and again.phrase == hit.phrase else None
        if token.role == Role.NEGATOR:
            again = place_after(tokens, number, last)
            if again is not None and again.phrase == hit.phrase:
                return token  # 慢倒不慢, 慢不慢
            found = token
        elif token.role not in {Role.LIGHT, Role.INTENSE, Role.OPINION}:
            return None
    ends = last == len(tokens) or tokens[last].start == at
    things = found is not None and found.phrase in HAVE_NOT and ends
    noun = hit.role != Role.PRAISE or hit.phrase in speech_zh.NOUNS
    return found if things and noun and not hit.phrase.isascii() else None


def _settles(token: Token, hit: Token) -> bool:
    """Tell whether a word behind a phrase takes it back: 问题解决了, issue was fixed."""
    if token.role == Role.REVERSED:
        return True
    settled = token.phrase in speech_zh.SETTLED | speech_zh.AGAIN | speech_en.RESOLVERS
    return settled and hit.role != Role.PRAISE


def place_after(tokens: Sequence[Token], number: int, last: int) -> Token | None:
    """Return the phrase that directly follows a negator."""
    for other in tokens[number + 1 : last]:
        if other.hits:
            return other
        if other.role not in {Role.LIGHT, Role.INTENSE}:
            return None
    return None


def _judged_well(tokens: Sequence[Token], place: int, last: int) -> bool:
    """Tell whether what is named is said to be no trouble: 清零清得并不离谱, 重启的光猫没毛病."""
    behind = range(place + 1, last)
    marks = [number for number in behind if tokens[number].phrase in {"得", "的"}]
    if not marks or tokens[place].role == Role.PRAISE:
        return False
    return any(_is_denied(tokens, number, place + 1) for number in range(marks[0] + 1, last))


def _is_denied(tokens: Sequence[Token], place: int, first: int) -> bool:
    """Tell whether a token says that something is no trouble."""
    token = tokens[place]
    if token.role == Role.REVERSED:
        return len(token.phrase) > 1
    negated = token.hits and token.role != Role.PRAISE
    return negated and len(Scope(tokens, place, first).search()) % 2 == 1


def _reversed(around: Sequence[Token], hit: Token, negated: bool) -> bool:  # noqa: FBT001
    """Tell whether the whole clause is turned round: 难道不慢, 希望不要卡, used to be fast."""
    before = _uncontrasted([one for one in around if one.end <= hit.start])
    if any(one.role == Role.REVERSAL for one in before) or _each(before, hit):
        return True
    wishes = [one for one in around if one.role == Role.WISH]
    if wishes:
        chinese = not wishes[0].phrase.isascii()
        when = any("时" in one.phrase or one.phrase in {"就好了", "该多好"} for one in wishes)
        return (
            (negated and hit.role != Role.PRAISE)
            if chinese and not when
            else (chinese and (negated or hit.role == Role.PRAISE))
        )
    behind = [one for one in around if one.start >= hit.end]
    asks = any(one.role == Role.QUESTION for one in behind[-2:])
    return asks and negated


def _uncontrasted(before: list[Token]) -> list[Token]:
    """Return the tokens behind the last word of contrast: used to be slow but now it's great."""
    found: list[Token] = []
    for one in before:
        found.append(one)
        if one.phrase in _CONTRAST:
            found = []
    return found


def _each(before: Sequence[Token], hit: Token) -> bool:
    """Tell whether a negated question means every one: 哪天不断线, how is this not a scam."""
    phrases = [one.phrase for one in before]
    negators = [number for number, one in enumerate(before) if one.role == Role.NEGATOR]
    if not negators:
        return False
    if hit.phrase.isascii():
        return (
            phrases[0] == "how"
            and len(phrases) > 1
            and phrases[1] in speech_en.VERBS | {"could", "come"}
        )
    number = negators[-1]
    while number > 0 and before[number - 1].role == Role.LIGHT:
        number -= 1
        if phrases[number] in speech_zh.WHICH:
            return len(negators) == 1
    return False


def _asked(tokens: Sequence[Token], place: int, last: int, negated: bool) -> bool:  # noqa: FBT001
    """Tell whether a clause asks, and says nothing: 网速慢吗? Is it slow?"""
    first, _ = clause(tokens, place)
    around = tokens[first:last]
    hit = tokens[place]
    if hit.role != Role.PRAISE and asks_plainly(tokens, place, last):
        return True
    if negated or hit.role == Role.PRAISE:
        return False
    if any(one.role in {Role.REVERSAL, Role.NEUTRAL} for one in around):
        return False
    if any(
        (one.role in {Role.INTENSE, Role.BREAK, Role.WISH} and one.phrase not in speech_zh.IF)
        or one.phrase == "怎么"
        for one in around
    ):
        return False
    if any(one.role == Role.QUESTION and one.phrase != "嘛" for one in around[-1:]):
        return True
    ends = last < len(tokens) and tokens[last].phrase == "?"
    return ends and around[0].phrase in speech_en.ASKING
