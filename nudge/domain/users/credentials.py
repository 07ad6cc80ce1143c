"""Names and passwords of users: the rules for both."""

from __future__ import annotations

import re
from typing import Final

from nudge.domain.values.plain_text import fold_case
from nudge.domain.values.refusal import ValueRefusedError

SHORTEST: Final = 10
"""Characters of a password. Length is what guessing costs; rules of composition add nothing."""
LONGEST: Final = 200
_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,39}", re.ASCII)


def parse_name(value: object) -> str:
    """Parse a user's name, which is compared without case.

    Args:
        value: text, such as `li_na`; names of agents in work lists have this form, too.

    Raises:
        ValueRefusedError: it has another form.
    """
    name = fold_case(value) if isinstance(value, str) else ""
    if not _NAME.fullmatch(name):
        cure = "give 2 to 40 of a-z, 0-9, '.', '_' and '-', a letter first"
        raise ValueRefusedError(f"is not a user's name; {cure}")
    return name


def check_password(password: str, name: str) -> None:
    """Check a new password: long enough, and not the user's name.

    Raises:
        ValueRefusedError: it is too short, too long, or too close to the name.
    """
    if len(password) < SHORTEST:
        raise ValueRefusedError(f"is too short; give at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise ValueRefusedError(f"is too long; give at most {LONGEST} characters")
    if not fold_case(password).replace(name, ""):
        raise ValueRefusedError("is the user's name; choose words that nobody would guess")
    if len(set(password)) == 1:
        raise ValueRefusedError("is one character repeated; choose words that nobody would guess")
