"""The finder of words of complaint in a text."""

from __future__ import annotations

from nudge.domain.care.words import speech_zh
from nudge.domain.care.words.hints import denies, is_calm, weak_places
from nudge.domain.care.words.lexicon import Lexicon
from nudge.domain.care.words.matches import near
from nudge.domain.care.words.negation import Reading, negates, read_phrase
from nudge.domain.care.words.phrase_index import PhraseIndex
from nudge.domain.care.words.token import BOUNDARIES, Role, Token
from nudge.domain.care.words.word_hit import WordHit
from nudge.domain.care.words.writing.units import UnitText


class WordFinder:
    """A finder of a lexicon's phrases in texts, with their negation read.

    Attributes:
        lexicon: whose phrases are found.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._index = PhraseIndex(lexicon)
        self._calm = frozenset(lexicon.calm)
        self._curable = frozenset(one.name for one in lexicon.groups if one.curable)

    def find(self, text: str) -> tuple[WordHit, ...]:
        """Return the phrases by which a text complains, in its order; none where it does not."""
        units = self._index.reader.read(text)
        if not units.units:
            return ()
        matches = self._index.matches(units)
        if not matches.raw and not matches.heard:
            return ()
        tokens = matches.strong()
        hits = [place for place, one in enumerate(tokens) if one.hits]
        topics = matches.topics() if hits else []
        if topics:
            hits = [place for place in hits if not _names(topics, tokens, place)]
        found = self._read(tokens, hits, units)
        if found or not matches.are_weak or denies(tokens):
            return found
        tokens = matches.all()
        return self._read(tokens, self._weak(tokens), units)

    def _weak(self, tokens: list[Token]) -> list[int]:
        """Return the places of weak signs; none where the text speaks against them."""
        if is_calm(tokens, self._calm) or denies(tokens):
            return []
        return weak_places(tokens)

    def _read(self, tokens: list[Token], places: list[int], units: UnitText) -> tuple[WordHit, ...]:
        """Return the phrases at places that complain."""
        if not places:
            return ()
        return tuple(
            _hit(tokens[place], reading, units)
            for place in places
            if _predicate(tokens, place, units)
            for reading in (read_phrase(tokens, place, self._curable),)
            if reading.complains
        )


def _hit(token: Token, reading: Reading, units: UnitText) -> WordHit:
    phrase = token.phrase
    if token.role == Role.PRAISE and reading.negator is not None:
        phrase = f"not {phrase}" if phrase.isascii() else f"{reading.negator}{phrase}"
    start, end = units.starts[reading.start], units.ends[reading.end - 1]
    return WordHit(phrase, token.group, start, end)


def _names(topics: list[Token], tokens: list[Token], place: int) -> bool:
    """Tell whether a trouble is only named behind a phrase: 没收到推销电话, 没那么快过期."""
    token = tokens[place]
    behind = [one for one in near(topics, token.end) if one.start >= token.end]
    if not behind:
        return False
    if token.role == Role.PRAISE:
        return behind[0].start == token.end
    others = [one for one in tokens[place + 1 : place + _NEXT] if one.end <= behind[0].start]
    return token.role == Role.MISSING and negates([token, *others, behind[0]], 0)


def _predicate(tokens: list[Token], place: int, units: UnitText) -> bool:
    """Tell whether a phrase counts: those of one character that are also nouns, as predicates."""
    token = tokens[place]
    if token.phrase in speech_zh.THINGS and _belongs(tokens, place):
        return False
    if token.role != Role.SHORT or _alone(tokens, place):
        return True
    before = tokens[place - 1] if place else None
    beside = before is not None and before.end == token.start
    idiom = before is not None and before.phrase in speech_zh.SPEECH
    if (
        before is not None
        and beside
        and (idiom or before.role not in BOUNDARIES | {Role.NEUTRAL, Role.JOIN})
    ):
        return before.role != Role.LIGHT or before.phrase not in _NOUN_MARKS
    return units.units[token.end : token.end + 1] in speech_zh.PREDICATE_ENDS and (
        token.end < len(units.units)
    )


def _belongs(tokens: list[Token], place: int) -> bool:
    """Tell whether a thing is named by the complaint before it: 限速的问题."""
    if place < _THING_AFTER or tokens[place - 1].phrase != "的":
        return False
    mark, named = tokens[place - 1], tokens[place - 2]
    return named.role in {Role.COMPLAINT, Role.SHORT} and (
        named.end == mark.start and mark.end == tokens[place].start
    )


def _alone(tokens: list[Token], place: int) -> bool:
    """Tell whether a phrase is a clause of its own: 别再发了，烦."""
    token, after = tokens[place], tokens[place + 1]
    start = tokens[place - 1].end if place else 0
    bounded = place == 0 or tokens[place - 1].role in BOUNDARIES
    return (
        bounded and token.start == start and after.role in BOUNDARIES and (after.start == token.end)
    )


_NEXT = 8
"""Tokens between what is missing and the trouble that it is."""
_THING_AFTER = 2
"""Tokens of a complaint and its mark before the thing that it names."""
_NOUN_MARKS = frozenset(
    [
        "的",
        "个",
        "这",
        "那",
        "给",
        "我",
        "你",
        "用",
        "打",
        "手机",
        "人",
        "4g",
        "5g",
        "电话",
        "流量",
        "去",
        "来",
        "把",
        "充值",
        "办理",
        "上网",
    ]
)
"""Words before a noun: behind them a phrase of one character is no predicate."""
