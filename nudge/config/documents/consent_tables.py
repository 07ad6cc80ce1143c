"""The tables `[replies]` and `[consent]` of the contact policy: words that refuse, and proofs."""

from __future__ import annotations

from pathlib import Path

from nudge.config.documents.contact_file import read_contact_tables
from nudge.config.table_file import ConfigTables
from nudge.domain.contact.reply import ReplyReader
from nudge.domain.people.consent_proof import PROOF_MONTHS


def load_reply_reader(place: Path | ConfigTables) -> ReplyReader:
    """Load the reader of replies; without the table, or the file, that of the shipped words.

    Raises:
        InvalidConfigError: the contact policy cannot be read, or its tables are wrong.
    """
    table = read_contact_tables(ConfigTables.of(place)) or {}
    refusals = table.get("replies", {}).get("refusals")
    return ReplyReader(tuple(refusals)) if refusals else ReplyReader()


def load_proof_months(place: Path | ConfigTables) -> int:
    """Load how many months a proof of consent is kept behind its end.

    Raises:
        InvalidConfigError: the contact policy cannot be read, or its tables are wrong.
    """
    table = read_contact_tables(ConfigTables.of(place)) or {}
    months: int = table.get("consent", {}).get("proof_months", PROOF_MONTHS)
    return months
