"""The texts of SMS in the contact policy (`[[texts]]`), and what their check finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nudge.config.documents.consent_tables import load_reply_reader
from nudge.config.documents.contact_file import FILE, read_contact_tables
from nudge.config.table_file import ConfigTables
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.message_text import Finding, MessageText, check_text


def load_texts(place: Path | ConfigTables) -> tuple[MessageText, ...]:
    """Load the texts of the contact policy.

    Raises:
        InvalidConfigError: the contact policy cannot be read, or its tables are wrong.
    """
    table = read_contact_tables(ConfigTables.of(place)) or {}
    return tuple(MessageText(**one) for one in table.get("texts", ()))


def text_findings(
    place: Path | ConfigTables, policy: ContactPolicy, language: str
) -> Iterator[tuple[Finding, str]]:
    """Yield what is found in the texts of the configuration, each with a line that names its place.

    Args:
        place: directory or tables of the configuration.
        policy: whose purposes tell which texts need not say how to refuse.
        language: of the lines, `zh` or `en`.

    Raises:
        InvalidConfigError: the contact policy cannot be read, or its tables are wrong.
    """
    reader = load_reply_reader(place)
    for one in load_texts(place):
        purpose = policy.purposes.get(one.purpose)
        needed = purpose is None or not purpose.exempt
        for found in check_text(one.filled, reader, refusable=needed).findings:
            yield found, f"{FILE}: texts.{one.content}: {found.sentences[language]}"
