"""Negation: whether a phrase complains, by the words around it in its clause.

Each negator in reach turns the phrase round, so that two of them leave it: 不是不慢 complains. The
scope rules follow Taboada et al. (2011), section 2.4: a search to the left, through words that
carry a negation on, until contrast, a boundary or another statement stops it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.token import BOUNDARIES, Role, Token

HAVE_NOT: Final = speech_zh.HAVE_NOT | speech_en.HAVE_NOT
SUPERLATIVE: Final = speech_zh.SUPERLATIVE | speech_en.SUPERLATIVE
_THROUGH: Final = frozenset(
    (Role.LIGHT, Role.OPINION, Role.NEUTRAL, Role.WISH, Role.QUESTION, Role.NOW, Role.PAST)
)
"""Roles that a negator reaches through."""
_CARRIERS: Final = frozenset(("with", "of", "about", "like", "from", "to", "到", "给"))
"""Words by which a negated thing takes what belongs to it along: no problems with drops."""


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


class Scope:
    """The scope of negators to the left of one phrase."""

    def __init__(self, tokens: Sequence[Token], place: int) -> None:
        self.tokens, self.place = tokens, place
        self.hit = tokens[place]
        self.negators: list[Token] = []
        self._words: list[str] = []
        self._latin = self.hit.phrase.isascii()
        self._free = self._most()
        self._firm = False
        self._listed = False

    def _most(self) -> int:
        """Return how many unknown units a negator may reach over."""
        if self.hit.role == Role.PRAISE:
            return 2 if self._latin else 0
        return 3 if self._latin else 2

    def search(self) -> list[Token]:
        """Return the negators that reach the phrase, the nearest first."""
        at, place = self.hit.start, self.place - 1
        while place >= 0:
            token = self.tokens[place]
            gap = at - token.end
            self._free -= gap
            if self._free < 0 or (gap and self._firm):
                break
            step = self._step(token, place, at)
            if not step:
                break
            at, place = self.tokens[place - step + 1].start, place - step
        return self.negators

    def _step(self, token: Token, place: int, at: int) -> int:
        """Return how many tokens are passed; 0 where the search ends."""
        role = token.role
        if role == Role.NEGATOR:
            return self._negate(token, place)
        if role == Role.INTENSE:
            self._firm = True
            self._words.append(token.phrase)
            return 1
        if role in _THROUGH:
            self._words.append(token.phrase)
            return 1
        if role == Role.PRONOUN:
            return self._pronoun(place)
        if role in {Role.JOIN, Role.COMMA}:
            return self._list(token, place, at)
        return self._phrase(token, place) if token.hits else 0

    def _negate(self, token: Token, place: int) -> int:
        if not (self._cancelled(token, place) or self._names(token)):
            self.negators.append(token)
        self._free = 2 if self._latin else 1
        self._firm = False
        self._words = []
        return 1

    def _names(self, token: Token) -> bool:
        """Tell whether a thing is named and not missed: it's not your signal."""
        if self.negators or self.hit.phrase not in speech_en.NOUNS or token.phrase in HAVE_NOT:
            return False
        return token.phrase in {"not", "isnt", "wasnt", "is not", "was not"} and not (
            speech_en.AMOUNTS.intersection(self._words)
        )

    def _cancelled(self, token: Token, place: int) -> bool:
        """Tell whether a negator makes a complaint the strongest: 没见过这么慢, never so slow."""
        words = set(self._words)
        if self._latin:
            after = self.tokens[place + 1]
            asked = token.phrase in speech_en.AUXILIARIES and (
                after.role == Role.PRONOUN or after.phrase in speech_en.POINTERS
            )
            if asked and (place == 0 or self.tokens[place - 1].role in BOUNDARIES):
                return True
            beside = self.tokens[self.place - 1].phrase
            strong = bool(words & SUPERLATIVE) or beside == "this"
            strong = strong or self.hit.phrase in speech_en.COMPARATIVES
            return strong and token.phrase in speech_en.EXPERIENCES
        strong = bool(words & speech_zh.SUPERLATIVE)
        seen = bool(words & (speech_zh.EXPERIENCE | {"比", "更"}))
        if strong and token.phrase in speech_zh.NEVER:
            return True
        return strong and seen and token.phrase in HAVE_NOT

    def _pronoun(self, place: int) -> int:
        before = [one.role for one in self.tokens[max(0, place - 2) : place]]
        asked = place and self.tokens[place - 1].phrase in speech_en.AUXILIARIES
        if place and self.tokens[place - 1].phrase == "that":
            return 1
        return 1 if Role.OPINION in before or asked else 0

    def _list(self, token: Token, place: int, at: int) -> int:
        """Pass to the item before in a list: 没有卡顿、掉线; no lag, drops or delays."""
        before = self.tokens[place - 1] if place else None
        if before is None or self.negators or speech_en.VERBS.intersection(self._words):
            return 0
        if (
            before.hits
            and before.role != self.hit.role
            and Role.PRAISE in {before.role, self.hit.role}
        ):
            return 0
        if token.role == Role.COMMA:
            if before.role == Role.OPINION:
                return 1
            if not self._bare(at, token) or not (self._or() or self._among_things(place - 1)):
                return 0
        if before.hits and before.end == token.start:
            self._listed = True
            return 2
        return 1 if token.role == Role.JOIN and not before.hits and self._latin else 0

    def _bare(self, at: int, comma: Token) -> bool:
        """Tell whether a phrase is the whole clause behind a comma: a mere item of a list."""
        following = self.tokens[self.place + 1] if self.place + 1 < len(self.tokens) else None
        alone = following is None or following.role in BOUNDARIES | {Role.JOIN, Role.LIGHT}
        first = self._listed or self.hit.start == comma.end
        return first and at == comma.end and alone and (self._latin or len(self.hit.phrase) > 1)

    def _or(self) -> bool:
        """Tell whether a list ends in `or`, which takes any negation along."""
        return self._latin and any(
            one.phrase in {"or", "nor"} for one in self.tokens[self.place - 1 : self.place + 2]
        )

    def _among_things(self, place: int) -> bool:
        """Tell whether the item before is negated as a thing is: 没有卡顿, no lag."""
        scope = Scope(self.tokens, place)
        if not self.tokens[place].hits:
            return False
        found = scope.search()
        return bool(found) and found[-1].phrase in HAVE_NOT

    def _phrase(self, token: Token, place: int) -> int:
        """Pass a phrase that the negation reaches through, or that takes the complaint back."""
        if token.phrase in speech_en.RESOLVERS and self.hit.role != Role.PRAISE:
            self.negators.append(token)
            return 1
        if token.phrase in speech_zh.NOUNS:
            return 1
        if self.negators or self.hit.role == Role.PRAISE or token.role != Role.COMPLAINT:
            return 0
        carried = bool(self._words) and self._words[-1] in _CARRIERS
        return 1 if carried or (self._latin and self._beside(place)) else 0

    def _beside(self, place: int) -> bool:
        """Tell whether two English phrases are one: no slow downs, without billing errors."""
        return self.tokens[place].end == self.tokens[place + 1].start


def read_phrase(tokens: Sequence[Token], place: int) -> Reading:
    """Read one phrase in its clause.

    Args:
        tokens: of the text, in their order.
        place: of the phrase among them.
    """
    hit = tokens[place]
    first, last = clause(tokens, place)
    found = Scope(tokens, place).search()
    turned = len(found) % 2
    after = _after(tokens, place, last)
    turned ^= after is not None
    around = tokens[first:last]
    turned ^= _reversed(around, hit, bool(found))
    complains = (hit.role == Role.PRAISE) == bool(turned)
    if complains and (_asked(tokens, place, last, bool(found)) or _over(tokens, place)):
        complains = False
    praise = hit.role == Role.PRAISE
    start = min([hit.start, *(one.start for one in found if praise)])
    end = max(hit.end, after.end if after and praise else 0)
    negator = found[0].phrase if found else (after.phrase if after else None)
    return Reading(complains, start, end, negator)


def clause(tokens: Sequence[Token], place: int) -> tuple[int, int]:
    """Return the first token of a phrase's clause and the one that ends it."""
    first, last = place, place
    while first > 0 and tokens[first - 1].role not in BOUNDARIES:
        first -= 1
    while last < len(tokens) and tokens[last].role not in BOUNDARIES:
        last += 1
    return first, last


def _after(tokens: Sequence[Token], place: int, last: int) -> Token | None:
    """Return what turns a phrase round from behind: 卡顿从来没有, 不卡才怪, issue was fixed."""
    hit = tokens[place]
    at, found = hit.end, None
    for number in range(place + 1, last):
        token = tokens[number]
        if token.start != at:
            return None
        at = token.end
        if _settles(token, hit):
            return token if found is None else None
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
    settled = token.phrase in speech_zh.SETTLED or token.phrase in speech_en.RESOLVERS
    return settled and hit.role != Role.PRAISE


def place_after(tokens: Sequence[Token], number: int, last: int) -> Token | None:
    """Return the phrase that directly follows a negator."""
    for other in tokens[number + 1 : last]:
        if other.hits:
            return other
        if other.role not in {Role.LIGHT, Role.INTENSE}:
            return None
    return None


def _reversed(around: Sequence[Token], hit: Token, negated: bool) -> bool:  # noqa: FBT001
    """Tell whether the whole clause is turned round: 难道不慢, 希望不要卡, used to be fast."""
    before = [one for one in around if one.end <= hit.start]
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


def _each(before: Sequence[Token], hit: Token) -> bool:
    """Tell whether a negated question means every one: 哪天不断线, how is this not a scam."""
    phrases = [one.phrase for one in before]
    negators = [number for number, one in enumerate(before) if one.role == Role.NEGATOR]
    if not negators:
        return False
    if hit.phrase.isascii():
        return phrases[0] == "how" and phrases[1] in speech_en.VERBS | {"could", "come"}
    number = negators[-1]
    return number > 0 and phrases[number - 1] in speech_zh.WHICH and len(negators) == 1


def _asked(tokens: Sequence[Token], place: int, last: int, negated: bool) -> bool:  # noqa: FBT001
    """Tell whether a clause asks, and says nothing: 网速慢吗? Is it slow?"""
    first, _ = clause(tokens, place)
    around = tokens[first:last]
    hit = tokens[place]
    if negated or hit.role == Role.PRAISE:
        return False
    if any(one.role in {Role.REVERSAL, Role.NEUTRAL} for one in around):
        return False
    if any(
        one.role in {Role.INTENSE, Role.BREAK, Role.WISH} or one.phrase == "怎么" for one in around
    ):
        return False
    if any(one.role == Role.QUESTION and one.phrase != "嘛" for one in around[-1:]):
        return True
    ends = last < len(tokens) and tokens[last].phrase == "?"
    return ends and around[0].phrase in speech_en.ASKING


def _over(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether a complaint is over: 以前慢，现在不慢了."""
    first, last = clause(tokens, place)
    if not any(one.role == Role.PAST for one in tokens[first:last]):
        return False
    later = []
    for one in tokens[place + 1 :]:
        if one.role == Role.STOP:
            break
        later.append(one)
    still = any(one.phrase in speech_zh.STILL for one in later)
    return any(one.role == Role.NOW for one in later) and not still
