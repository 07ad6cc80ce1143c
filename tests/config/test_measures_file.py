"""The measures as a file: the shipped one is right, and each mistake is named."""

from __future__ import annotations

import tomllib

import pytest
from places import ROOT

from nudge.config.documents.measures_file import (
    load_measures,
    measure_warnings,
    parse_measures,
    slot_problems,
)
from nudge.config.documents.segment_file import load_segments
from nudge.config.slot_file import load_slots
from nudge.errors import InvalidConfigError

RIGHT = """
[[measures]]
name = "gift"
when = { attribute = "stage", is = "warning" }
"""
CONTACT = {"channels": [{"name": "call"}], "purposes": [{"name": "winback"}]}


def problems(text: str) -> str:
    with pytest.raises(InvalidConfigError) as found:
        parse_measures(tomllib.loads(text), "measures.toml", CONTACT)
    return str(found.value)


def test_the_shipped_measures_are_right() -> None:
    """field-notes: each stage has its measure, with both titles; all that they name is there."""
    measures = load_measures(ROOT / "config")
    assert list(measures) == [
        "welcome",
        "retention_agreement",
        "reactivation_reward",
        "stable_care",
    ]
    assert all(one.title.keys() == {"zh", "en"} for one in measures.values())
    assert slot_problems(measures.values(), load_slots(ROOT / "config" / "slots")) == []
    segments = load_segments(ROOT / "config")
    assert measure_warnings(measures.values(), segments) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (RIGHT + RIGHT, "measures.gift.name: is given twice"),
        (RIGHT + 'channels = ["cal"]', "measures.gift.channels: no channel 'cal'"),
        (RIGHT + 'purpose = "winbak"', "measures.gift.purpose: no purpose 'winbak'"),
        (RIGHT + 'slot = "none"\ngroup = "tv"', "measures.gift.group: has no slot"),
        (RIGHT + 'within = "900d"', "measures.gift.within"),
        (RIGHT + "held_share = 1.5", "measures.gift.held_share"),
        (RIGHT + "priority = -1", "measures.gift.priority"),
        (RIGHT + 'level = "proposal"', "measures.gift.level"),
        (RIGHT + "channels = []", "measures.gift.channels"),
        (RIGHT.replace("is =", "iss ="), "measures.gift.when"),
        ('colour = "red"', "colour"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_cure(text: str, named: str) -> None:
    """The message begins with the file, and says what would be right."""
    told = problems(text)
    assert told.startswith("measures.toml: ")
    assert named in told
    assert "; " in told


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ('slot = "retention_ofer"', "slot: no slot 'retention_ofer'; did you mean"),
        ('group = "retenton"', "is of 'retenton'; did you mean 'retention'?"),
    ],
)
def test_a_slot_or_group_that_is_not_there_is_named(more: str, named: str) -> None:
    """`nudge check` compares the measures with the slots."""
    measures = parse_measures(tomllib.loads(RIGHT + more), "measures.toml", CONTACT)
    (line,) = slot_problems(measures.values(), load_slots(ROOT / "config" / "slots"))
    assert line.startswith("measures.toml: measures.gift.")
    assert named in line


def test_an_attribute_that_nothing_makes_is_told() -> None:
    """A rule on it would never hold, and nobody would come on the list."""
    measures = parse_measures(tomllib.loads(RIGHT), "measures.toml")
    (line,) = measure_warnings(measures.values(), ())
    assert "measures.gift.when: nothing makes 'stage'" in line
