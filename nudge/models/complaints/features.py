"""Features of texts for the complaint model: hashes of n-grams, and counts of polar words.

All of it is arithmetic on arrays, for many texts at once. Binary n-grams of characters, and of
words in languages that have spaces, follow Wang and Manning, Baselines and Bigrams (2012).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]
Places = NDArray[np.int64]

LANGUAGES: Final = ("zh", "en")
"""Languages with a model of their own; a text of any other script is read as English."""
CHARACTER_GRAMS: Final = {"zh": range(1, 5), "en": range(2, 6)}
WORD_GRAMS: Final = {"zh": range(0), "en": range(1, 4)}
PHRASE_UNITS: Final = 4
"""Units of the longest polar phrase that is looked up: characters in Chinese, words in English."""
REACH: Final = 3
"""Units that a negator reaches."""
LONGEST: Final = 2_000
"""Characters of a text that are read."""
_EDGE: Final = 10
_FACTOR: Final = np.uint32(0x9E3779B1)
_STEP: Final = np.uint32(0x85EBCA6B)
_HAN: Final = re.compile("[\u3400-\u9fff]")
_SPACE: Final = re.compile(r"\s+")
_QUOTE: Final = str.maketrans("’‘`", "'''")


class Units(NamedTuple):
    """The units of many texts in a row: characters or words.

    Attributes:
        hashes: of each unit.
        texts: number of the text that each unit is in.
        starts: first character of each unit in the row of all texts.
        ends: behind the last one.
    """

    hashes: Hashes
    texts: Places
    starts: Places
    ends: Places


class Grams(NamedTuple):
    """N-grams of many texts.

    Attributes:
        hashes: of each n-gram.
        texts: number of the text that each one is in.
        starts: first character of each one in the row of all texts.
        ends: behind the last one.
    """

    hashes: Hashes
    texts: Places
    starts: Places
    ends: Places


class TextRow(NamedTuple):
    """Texts in one row of characters, each between edges.

    Attributes:
        text: the row.
        offsets: where each text begins in it.
        characters: each one as a unit.
    """

    text: str
    offsets: Places
    characters: Units


def plain_text(text: str) -> str:
    """Return a text as it is compared: NFKC, lower case, single spaces."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).lower().translate(_QUOTE)
    return _SPACE.sub(" ", plain).replace(" n't", "n't").strip()


def language(text: str) -> str:
    """Return the language whose model reads a text."""
    return "zh" if _HAN.search(text) else "en"


def text_row(texts: Sequence[str]) -> TextRow:
    """Return plain texts as one row."""
    edged = [f"\n{one}\n" for one in texts]
    text = "".join(edged)
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    lengths = np.fromiter(map(len, edged), dtype=np.int64, count=len(edged))
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    places = np.arange(len(codes), dtype=np.int64)
    owners = np.repeat(np.arange(len(edged), dtype=np.int64), lengths)
    return TextRow(text, offsets, Units(codes, owners, places, places + 1))


def words_of(row: TextRow) -> Units:
    """Return the words of a row: letters, digits and apostrophes; other signs stand alone."""
    codes, texts = row.characters.hashes, row.characters.texts
    letters = ((codes >= ord("a")) & (codes <= ord("z"))) | (codes == ord("'")) | (codes >= 192)  # noqa: PLR2004
    letters |= (codes >= ord("0")) & (codes <= ord("9"))
    inside = np.concatenate([[False], letters[1:] & letters[:-1]])
    begins = np.flatnonzero(~inside & (codes != ord(" ")) & (codes != _EDGE))
    after = np.flatnonzero(
        ~np.concatenate([inside[1:], [False]]) & (codes != ord(" ")) & (codes != _EDGE)
    )
    if not len(begins):
        empty = np.zeros(0, dtype=np.int64)
        return Units(np.zeros(0, dtype=np.uint32), empty, empty, empty)
    owner = np.cumsum(np.bincount(begins, minlength=len(codes)))[: len(codes)] - 1
    within = np.arange(len(codes)) - begins[np.maximum(owner, 0)]
    powers = np.cumprod(np.full(LONGEST + 2, _FACTOR, dtype=np.uint32), dtype=np.uint32)
    used = letters | np.isin(np.arange(len(codes)), begins)
    parts = np.where(
        used, (codes + np.uint32(7)) * powers[np.minimum(within, LONGEST)], np.uint32(0)
    )
    hashes = np.add.reduceat(parts.astype(np.uint32), begins, dtype=np.uint32)
    return Units(mixed(hashes), texts[begins], begins.astype(np.int64), after.astype(np.int64) + 1)


def mixed(hashes: Hashes) -> Hashes:
    """Return hashes whose bits all depend on each other (the finaliser of MurmurHash3)."""
    found = hashes ^ (hashes >> np.uint32(16))
    found = found * np.uint32(0x85EBCA6B)
    found ^= found >> np.uint32(13)
    found = found * np.uint32(0xC2B2AE35)
    return np.asarray(found ^ (found >> np.uint32(16)), dtype=np.uint32)


def grams_of(units: Units, sizes: range, salt: int) -> list[Grams]:
    """Return the n-grams of units, each size by itself.

    Args:
        units: characters or words.
        sizes: of the n-grams, without gaps.
        salt: tells n-grams of words from those of characters.
    """
    found: list[Grams] = []
    hashes = np.full(len(units.hashes), salt, dtype=np.uint32)
    for size in range(1, max(sizes, default=0) + 1):
        count = len(units.hashes) - size + 1
        if count <= 0:
            break
        hashes = (hashes[:count] * _FACTOR + units.hashes[size - 1 :] * _STEP) ^ np.uint32(size)
        if size not in sizes:
            continue
        kept = units.texts[:count] == units.texts[size - 1 :]
        ends = units.ends[size - 1 :]
        found.append(
            Grams(
                mixed(hashes[kept]),
                units.texts[:count][kept],
                units.starts[:count][kept],
                ends[kept],
            )
        )
    return found


def all_grams(row: TextRow, tongue: str) -> Grams:
    """Return the n-grams of a row in a language."""
    parts = grams_of(row.characters, CHARACTER_GRAMS[tongue], 1)
    if WORD_GRAMS[tongue]:
        parts += grams_of(words_of(row), WORD_GRAMS[tongue], 2)
    return Grams(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def polar_units(row: TextRow, tongue: str) -> Units:
    """Return the units that polar phrases are made of."""
    return words_of(row) if tongue == "en" else row.characters


def phrase_hashes(phrases: Sequence[str], tongue: str) -> Hashes:
    """Return the hashes of polar phrases of at most `PHRASE_UNITS` units, sorted."""
    plain = [plain_text(one) for one in phrases if one]
    found: set[int] = set()
    for phrase in plain:
        row = text_row([phrase])
        units = words_of(row)
        if tongue == "zh":
            marks = row.characters
            inner = slice(1, -1)
            units = Units(
                marks.hashes[inner], marks.texts[inner], marks.starts[inner], marks.ends[inner]
            )
        size = len(units.hashes)
        if 1 <= size <= PHRASE_UNITS:
            found.add(int(grams_of(units, range(size, size + 1), 3)[0].hashes[0]))
    return np.array(sorted(found), dtype=np.uint32)
