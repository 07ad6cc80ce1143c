"""The rules for values from outside, as the settings and the contact policy give them."""

from __future__ import annotations

from nudge.config.contact_file import load_contact
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.input_rules import InputRules
from nudge.settings.settings import Settings


def load_input_rules(settings: Settings) -> InputRules:
    """Load the rules of an installation.

    Raises:
        InvalidConfigError: the contact policy is wrong.
    """
    return input_rules(settings, load_contact(settings.config_dir))


def input_rules(settings: Settings, contact: ContactPolicy) -> InputRules:
    """Return the rules of settings and a contact policy."""
    return InputRules(
        region=settings.region,
        channels=contact.channel_words,
        purposes=contact.purpose_words,
        impossible_ids=settings.identity_impossible_ids,
        impossible_numbers=settings.identity_impossible_numbers,
        number_ranges=settings.identity_number_ranges,
    )
