"""Changes of a slot's table."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nudge.config.slot_patch import merge_patch

TABLE: dict[str, Any] = {
    "title": "T",
    "reward": {"event": "paid", "window": "1d"},
    "variants": [{"name": "a", "value": 1}, {"name": "b", "value": 2, "attributes": {"x": 1}}],
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def test_tables_are_merged_and_null_removes() -> None:
    """RFC 7396: a table is merged key by key, null takes a key away, all else replaces."""
    after = merge_patch(TABLE, {"title": None, "reward": {"window": "2d"}, "holdout": 0.1})
    assert "title" not in after
    assert after["reward"] == {"event": "paid", "window": "2d"}
    assert after["holdout"] == 0.1
    assert after["variants"] == TABLE["variants"]


def test_entries_are_changed_added_and_removed_by_name() -> None:
    """The order stays; new ones come last."""
    after = merge_patch(TABLE, {"variants": {"b": {"value": 3}, "a": None, "c": {"value": 4}}})
    assert after["variants"] == [
        {"name": "b", "value": 3, "attributes": {"x": 1}},
        {"name": "c", "value": 4},
    ]


def test_a_list_replaces_the_whole() -> None:
    """As RFC 7396 says of everything that is no table."""
    assert merge_patch(TABLE, {"variants": []})["variants"] == []


@given(st.dictionaries(st.text(max_size=5), json_values))
def test_nothing_breaks_it_and_the_table_stays_as_it_was(patch: dict[str, Any]) -> None:
    """Whatever is sent, there is a result for the schema to judge."""
    before = repr(TABLE)
    for changes in (patch, {"variants": patch}, {"reward": patch}):
        assert set(merge_patch(TABLE, changes)) <= TABLE.keys() | changes.keys()
    once = merge_patch(TABLE, {"reward": patch})
    assert merge_patch(once, {"reward": patch}) == once
    assert repr(TABLE) == before
