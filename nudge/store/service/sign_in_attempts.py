"""Attempts to sign in, counted in the store before a password is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

SPAN: Final = 900
"""Seconds in which attempts count."""
MOST: Final = 5
"""Failures of an account from one address, after which it waits."""
WAIT: Final = 900
MOST_ANYWHERE: Final = 50
"""Attempts on an account from anywhere, after which addresses that never opened it wait.

The wait is short, and an address from which the user has signed in before does not wait: else
anybody could lock an admin out for as long as he likes.
"""
WAIT_ANYWHERE: Final = 60
FAMILIAR: Final = 30 * 86_400
"""Seconds for which an address is familiar."""


class AttemptResult(NamedTuple):
    """The result of taking an attempt.

    Attributes:
        wait: whole seconds for which the account waits; 0 where the password may be looked at.
        locks: a failure now makes the account wait.
    """

    wait: int
    locks: bool


@dataclass(frozen=True)
class SignInAttempts:
    """Attempts to sign in; accounts and addresses are known by keyed hashes only."""

    client: Client
    keys: Keys

    def take(self, account: str, here: str, now: float) -> AttemptResult:
        """Take an attempt, or refuse it.

        Args:
            account: hash of the account's name.
            here: hash of the name and the address.
            now: seconds.
        """
        names = [self.keys.config("failures", one) for one in (here, account)]
        names.append(self.keys.config("familiar", here))
        args: list[Arg] = [now, SPAN, MOST, WAIT, MOST_ANYWHERE, WAIT_ANYWHERE]
        wait, locks = self.client.run("take_attempt", names, args)
        return AttemptResult(int(wait), bool(locks))

    def clear(self, here: str) -> None:
        """Forget the failures of an account from an address, which is familiar from now on."""
        self.client.call("SET", self.keys.config("familiar", here), 1, "EX", FAMILIAR)
        self.client.call("DEL", self.keys.config("failures", here))
