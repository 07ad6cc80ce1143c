"""Phrases in what people write: runs of characters or words that many of them use. Pure.

Chinese has no spaces, so phrases are found without a dictionary: runs of characters that at least
so many people use, each found from its two parts (Agrawal and Srikant 1994). A run that hardly ever
stands without the same neighbour is a part of a longer one (accessor variety: Feng, Chen, Deng and
Zheng 2004) and is left out. Words of other scripts are units like a Chinese character.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from nudge.domain.values.number_words import MASK, mask_numbers

LONGEST: Final = 8
"""Most units of a phrase."""
SAME: Final = 0.8
"""Share of a run's people who use it with the same neighbour from which on it is a part."""
NUMBER: Final = "#"
"""Unit in place of any number."""
_HAN: Final = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT: Final = re.compile(rf"[{_HAN}]|\d+|[^\W\d_{_HAN}]+(?:'[a-z]+)?|\S")
_IS_HAN: Final = re.compile(rf"[{_HAN}]")
_IS_WORD: Final = re.compile(rf"[^\W\d_{_HAN}]{{2,}}")

Run = tuple[str, ...]
"""Units that follow each other: Chinese characters, words, and signs for numbers."""


def runs_of(text: str) -> list[Run]:
    """Return the runs of a text, cut at punctuation and signs; numbers are masked, spaces skipped.

    Args:
        text: as somebody wrote it.
    """
    plain = unicodedata.normalize("NFKC", mask_numbers(text)).lower()
    runs: list[list[str]] = [[]]
    for unit in _UNIT.findall(plain):
        if unit[0].isdigit() or unit == MASK:
            runs[-1].append(NUMBER)
        elif unit[0].isalpha():
            runs[-1].append(unit)
        elif runs[-1]:
            runs.append([])
    return [tuple(run) for run in runs if run]


def phrase_text(run: Run) -> str:
    """Return a phrase as it is read: with spaces between words, without between characters."""
    parts = list(run[:1])
    for before, unit in pairwise(run):
        joined = _IS_HAN.match(before) and _IS_HAN.match(unit)
        parts.append(unit if joined else f" {unit}")
    return "".join(parts)


def count_phrases(people: Sequence[Collection[Run]], fewest: int) -> Counter[Run]:
    """Count the people who use each phrase; runs that are parts of a phrase are left out.

    Args:
        people: the runs that each person wrote.
        fewest: people that a phrase needs.
    """
    found: Counter[Run] = Counter()
    parts: set[Run] = set()
    known: Counter[Run] = Counter()
    for length in range(1, LONGEST + 1):
        counted: Counter[Run] = Counter()
        for runs in people:
            counted.update(set(_windows(runs, length, known)))
        known = Counter({run: n for run, n in counted.items() if n >= fewest})
        if not known:
            break
        parts |= set(_parts(known, found))
        found |= known
    return Counter({run: n for run, n in found.items() if run not in parts and _is_phrase(run)})


def _windows(runs: Collection[Run], length: int, known: Mapping[Run, int]) -> Iterator[Run]:
    """Yield the windows of a length whose two shorter windows are both known."""
    for run in runs:
        inside = length == 1 or run[: length - 1] in known
        for i in range(len(run) - length + 1):
            if length == 1:
                yield run[i : i + 1]
                continue
            follows = run[i + 1 : i + length] in known
            if inside and follows:
                yield run[i : i + length]
            inside = follows


def _parts(longer: Mapping[Run, int], shorter: Mapping[Run, int]) -> Iterator[Run]:
    """Yield the runs that hardly ever stand without one neighbour."""
    for run, n in longer.items():
        yield from (one for one in (run[:-1], run[1:]) if one and n >= SAME * shorter[one])


def _is_phrase(run: Run) -> bool:
    """Return True for a run that says something: two characters, or a word of two letters."""
    said = [unit for unit in run if unit != NUMBER]
    return sum(1 for unit in said if _IS_HAN.match(unit)) > 1 or any(map(_IS_WORD.match, said))
