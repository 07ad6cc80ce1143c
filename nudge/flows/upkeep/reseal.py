"""Reseal: encrypts the vault's entries under older keys anew, under the current one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

from nudge.domain.identity.vault_seal import VaultSeal
from nudge.errors import CorruptRecordError
from nudge.store.store import Store
from nudge.store.vault.books import SealedEntry


@dataclass
class ResealResult:
    """The counts of one walk through the vault.

    Attributes:
        current: numbers and texts that were under the current key already.
        resealed: that are now.
        changed: that somebody else wrote or removed at the same time.
        unreadable: under a key that is not given, or damaged; left as they are.
    """

    current: int = 0
    resealed: int = 0
    changed: int = 0
    unreadable: int = 0


def reseal(store: Store, vault: VaultSeal, told: Callable[[int], object]) -> ResealResult:
    """Encrypt every entry under the current key; it may be stopped and begun again.

    Each cipher is replaced only if it is still the one that was read, so nothing that is written
    at the same time is lost. What a process that has only the older keys writes meanwhile is under
    these: a second walk finds it.

    Args:
        store: of the installation.
        vault: with the current key and the older ones.
        told: is called for each number and text, with how many that makes.

    Raises:
        StoreAwayError: no answer; do it again.
    """
    found = ResealResult()
    everything = chain(store.books.numbers(), store.books.texts())
    for looked, sealed in enumerate(everything, 1):
        outcome = _outcome(store, vault, sealed)
        setattr(found, outcome, getattr(found, outcome) + 1)
        told(looked)
    return found


def _outcome(store: Store, vault: VaultSeal, sealed: SealedEntry) -> str:
    """Reseal one cipher; return the attribute of `ResealResult` that counts it."""
    if vault.is_current(sealed.cipher):
        return "current"
    try:
        anew = vault.seal(vault.open(sealed.cipher, sealed.about), sealed.about)
    except CorruptRecordError:
        return "unreadable"
    return "resealed" if store.books.replace(sealed, anew) else "changed"
