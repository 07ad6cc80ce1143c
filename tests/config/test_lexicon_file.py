"""The file of the lexicon: read whole, with every problem named."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import CONFIG

from nudge.config.documents.lexicon_file import load_lexicon, parse_lexicon
from nudge.errors import InvalidConfigError


def test_the_shipped_lexicon_has_groups_in_both_languages() -> None:
    """At least 300 phrases, each group with titles and a weight."""
    found = load_lexicon(CONFIG)
    assert found.phrases >= 300
    assert all(set(one.title) == {"zh", "en"} for one in found.groups)
    assert found.weights["leaving"] == max(found.weights.values())


def test_a_missing_file_is_an_empty_lexicon(tmp_path: Path) -> None:
    """An installation without the file has no phrases."""
    assert load_lexicon(tmp_path).phrases == 0


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"group": [{"complaints": ["慢"]}]}, "group[0].name"),
        ({"group": [{"name": "a", "complaints": [""]}]}, "group.a.complaints[0]"),
        ({"group": [{"name": "a"}, {"name": "a"}]}, "group.a.name"),
        ({"group": [{"name": "a", "complaints": ["x"], "praise": ["x"]}]}, "group.a.praise"),
        ({"group": [{"name": "a", "short": ["x"]}], "neutral": {"words": ["x"]}}, "neutral.words"),
        ({"group": [{"name": "a", "weight": -1}]}, "group.a.weight"),
        ({"grop": []}, "grop"),
    ],
)
def test_a_problem_names_its_key(table: dict[str, object], key: str) -> None:
    """Each mistake is told with file and key."""
    with pytest.raises(InvalidConfigError) as error:
        parse_lexicon(table, "lexicon.toml")
    assert str(error.value).startswith(f"lexicon.toml: {key}")
