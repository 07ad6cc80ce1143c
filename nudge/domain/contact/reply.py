"""Replies to SMS: whether a text refuses all further ones. Pure.

A reply refuses where it is nothing but a word of the list, with what changes nothing around it; or
where one of its clauses is. Width, case, script, spaces and decoration do not matter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property
from typing import Final, NamedTuple

from nudge.domain.contact import reply_words as words
from nudge.domain.values.characters import CHARACTERS, Character, Kind

LONGEST: Final = 60
"""Compared characters of a reply, or of a clause, that may refuse: more say something else."""
UNSUBSCRIBE: Final = "退订"
_BREAKS: Final = (Kind.COMMA, Kind.STOP, Kind.ASK, Kind.DOT)
_WRITTEN: Final = (Kind.SIGN, Kind.LETTER)
_UNWRITTEN: Final = ("'", "、")
_SPOKEN: Final = re.compile(words.SPOKEN)
_DENIED: Final = re.compile(words.DENIED)


class _Said(IntFlag):
    """The kinds of words that a reading has met, and what it waits for."""

    NOTHING = 0
    CLEAR = 1
    """A word that refuses whatever stands around it."""
    ALONE = 2
    """A word that refuses alone."""
    LETTER = 4
    LOOSE = 8
    """An English word that makes a letter beside it a word of a sentence."""
    NEGATED = 16
    """A negation whose act has not come."""
    WISHED = 32
    """A negation of a wish whose act has not come."""
    UNTAKEN = 64
    """A negation before which only what a receiver does may stand: 不收, not 不发."""


_WAITING: Final = _Said.NEGATED | _Said.WISHED | _Said.UNTAKEN
_REFUSING: Final = _Said.CLEAR | _Said.ALONE | _Said.LETTER


class _Word(NamedTuple):
    """A word of the grammar.

    Attributes:
        adds: what a reading has met behind it.
        wants: what must be waited for before it; None for nothing.
        between: it may also stand where an act is waited for.
        name: under which it is told; empty for as it is written.
    """

    adds: _Said = _Said.NOTHING
    wants: _Said | None = None
    between: bool = False
    name: str = ""


@dataclass(frozen=True)
class ReplyReader:
    """A reader of replies.

    Attributes:
        refusals: words that refuse, such as `td` and `退订`.
    """

    refusals: tuple[str, ...] = words.REFUSALS

    def find_refusal(self, text: str) -> str | None:
        """Return the word by which a reply refuses all further SMS; None where it does not.

        The word is one of the lists: nothing else of the text is in it.
        """
        read = [CHARACTERS[one] for one in text]
        asks = any(one.kind == Kind.ASK for one in read)
        whole = _spell(read)
        if asks and "了" in whole:
            return None
        found = self._read_either(whole)
        if found is not None:
            return found[1]
        return None if asks or any(one in whole for one in words.ASKED) else self._clause(read)

    def _clause(self, read: Iterable[Character]) -> str | None:
        """Return the word of the first clause that refuses; none where another one denies it."""
        clauses = [_spell(one) for one in _split(read)]
        if len(clauses) < 2 or any(_DENIED.search(one) for one in clauses):  # noqa: PLR2004 (one is the whole)
            return None
        found = (self._read_either(one) for one in clauses)
        return next((word for said, word in filter(None, found) if said & _Said.CLEAR), None)

    def _read_either(self, spelt: str) -> tuple[_Said, str] | None:
        """Read a text in its English words, or else with these joined: "t d"."""
        joined = spelt.replace(" ", "")
        return self._read(spelt) or (self._read(joined) if joined != spelt else None)

    def _read(self, spelt: str) -> tuple[_Said, str] | None:
        """Return what a text says and its first refusing word; None where it does not refuse."""
        if len(spelt) > 2 * LONGEST:
            return None
        if UNSUBSCRIBE in self._spelt:
            spelt = _SPOKEN.sub(UNSUBSCRIBE, spelt)
        if not 0 < len(spelt) <= LONGEST:
            return None
        readings: list[dict[_Said, str]] = [{} for _ in range(len(spelt) + 1)]
        readings[0][_Said.NOTHING] = ""
        for place, before in enumerate(readings[:-1]):
            if not before:
                continue
            for written, word in self._words_at(spelt, place):
                name = (word.name or written) if word.adds & (_REFUSING | _WAITING) else ""
                after = readings[place + len(written)]
                for said, first in before.items():
                    met = _after(said, word)
                    if met is not None:
                        after.setdefault(met, first if said & _REFUSING else first + name)
        ends = ((said, word) for said, word in readings[-1].items() if _refuses(said))
        return next(ends, None)

    def _words_at(self, spelt: str, place: int) -> Iterator[tuple[str, _Word]]:
        """Yield the words of the grammar that stand at a place of a text."""
        if spelt[place] == " ":
            yield " ", _Word(between=True)
        for pattern, word in self._patterns:
            if found := pattern.match(spelt, place):
                yield found[0], word._replace(name=found[1] or "")
        for written, kinds in self._grammar.get(spelt[place], {}).items():
            if spelt.startswith(written, place):
                yield from ((written, kind) for kind in kinds)

    @cached_property
    def _spelt(self) -> tuple[str, ...]:
        """The words that refuse, as they are compared."""
        return tuple(dict.fromkeys(filter(None, map(spell, self.refusals))))

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], _Word], ...]:
        """Patterns of whole Latin words: td, td1, tdtd; ttt; and of numbers."""
        latin = sorted((one for one in self._spelt if one.isascii()), key=len, reverse=True)
        long = "|".join(re.escape(one) for one in latin if len(one) > 1)
        short = "|".join(re.escape(one) for one in latin if len(one) == 1)
        listed = ((long, r"{0,2}\d{0,4}", _Said.CLEAR), (short, "{0,2}", _Said.LETTER))
        made = ((rf"({words})\1{often}", said) for words, often, said in listed if words)
        several = (*made, (r"(\d{1,11})", _Said.LOOSE))
        return tuple((re.compile(rf"\b{one}\b", re.ASCII), _Word(x)) for one, x in several)

    @cached_property
    def _grammar(self) -> Mapping[str, Mapping[str, list[_Word]]]:
        """First character -> words that begin with it -> their parts in the grammar."""
        found: dict[str, dict[str, list[_Word]]] = defaultdict(lambda: defaultdict(list))
        for listed, word in self._lists():
            for one in listed:
                found[one[0]][one].append(word)
        return found

    def _lists(self) -> Iterator[tuple[Iterable[str], _Word]]:
        signs = [one for one in self._spelt if not one.isascii()]
        yield (*signs, *words.PHRASES_ENGLISH), _Word(_Said.CLEAR)
        yield words.CLEAR_ALONE, _Word(_Said.ALONE)
        yield words.NEGATIONS, _Word(_Said.NEGATED)
        yield words.WISHES, _Word(_Said.WISHED)
        yield words.OF_RECEIVERS, _Word(_Said.UNTAKEN)
        yield words.ACTS, _Word(_Said.CLEAR, _Said.NEGATED | _Said.WISHED)
        yield words.ACTS_OF_RECEIVERS, _Word(_Said.CLEAR, _WAITING)
        yield words.SIGHTS, _Word(_Said.CLEAR, _Said.WISHED)
        yield words.BETWEEN, _Word(between=True)
        yield (*words.AROUND, *words.AROUND_ENGLISH), _Word()
        yield words.LOOSE_ENGLISH, _Word(_Said.LOOSE)


def spell(text: str) -> str:
    """Return a text as replies are compared; empty where nothing of it is."""
    return _spell([CHARACTERS[one] for one in text])


def _spell(read: Sequence[Character]) -> str:
    """Return a text as it is compared: English words with a space between, the rest without."""
    spelt = ""
    gap = False
    for one in read:
        if one.kind in _WRITTEN and one.text not in _UNWRITTEN:
            apart = gap and spelt[-1:].isascii() and one.text.isascii()
            spelt += f" {one.text}" if apart and spelt else one.text
            gap = False
        elif one.kind != Kind.DROPPED and one.text != "'":
            gap = True
    return spelt


def _split(read: Iterable[Character]) -> list[list[Character]]:
    """Return the clauses of a text."""
    clauses: list[list[Character]] = [[]]
    for one in read:
        if one.kind in _BREAKS or one.text == "、":
            clauses.append([])
        else:
            clauses[-1].append(one)
    return [one for one in clauses if _spell(one)]


def _after(said: _Said, word: _Word) -> _Said | None:
    """Return what a reading has met behind a word; None where the word cannot stand there."""
    waits = said & _WAITING
    if word.wants is not None:
        return (said & ~_WAITING) | word.adds if waits & word.wants else None
    if waits and not word.between:
        return None
    return said | word.adds


def _refuses(said: _Said) -> bool:
    """Return True where what a reading has met refuses."""
    if said & _WAITING or (said & _Said.LETTER and said & (_Said.LOOSE | _Said.ALONE)):
        return False
    if said & _Said.CLEAR:
        return not said & _Said.ALONE
    return bool(said & (_Said.ALONE | _Said.LETTER))
