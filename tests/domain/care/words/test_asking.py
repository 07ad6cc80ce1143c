"""Plain questions: troubles that are asked about, and questions that complain."""

from __future__ import annotations

import pytest

from nudge.domain.care.words.finder import WordFinder
from nudge.domain.care.words.lexicon import Lexicon, WordGroup

OWN = WordFinder(
    Lexicon(
        (WordGroup("own", complaints=("断网", "outage", "slow"), praise=("稳定",)),),
        asking=("请问", "怎么报修", "how do i", "is there"),
    )
)


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        ("断网怎么报修", False),
        ("请问，断网找谁", False),
        ("如果断网，怎么报修", False),
        ("断网了，怎么报修", True),
        ("怎么报修，天天断网", True),
        ("又断网怎么报修", True),
        ("请问你们为什么断网", True),
        ("不稳定怎么报修", True),
        ("How do I report an outage?", False),
        ("Is there an outage?", False),
        ("How do I live with this slow line?", True),
    ],
)
def test_a_trouble_that_is_asked_about_is_no_complaint(text: str, complains: bool) -> None:  # noqa: FBT001
    """A plain question takes back what its clause names, unless a word of displeasure is in it."""
    assert bool(OWN.find(text)) == complains
