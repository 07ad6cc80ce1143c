"""The details of one case that only the vault holds: what was written, notes, masked numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from nudge.domain.care.case import Case
from nudge.domain.care.signal import FEEDBACK
from nudge.domain.identity.number import number_from_seal
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.event import text_name
from nudge.domain.journal.records import Source
from nudge.domain.prefill.numbers import is_own
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import CorruptRecordError
from nudge.flows.care.case_actions import note_name
from nudge.store.store import Store

_SOURCES: Final[tuple[Source, ...]] = ("page", "server")


class DetailSeal(Protocol):
    """The seal of texts and numbers: `VaultSeal`."""

    def open(self, sealed: bytes, about: str) -> str:
        """Return a text; a `CorruptRecordError` where it cannot be read."""
        ...


@dataclass(frozen=True)
class CaseDetails:
    """The details of a case; what was erased is missing.

    Attributes:
        text: that began it, numbers masked; empty for none.
        notes: action's id -> note.
        numbers: own ones of the visitor, masked as on the visitor's page.
    """

    text: str
    notes: Mapping[str, str]
    numbers: tuple[str, ...]


def case_details(store: Store, seal: DetailSeal, case: Case) -> CaseDetails:
    """Return the details of a case, of whom the visitor turned out to be.

    Raises:
        StoreAwayError: no answer.
    """
    home = Home(case.subject, case.partition)
    root = store.visitors.root_of(home)
    texts = store.visitors.texts(home)
    if root != home:
        texts |= store.visitors.texts(root)
    spoken = (text_name(source, FEEDBACK, case.event[0]) for source in _SOURCES)
    said = next((_open(seal, texts[name], name) for name in spoken if name in texts), "")
    names = {step.action_id: note_name(step) for step in case.steps if step.noted}
    notes = {of: _open(seal, texts[name], name) for of, name in names.items() if name in texts}
    return CaseDetails(mask_numbers(said), notes, _numbers(store, seal, root))


def _numbers(store: Store, seal: DetailSeal, home: Home) -> tuple[str, ...]:
    book = store.visitors.book(home)
    own = ((name, sealed) for name, sealed in sorted(book.items()) if is_own(name))
    opened = (_open(seal, sealed, name.split(":", 1)[0]) for name, sealed in own)
    return tuple(number_from_seal(text).masked for text in opened if text)


def _open(seal: DetailSeal, sealed: bytes, about: str) -> str:
    try:
        return seal.open(sealed, about)
    except CorruptRecordError:
        return ""
