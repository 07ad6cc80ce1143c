"""Parameters of pages and queries: read, bounded, and refused with the cure."""

from __future__ import annotations

from nudge.errors import InvalidRequestError


def page_limit(text: str | None, usual: int, most: int) -> int:
    """Return the number of entries of a page.

    Args:
        text: of the parameter `limit`; None where it is left out.
        usual: entries without it.
        most: that may be asked for.

    Raises:
        InvalidRequestError: it is no such number.
    """
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise wrong_parameter("limit", f"give a whole number from 1 to {most}")
    return int(text)


def wrong_parameter(name: str, message: str) -> InvalidRequestError:
    """Return the error about a query parameter."""
    return InvalidRequestError(f"{name}: {message}", {name: [message]})
