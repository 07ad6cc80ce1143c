"""The rules for values from outside, as the settings and the contact policy give them."""

from __future__ import annotations

from nudge.config.documents.contact_file import load_contact_words
from nudge.config.table_file import ConfigTables
from nudge.domain.identity.input_rules import InputRules
from nudge.settings.settings import Settings


def load_input_rules(settings: Settings, tables: ConfigTables | None = None) -> InputRules:
    """Load the rules of an installation.

    Args:
        settings: of the installation.
        tables: of its configuration; None takes the files.

    Raises:
        InvalidConfigError: the contact policy is wrong.
    """
    channels, purposes = load_contact_words(tables or settings.config_dir)
    return InputRules(
        region=settings.region,
        channels=channels,
        purposes=purposes,
        impossible_ids=settings.identity_impossible_ids,
        impossible_numbers=settings.identity_impossible_numbers,
        number_ranges=settings.identity_number_ranges,
    )
