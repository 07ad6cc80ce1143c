"""Masking of log lines: numbers of people, keys and tokens, wherever in an event they stand.

It is the last guard, not the first: no message names a number or a key on purpose. What it takes
for one and is none costs a reader a few characters; what it overlooks stays in files for years.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from nudge.domain.values.number_words import MASK, is_number, mask_numbers

HIDDEN: Final = "***"
LEAST_SECRET: Final = 6
"""Characters of the shortest secret that is looked for by its text: shorter ones are words."""
DEEPEST: Final = 6
"""Tables in tables of an event; what lies deeper is left out."""
MOST: Final = 200
"""Values of a table or list in an event."""
_RULES: Final = (
    # redis://user:password@host, with any scheme.
    (re.compile(r"([A-Za-z][\w+.-]*://)[^/\s'\"@]*@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            r"(?i)((?:proxy-)?authorization|x-api-key|cookie)(['\"]?\s*[:=,]\s*)[^\r\n}\]]+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s'\",;)}\]]+"), rf"\1 {HIDDEN}"),
    # Values of queries: `?key=` and `?why=` among them.
    (re.compile(r"([?&][\w.\[\]-]+=)[^&\s'\"#)>]+"), rf"\1{HIDDEN}"),
    (
        re.compile(
            r"(?i)((?:secret|admin|page|vault|api|draw|spool|import)_?keys?|password|passwd|"
            r"(?:device|link)_?token)(['\"]?\s*[:=]\s*)(b?['\"][^'\"]*['\"]|[^\s,;)}\]]+)"
        ),
        rf"\1\2{HIDDEN}",
    ),
    # Bytes as Python writes them: keys, ciphers, states of visitors.
    (re.compile(r"\bb(['\"])(?:(?!\1)[^\\]|\\.){0,65536}?\\x.*?(?<!\\)\1", re.DOTALL), HIDDEN),
    (re.compile(r"\b(?:nk|d)[._][A-Za-z0-9_-]{20,}"), HIDDEN),
    # Keys and tokens in base 62 or 64 have letters of both cases and digits; ids here have one.
    (
        re.compile(
            r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*[a-z])(?=[A-Za-z0-9_-]*[A-Z])"
            r"(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{30,}"
        ),
        HIDDEN,
    ),
    # Keys and digests of keys in hex; ids of decisions and subjects are shorter.
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{48,}(?![0-9A-Za-z])"), HIDDEN),
)


class EventMask:
    """A mask for the events of a log.

    Args:
        secrets: texts that must not be in a log, besides what looks like one.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= LEAST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def text(self, text: str) -> str:
        """Return a text without numbers, keys and tokens."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
        return mask_numbers(text)

    def value(self, value: object, depth: int = 0) -> object:
        """Return a value as JSON can write it: masked, bounded, without the objects themselves."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return MASK if is_number(value) else value
        if isinstance(value, bytes | bytearray | memoryview):
            return f"{len(value)} bytes"
        if isinstance(value, Mapping) and depth < DEEPEST:
            some = list(value.items())[:MOST]
            return {self.text(str(key)): self.value(one, depth + 1) for key, one in some}
        if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
            return [self.value(one, depth + 1) for one in list(value)[:MOST]]
        return self.text(_text_of(value))


def _text_of(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a log line must not fail over what it tells
        return f"<{type(value).__name__}>"
