"""Tokens of a text: phrases of the lexicon, and the words that decide what they mean."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Role(IntEnum):
    """The part of a token in its clause."""

    COMPLAINT = 0
    """A phrase that complains unless it is negated."""
    PRAISE = 1
    """A phrase that complains where it is negated."""
    SHORT = 2
    """A complaint that counts as a predicate only."""
    NEUTRAL = 3
    """A phrase that hides what it contains."""
    NEGATOR = 4
    """A word that negates what stands behind it: 不, not."""
    REVERSAL = 5
    """A word that turns its whole clause round: 难道, used to."""
    BREAK = 6
    """A word that ends the reach of what stands before it: 但是, because."""
    INTENSE = 7
    """A word of degree; a negator reaches through it only from beside it: 太, so."""
    LIGHT = 8
    """A word that a negator reaches through: 觉得, any."""
    OPINION = 9
    """A verb whose negation is meant for what is said: 认为, think."""
    PRONOUN = 10
    """A pronoun: it begins a new clause unless an opinion stands before it."""
    JOIN = 11
    """A word between items of a list: 和, or."""
    COMMA = 12
    """A weak boundary."""
    STOP = 13
    """A strong boundary."""
    QUESTION = 14
    """A word that asks: 吗."""
    WISH = 15
    """A word of wishes and requests: 希望, 能不能."""
    PAST = 16
    """A word of earlier times: 以前."""
    NOW = 17
    """A word of the present, which takes back what was said of the past: 现在."""
    REVERSED = 18
    """A word that turns round what stands before it: 才怪, 不存在."""
    MISSING = 19
    """A phrase that complains of what is missing, and negates a phrase behind it: 没收到, 无法."""
    SUPPOSED = 20
    """A word of what was feared or expected, and is not told: 以为, feared."""
    LATELY = 21
    """A word of what was a short while ago: 昨天; it is over only where what follows says so."""
    OTHERS = 22
    """Other people, whose trouble is not the visitor's: 别家老断，你们不断."""
    HINT = 23
    """A weak complaint: it counts where nothing in the text speaks against it."""
    TOPIC = 24
    """A trouble that is named: it complains beside a word of degree or another sign."""
    CALM = 25
    """A word of thanks, satisfaction or plain report: no hint complains beside it."""
    ASKING = 26
    """Words that ask for information: what is named in their clause is no complaint."""


WEAK = frozenset({Role.HINT, Role.TOPIC})
"""Roles of weak signs, which count where a text has no stronger one."""
PHRASES = frozenset({Role.COMPLAINT, Role.PRAISE, Role.SHORT, Role.MISSING}) | WEAK
"""Roles of phrases that may become hits."""
BOUNDARIES = frozenset({Role.COMMA, Role.STOP})
"""Roles that end a clause."""


class Token(NamedTuple):
    """A token in the units of a text.

    Attributes:
        start: first unit.
        end: behind the last one.
        role: in the clause.
        phrase: as it is listed.
        group: of the lexicon; empty for other words.
    """

    start: int
    end: int
    role: Role
    phrase: str
    group: str = ""

    @property
    def hits(self) -> bool:
        """True where the token may become a hit."""
        return self.role in PHRASES
