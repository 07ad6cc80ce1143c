"""The scope of negation: the negators that reach a phrase from its left.

The rules follow Taboada et al. (2011), section 2.4: a search to the left, through words that carry
a negation on, until contrast, a boundary or another statement stops it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.clause import LONGEST
from nudge.domain.care.words.token import BOUNDARIES, WEAK, Role, Token

HAVE_NOT: Final = speech_zh.HAVE_NOT | speech_en.HAVE_NOT
SUPERLATIVE: Final = speech_zh.SUPERLATIVE | speech_en.SUPERLATIVE
_THROUGH: Final = frozenset(
    (
        Role.LIGHT,
        Role.OPINION,
        Role.NEUTRAL,
        Role.WISH,
        Role.QUESTION,
        Role.NOW,
        Role.PAST,
        Role.LATELY,
        Role.SUPPOSED,
        Role.OTHERS,
        Role.CALM,
        Role.ASKING,
    )
)
"""Roles that a negator reaches through."""
_CARRYING: Final = WEAK | {Role.COMPLAINT}
"""Roles of complaints that carry a negation on."""
_WILL: Final = 4
"""Tokens between 不会 and a word of frequency."""
_CARRIERS: Final = frozenset(("with", "of", "about", "like", "from", "to", "到", "给"))
"""Words by which a negated thing takes what belongs to it along: no problems with drops."""


class Scope:
    """The scope of negators to the left of one phrase."""

    def __init__(self, tokens: Sequence[Token], place: int, first: int = 0) -> None:
        """Begin at a phrase.

        Args:
            tokens: of the text, in their order.
            place: of the phrase among them.
            first: token at which the search ends at the latest. A list is searched item by item,
                each in a scope of its own: without an end a long one would never be through.
        """
        self.tokens, self.place = tokens, place
        self._first = max(first, place - LONGEST)
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
        if self.hit.phrase[0] == "却":
            return []
        at, place = self.hit.start, self.place - 1
        while place >= self._first:
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
        if role in {Role.NEGATOR, Role.MISSING}:
            return self._negate(token, place)
        if role in _THROUGH or role == Role.INTENSE:
            self._firm = self._firm or role == Role.INTENSE
            self._words.append(token.phrase)
            return 1
        if role == Role.BREAK and self._denied(token, place):
            return 1
        if role == Role.PRONOUN:
            return self._pronoun(place)
        if role in {Role.JOIN, Role.COMMA}:
            return self._list(token, place, at)
        return self._phrase(token, place) if token.hits else 0

    def _negate(self, token: Token, place: int) -> int:
        if self._conditional(token, place):
            return 0
        again = token.phrase == "neither" and any(one.phrase == "nor" for one in self.negators)
        if not (again or self._cancelled(token, place) or self._names(token)):
            self.negators.append(token)
        self._free = 2 if self._latin else 1
        self._firm = False
        self._words = []
        return 1

    def _denied(self, token: Token, place: int) -> bool:
        """Tell whether a negator reaches through a word of frequency: 不会经常断."""
        if token.phrase not in speech_zh.FREQUENT:
            return False
        before = self.tokens[max(0, place - _WILL) : place]
        will = any(one.phrase == "会" for one in before)
        negated = [one for one in before if one.role == Role.NEGATOR]
        return bool(negated) and (will or negated[-1].end == token.start != token.end)

    def _conditional(self, token: Token, place: int) -> bool:
        """Tell whether a negator states a condition: 不办套餐不给修."""
        apart = self.tokens[place + 1].start > token.end or self.tokens[place + 1] is not self.hit
        return apart and token.phrase == "不" and self.hit.phrase[:2] in speech_zh.REFUSALS

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
        scope = Scope(self.tokens, place, self._first)
        if not self.tokens[place].hits:
            return False
        found = scope.search()
        return bool(found) and found[-1].phrase in HAVE_NOT

    def _phrase(self, token: Token, place: int) -> int:
        """Pass a phrase that the negation reaches through, or that takes the complaint back."""
        if token.phrase in speech_en.RESOLVERS and self.hit.role != Role.PRAISE:
            self.negators.append(token)
            return 1
        if token.phrase == self.hit.phrase or self._for_reason(place):
            return 1
        if token.phrase in speech_zh.NOUNS or self._modifies(token, place):
            return 1
        if self.negators or self.hit.role == Role.PRAISE or token.role not in _CARRYING:
            return 0
        carried = bool(self._words) and self._words[-1] in _CARRIERS
        return 1 if carried or (self._latin and self._beside(place)) else 0

    def _for_reason(self, place: int) -> bool:
        """Tell whether a complaint is the reason that is denied: 从没因为网慢烦过."""
        before = self.tokens[max(0, place - _WILL) : place]
        at = next((number for number, one in enumerate(before) if one.phrase == "因为"), 0)
        return at > 0 and before[at - 1].role == Role.NEGATOR

    def _modifies(self, token: Token, place: int) -> bool:
        """Tell whether a complaint belongs to the one behind it: 没有不合理的捆绑收费."""
        if token.phrase in speech_zh.THINGS | speech_zh.ADVERBS:
            return True
        behind = self.tokens[self.place + 1] if self.place + 1 < len(self.tokens) else None
        if behind is not None and behind.phrase == "的" and behind.start == self.hit.end:
            return token.role in {Role.COMPLAINT, Role.MISSING}
        mark = self.tokens[place + 1]
        return mark.phrase == "的" and mark.start == token.end and self.hit.role == token.role

    def _beside(self, place: int) -> bool:
        """Tell whether two English phrases are one: no slow downs, without billing errors."""
        return self.tokens[place].end == self.tokens[place + 1].start
