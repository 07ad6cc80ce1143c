"""`[ofrep] slots`: which slots are flags, and of which kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from nudge.config.slot_schema import CHANNELS
from nudge.errors import InvalidConfigError
from nudge.settings.flag_terms import FlagKind, FlagTerms
from nudge.settings.schema import PAGE_CHANNELS
from nudge.settings.settings import Settings, load

KEY = "k" * 32
KEYS = {"NUDGE_SECRET_KEY": KEY, "NUDGE_ADMIN_KEY": KEY, "NUDGE_PAGE_KEY": KEY}
TABLE = """
[ofrep]
page = "recharge"

[ofrep.slots.denomination]

[ofrep.slots.banner]
kind = "boolean"
values = { coffee = true }

[ofrep.slots.prefill]
kind = "string"
field = "source"
"""


def settings_of(path: Path, text: str, **variables: str) -> Settings:
    """Settings of a file with this text."""
    file = path / "nudge.toml"
    file.write_text(text, "utf-8")
    return load(KEYS | variables, file)


def test_flags_are_read_and_survive_the_way_to_a_child(tmp_path: Path) -> None:
    """A web process gets its settings as variables: the table arrives there as it was written."""
    found = settings_of(tmp_path, TABLE)
    assert found.ofrep_slots == (
        FlagTerms("denomination"),
        FlagTerms("banner", FlagKind.BOOLEAN, values={"coffee": True}),
        FlagTerms("prefill", FlagKind.STRING, "source"),
    )
    assert (found.ofrep_page, found.ofrep_channel) == ("recharge", "web")
    assert load(found.to_environ()).ofrep_slots == found.ofrep_slots
    assert '"banner"' in str(found.masked()["ofrep_slots"])


def test_unset_is_not_empty(tmp_path: Path) -> None:
    """Unset means every slot of pages; an empty list means none, in a child as well."""
    assert settings_of(tmp_path, "").ofrep_slots is None
    empty = settings_of(tmp_path, "[ofrep]\nslots = []")
    assert empty.ofrep_slots == ()
    assert load(empty.to_environ()).ofrep_slots == ()


@pytest.mark.parametrize("given", ["banner, prefill", '["banner", "prefill"]'])
def test_a_variable_may_list_names(tmp_path: Path, given: str) -> None:
    """Names with commas, or JSON."""
    found = settings_of(tmp_path, "", NUDGE_OFREP_SLOTS=given)
    assert found.ofrep_slots == (FlagTerms("banner"), FlagTerms("prefill"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[ofrep]\nslots = ["a", 1]', 'slots = ["banner"]'),
        ("[ofrep.slots]\nbanner = 1", "[ofrep.slots.banner]"),
        ('[ofrep.slots.banner]\nkind = "int"', "boolean, string, number, object"),
        ('[ofrep.slots.banner]\nkinds = "number"', "kind, field, values"),
        ("[ofrep.slots.banner]\nfield = 1", "banner.field"),
        ("[ofrep.slots.banner]\nvalues = [1]", "banner.values"),
        ('[ofrep]\nchannel = "ios"', "ofrep.channel"),
        ('[ofrep]\npage = "My Page"', "ofrep.page"),
        ('[ofrep]\nslot = ["a"]', "ofrep.slots"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(tmp_path: Path, text: str, told: str) -> None:
    """The message names the file, the key and what would be right."""
    with pytest.raises(InvalidConfigError) as caught:
        settings_of(tmp_path, text)
    assert told in str(caught.value)
    assert "nudge.toml: ofrep" in str(caught.value)


def test_channels_are_those_of_slots() -> None:
    """The settings' list of channels is the one of slots."""
    assert PAGE_CHANNELS == CHANNELS
