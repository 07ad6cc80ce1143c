"""The refusal of a value from outside, by whatever door it came."""

from __future__ import annotations

from nudge.errors import InvalidRequestError


class ValueRefusedError(InvalidRequestError, ValueError):
    """A value that its door refuses.

    The text says what is wrong, then the cure. It names neither field nor value: the caller knows
    where the value stood, and a value may hold somebody's number.
    """

    code = "invalid_value"
