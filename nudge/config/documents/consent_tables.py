"""The tables `[replies]` and `[consent]` of the contact policy: words that refuse, and proofs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from nudge.config.documents.contact_file import read_contact_tables
from nudge.config.table_file import ConfigTables
from nudge.domain.contact.reply import ReplyReader
from nudge.domain.people.consent_proof import PROOF_MONTHS

SHOWN: Final = 8
"""Words of refusal that are told; the others are counted."""
CONSENT_SENTENCES: Final = {
    "zh": (
        "回复 {words} 等 {count} 个词即视为退订短信，之后不再发送，已排期的也会撤回。",
        "同意或退订的凭证在失效后再保留 {months} 个月。",
    ),
    "en": (
        "Words by which a reply refuses all further SMS ({count} in all): {words}.",
        "A proof of consent is kept for {months} months behind its end.",
    ),
}


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


def describe_consent(place: Path | ConfigTables, language: str) -> list[str]:
    """Return in words what a reply does, and how long a proof is kept.

    Args:
        place: directory or tables of the configuration.
        language: `zh` or `en`.

    Raises:
        InvalidConfigError: the contact policy cannot be read, or its tables are wrong.
    """
    words, months = load_reply_reader(place).refusals, load_proof_months(place)
    shown = {"zh": "、".join(words[:SHOWN]), "en": ", ".join(words[:SHOWN])}[language]
    return [
        sentence.format(words=shown, count=len(words), months=months)
        for sentence in CONSENT_SENTENCES[language]
    ]
