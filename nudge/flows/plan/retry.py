"""The retry of a write that others may be faster with: a unit of stock, an hour, a visitor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from nudge.errors import StoreAwayError

R = TypeVar("R")
T = TypeVar("T")


class Attempt(NamedTuple, Generic[R, T]):
    """The outcome of one attempt.

    Attributes:
        done: results that stand.
        lost: values to try again, made anew of those for which somebody else was faster.
    """

    done: Sequence[R]
    lost: Sequence[T]


def retry_lost(
    pending: Sequence[T], attempt: Callable[[Sequence[T]], Attempt[R, T]], tries: int
) -> list[R]:
    """Return the results of attempts, repeated for what is lost until nothing is.

    Args:
        pending: values to begin with.
        attempt: takes values, and returns what stands and what is to be tried again.
        tries: attempts at most. Each time something is lost somebody else got on.

    Raises:
        StoreAwayError: something was lost in each of the attempts.
    """
    done: list[R] = []
    for _ in range(tries):
        if not pending:
            break
        found, pending = attempt(pending)
        done += found
    if pending:
        raise StoreAwayError("too many plan for the same visitors at once; ask again")
    return done
