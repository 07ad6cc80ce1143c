"""Passwords as argon2id hashes, verified one at a time.

Parameters are OWASP's smallest: 19 MiB, two passes, one lane. Each verification takes that memory
and tens of milliseconds, outside Python's lock; of a flood of sign-ins, one is computed, one waits
and the others are refused at once, so that threads and memory are left for decisions.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # a process that hashes no password does not pay for it
    import argon2

PLACES: Final = 2
"""Verifications at once: one that is computed, and one that waits."""


class BusyError(Exception):
    """All places are taken: the caller may try again in a second."""


class PasswordHasher:
    """A hasher of passwords; one for each process, with a thread of its own.

    The allocator keeps memory by threads: in whichever thread of the web it happened to compute,
    each would keep 19 MiB for good.
    """

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(PLACES)
        self._thread = ThreadPoolExecutor(1, "passwords")

    def hash(self, password: str) -> str:
        """Return the hash of a new password."""
        return self._thread.submit(lambda: self._argon2.hash(password)).result()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place for one verification.

        Raises:
            BusyError: there is none.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError
        try:
            yield
        finally:
            self._places.release()

    def verify(self, hashed: str, password: str) -> bool:
        """Return whether a password fits; constant time whether there is a hash or not.

        Args:
            hashed: empty where the account is unknown, disabled or without a password: then another
                hash is computed, and the answer is False.
            password: as it was typed.
        """
        return self._thread.submit(self._verify, hashed, password).result()

    def _verify(self, hashed: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 (above)

        dummy = self._dummy  # here, or the first unknown name of a process would take longer
        try:
            self._argon2.verify(hashed or dummy, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(hashed)

    @cached_property
    def _argon2(self) -> argon2.PasswordHasher:
        import argon2  # noqa: PLC0415 (see the module)

        return argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

    @cached_property
    def _dummy(self) -> str:
        return self._argon2.hash("a password that nobody has")
