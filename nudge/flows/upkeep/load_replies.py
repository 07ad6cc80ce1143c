"""Load replies: replies to SMS of a gateway's file go to the journal, each row once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from nudge.domain.care.signal import HAS_TEXT
from nudge.domain.contact.reply import ReplyReader
from nudge.domain.identity.sealing import Home, Sealer, new_label, new_subject
from nudge.domain.journal.event import text_name
from nudge.domain.journal.records import Event
from nudge.domain.people.consents import REFUSAL, SMS_REPLY
from nudge.domain.people.reply_file import ReplyRow
from nudge.domain.slots.slot import Scalar
from nudge.store.journal.appends import Append, VaultEntry
from nudge.store.store import Store
from nudge.store.vault.people import TEXTS

AT_ONCE: Final = 500
"""Records of one script."""


class ReplyLoadResult(NamedTuple):
    """The result of loading some replies.

    Attributes:
        fresh: replies that were new.
        refusals: of all rows, those that refuse.
    """

    fresh: int
    refusals: int


@dataclass(frozen=True)
class ReplyLoader:
    """The loader of replies.

    Attributes:
        sealer: hashes ids and numbers, and encrypts texts.
        reader: tells refusals from other replies.
    """

    store: Store
    sealer: Sealer
    reader: ReplyReader

    def load(self, rows: Iterable[ReplyRow]) -> ReplyLoadResult:
        """Load some replies; a row that was loaded in the last 7 days is a duplicate.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        groups: dict[int, list[Append]] = defaultdict(list)
        refusals = 0
        for row in rows:
            word = self.reader.find_refusal(row.text)
            refusals += word is not None
            home = self._home(row)
            groups[home.partition].append(self._append(row, home, word))
        fresh = 0
        for p, group in groups.items():
            for start in range(0, len(group), AT_ONCE):
                some = {p: group[start : start + AT_ONCE]}
                fresh += self.store.journal.append_followed(some, closes=True, names=True)
        return ReplyLoadResult(fresh, refusals)

    def _append(self, row: ReplyRow, home: Home, word: str | None) -> Append:
        """Return a reply as it is appended: its text goes to the vault alone."""
        named = self.sealer.hide_numbers(row.event_id) or f"reply:{row.digest(self.sealer.row_key)}"
        field = text_name("server", SMS_REPLY, named)
        fields: dict[str, Scalar] = {HAS_TEXT: True} | ({REFUSAL: word} if word else {})
        # Whoever has a number and no id is known by the number, as where somebody typed it.
        subject = new_subject() if row.visitor_id else new_label()
        event = Event(subject, named, SMS_REPLY, "server", fields=fields, at=row.at)
        note = VaultEntry(TEXTS, field, self.sealer.vault.seal(row.text, field))
        return Append(home.subject, event, notes=(note,))

    def _home(self, row: ReplyRow) -> Home:
        if row.visitor_id or row.msisdn is None:
            hashed = self.sealer.visitor_hash(row.visitor_id)
        else:
            hashed = self.sealer.number_hash(row.msisdn)
        return Home(hashed, self.sealer.partition(hashed, self.store.keys.partitions))
