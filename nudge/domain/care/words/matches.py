"""Matches of phrases in a text, and the tokens that are taken from them.

The longest token wins; of equally long ones a phrase of the lexicon, then the first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from nudge.domain.care.words.token import WEAK, Role, Token

Match = tuple[int, int, int, int, Token]
"""A match: its written units below zero, its rank, its start and end, and the token."""
SECOND: Final = WEAK | {Role.CALM}
"""Roles of words that are read where a text has no strong complaint."""
_NEAR: Final = 40
"""Units between the beginning of a topic and a phrase that may belong to it."""
PAIR: Final = 2
"""Units of the shortest phrase that is known with a slip."""


class Matches(NamedTuple):
    """The matches in a text, from which its tokens are taken.

    Attributes:
        raw: as they are listed.
        heard: with a slip.
        end: of the text, in units.
        roles: of what is matched as it is listed.
    """

    raw: list[Match]
    heard: list[Token]
    end: int
    roles: frozenset[Role] = frozenset()

    @property
    def are_weak(self) -> bool:
        """Whether there is a weak sign among them."""
        if not self.roles.isdisjoint(WEAK):
            return True
        return bool(self.heard) and any(one.role in WEAK for one in self.heard)

    def strong(self) -> list[Token]:
        """Return the tokens without weak signs, which hide no negator of a strong one."""
        if self.roles.isdisjoint(SECOND):
            return _tokens(self.raw, self.heard, self.end)
        topics = self.topics()
        return _tokens(
            [one for one in self.raw if one[4].role not in SECOND and not _inside(one, topics)],
            [one for one in self.heard if one.role not in SECOND and not self._named(one)],
            self.end,
        )

    def topics(self) -> list[Token]:
        """Return the troubles that are named, in their order."""
        if Role.TOPIC not in self.roles:
            return []
        return sorted(
            Token(start, end, *token[2:])
            for _, _, start, end, token in self.raw
            if token.role == Role.TOPIC
        )

    def _named(self, slip: Token) -> bool:
        """Tell whether what sounds or looks like a phrase is written rightly, as a weak sign."""
        return any(
            start < slip.end and slip.start < end and size <= slip.start - slip.end
            for size, _, start, end, token in self.raw
            if token.role in WEAK
        )

    def all(self) -> list[Token]:
        """Return the tokens, weak signs among them."""
        return _tokens(self.raw, self.heard, self.end)


def _inside(match: Match, topics: list[Token]) -> bool:
    """Tell whether a phrase is a part of a trouble that is only named: the 骗 of 诈骗电话."""
    _, _, start, end, token = match
    return token.hits and any(
        one.start <= start and end <= one.end and end - start < one.end - one.start
        for one in near(topics, start)
    )


def near(topics: list[Token], at: int) -> list[Token]:
    """Return the topics that begin near a unit: long texts are read in linear time."""
    return topics[bisect_left(topics, (at - _NEAR,)) : bisect_left(topics, (at + _NEAR,))]


def _tokens(raw: list[Match], heard: list[Token], end: int) -> list[Token]:
    """Return the tokens of matches in their order; none where nothing matches.

    The longest token wins; of equally long ones a phrase of the lexicon, then the first.
    """
    if not raw and not heard:
        return []
    kept = _longest(raw)
    if heard:
        kept = _without_overlap([*_heard(heard, kept), *kept])
    kept.sort()
    return [*kept, Token(end, end, Role.STOP, "")]


def _longest(raw: list[Match]) -> list[Token]:
    """Return tokens without overlap: the longest first, then by rank, then from the left."""
    raw.sort()
    taken, found = 0, []
    for _, _, start, end, token in raw:
        mask = ((1 << end - start) - 1) << start
        if not taken & mask:
            taken |= mask
            found.append(Token(start, end, token.role, token.phrase, token.group))
    return found


def _heard(heard: Iterable[Token], kept: list[Token]) -> Iterator[Token]:
    """Yield the phrases with a slip where no longer word was written rightly."""
    for one in heard:
        over = [other for other in kept if other.start < one.end and one.start < other.end]
        inside = all(one.start <= other.start and other.end <= one.end for other in over)
        if one.end - one.start > PAIR:
            fits = inside and all(
                other.end - other.start < one.end - one.start
                and (other.role != Role.NEUTRAL or other.end - other.start <= PAIR)
                for other in over
            )
        else:
            fits = not any(other.end - other.start > 1 or other.hits for other in over)
        if fits:
            yield one


def _without_overlap(tokens: list[Token]) -> list[Token]:
    """Return tokens without those that a longer one covers; a phrase comes first."""
    found: list[Token] = []
    for one in sorted(tokens, key=lambda one: one.start - one.end):
        if all(one.end <= other.start or other.end <= one.start for other in found):
            found.append(one)
    return found
