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
        ({"group": [{"name": "a", "curable": "yes"}]}, "group.a.curable"),
        ({"group": [{"name": "a", "complaints": ["(a|b"]}]}, "group.a.complaints[0]"),
        ({"group": [{"name": "a", "complaints": ["(a|)"]}]}, "group.a.complaints[0]"),
        ({"group": [{"name": "a", "complaints": ["a...b...c"]}]}, "group.a.complaints[0]"),
        ({"group": [{"name": "a", "complaints": ["...b"]}]}, "group.a.complaints[0]"),
        (
            {"group": [{"name": "a", "complaints": ["(x|y)z"], "missing": ["yz"]}]},
            "group.a.missing",
        ),
        ({"grop": []}, "grop"),
    ],
)
def test_a_problem_names_its_key(table: dict[str, object], key: str) -> None:
    """Each mistake is told with file and key."""
    with pytest.raises(InvalidConfigError) as error:
        parse_lexicon(table, "lexicon.toml")
    assert str(error.value).startswith(f"lexicon.toml: {key}")


def test_alternatives_list_every_phrase_once() -> None:
    """Brackets list all combinations of their alternatives; what is listed twice counts once."""
    found = parse_lexicon(
        {"group": [{"name": "a", "missing": ["(没|还没)(退|到账)", "没退款"]}]}, "lexicon.toml"
    )
    assert found.groups[0].missing == ("没退", "没到账", "还没退", "还没到账", "没退款")


def test_alternatives_are_bounded() -> None:
    """A spelling that would list more than 2,000 phrases is refused before it is spread."""
    spelling = "(a|b|c|d|e|f|g|h)" * 20
    with pytest.raises(InvalidConfigError, match="more than 2000 phrases"):
        parse_lexicon({"group": [{"name": "a", "complaints": [spelling]}]}, "lexicon.toml")
