"""Alternatives in a phrase: `(没|还没)(退|到账)` lists four phrases at once."""

from __future__ import annotations

import re
from itertools import product
from math import prod
from typing import Final

MOST: Final = 2_000
"""Phrases that one spelling may list."""
_CHOICE: Final = re.compile(r"\(([^()]*)\)")


def listed_phrases(spelling: str) -> tuple[str, ...]:
    """Return the phrases that a spelling lists, each once, in their order.

    Raises:
        ValueError: a bracket is left open, an alternative leaves no phrase, or they are too many.
    """
    parts = _CHOICE.split(spelling)
    if any(set(one) & set("()|") for one in parts[::2]):
        raise ValueError("close each bracket, and write alternatives as (a|b)")
    choices = [one.split("|") if odd % 2 else [one] for odd, one in enumerate(parts)]
    if prod(len(one) for one in choices) > MOST:
        raise ValueError(f"lists more than {MOST} phrases")
    found = dict.fromkeys("".join(one).strip() for one in product(*choices))
    if "" in found:
        raise ValueError("leaves an empty phrase; write a word outside the brackets")
    return tuple(found)
