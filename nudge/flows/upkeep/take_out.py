"""Removal of a number from the books of all visitors who typed it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from nudge.domain.identity.number import Number, number_from_seal
from nudge.domain.identity.vault_seal import VaultSeal
from nudge.errors import CorruptRecordError
from nudge.store.store import Store


@dataclass(frozen=True)
class NumberRemoval:
    """The counts of one walk through the books.

    Attributes:
        taken: numbers that were taken out of somebody's book.
        unreadable: numbers under a key that is not given: whose they are cannot be told.
    """

    taken: int
    unreadable: int


def take_out(
    store: Store,
    vault: VaultSeal,
    numbers: AbstractSet[Number],
    told: Callable[[int], object],
) -> NumberRemoval:
    """Remove numbers from every book of the vault; visitors may type them again.

    Args:
        store: of the installation.
        vault: opens the books' ciphers: that is the one thing that tells which number is which.
        numbers: to remove.
        told: is called for each number that was looked at, with how many that makes.

    Raises:
        StoreAwayError: no answer; do it again.
    """
    wanted = {number.e164 for number in numbers}
    taken = unreadable = 0
    for looked, sealed in enumerate(store.books.numbers(), 1):
        try:
            if number_from_seal(vault.open(sealed.cipher, sealed.about)).e164 in wanted:
                store.books.remove_number(sealed)
                taken += 1
        except CorruptRecordError:
            unreadable += 1
        told(looked)
    return NumberRemoval(taken, unreadable)
