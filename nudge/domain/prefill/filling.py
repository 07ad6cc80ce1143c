"""Prefilled numbers in an answer: in full for the device that typed them, otherwise masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nudge.domain.identity.number import number_from_seal
from nudge.domain.identity.vault_seal import VaultSeal
from nudge.domain.people.visitor import VisitorState
from nudge.domain.prefill.numbers import FLAGS, OWN, Book, BookEntry, sources
from nudge.domain.slots.slot import Slot

SOURCE: Final = "source"
"""Key of a variant's value that names the source of the number."""


@dataclass(frozen=True)
class PrefillNumbers:
    """The numbers that one answer may contain.

    Attributes:
        vault: opens them.
        book: of the visitor.
        entries: source -> its number.
        device: of the request; empty where it showed no token.
    """

    vault: VaultSeal
    book: Book = field(default_factory=dict)
    entries: Mapping[str, BookEntry] = field(default_factory=dict)
    device: str = ""

    def value(self, configured: object) -> object:
        """Return a variant's value, with the number of its source where there is one.

        Raises:
            CorruptRecordError: the number was sealed with another key of the vault.
        """
        source = configured.get(SOURCE) if isinstance(configured, Mapping) else None
        entry = self.entries.get(source) if isinstance(source, str) else None
        if entry is None or not isinstance(configured, Mapping):
            return configured
        number = number_from_seal(self.vault.open(self.book[entry.field], entry.device))
        here = entry.device != OWN or f"{self.device}:{entry.label}" in self.book
        texts = {"masked": number.masked} | ({"number": number.dialled} if here else {})
        return {**configured, **texts}


def filling(
    vault: VaultSeal, book: Book, state: VisitorState, device: str, at: float
) -> PrefillNumbers:
    """Return the numbers of a visitor, for a device, at a time in seconds."""
    return PrefillNumbers(vault, book, sources(book, state.numbers, device, at), device)


def fills_in(slot: Slot) -> bool:
    """Return True where a variant of the slot stands for a number."""
    values = (variant.value for variant in slot.variants)
    return any(isinstance(value, Mapping) and value.get(SOURCE) in FLAGS for value in values)
