"""Problems that keep a slot from being a flag of a kind."""

from __future__ import annotations

import pytest
from places import shipped_slots

from nudge.domain.slots.flag_values import flag_problems, flag_set_problems, unknown_flags
from nudge.settings.flag_terms import FlagKind, FlagTerms

SLOTS = shipped_slots()
ALL_TRUE = dict.fromkeys(SLOTS["banner"].names, True)


@pytest.mark.parametrize(
    "terms",
    [
        FlagTerms("banner"),
        FlagTerms("banner", FlagKind.OBJECT),
        FlagTerms("banner", FlagKind.STRING),
        FlagTerms("banner", FlagKind.STRING, "link"),
        FlagTerms("banner", FlagKind.BOOLEAN, values=ALL_TRUE),
        FlagTerms("denomination", FlagKind.NUMBER),
    ],
)
def test_a_slot_whose_variants_all_fit_is_a_flag(terms: FlagTerms) -> None:
    """Every variant has a value of the kind: by itself, by a part of it, or by the settings."""
    assert flag_problems(terms, SLOTS[terms.slot]) == []


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (FlagTerms("banner", FlagKind.BOOLEAN, values={"coffee": True}), "values.data_draw"),
        (FlagTerms("banner", FlagKind.BOOLEAN, values={**ALL_TRUE, "tea": True}), "values.tea"),
        (FlagTerms("denomination", FlagKind.BOOLEAN), "kind boolean"),
        (FlagTerms("banner", FlagKind.NUMBER, "price"), "kind number"),
        (FlagTerms("banner", member="price"), "'price'"),
        (FlagTerms("banner", FlagKind.NUMBER, values=ALL_TRUE), "kind number"),
    ],
)
def test_one_variant_that_does_not_fit_is_named(terms: FlagTerms, told: str) -> None:
    """A mistake names the variant and the key to mend; true is no number."""
    assert any(told in one for one in flag_problems(terms, SLOTS[terms.slot]))


def test_check_names_the_key_and_a_slot_without_a_file() -> None:
    """A mistake in the settings is a line with its key; a slot without a file only a warning."""
    flags = [FlagTerms("banners"), FlagTerms("denomination", FlagKind.BOOLEAN)]
    assert flag_set_problems(flags, SLOTS)[0].startswith("nudge.toml: ofrep.slots.denomination: ")
    (warning,) = unknown_flags(flags, SLOTS)
    assert "did you mean 'banner'?" in warning
