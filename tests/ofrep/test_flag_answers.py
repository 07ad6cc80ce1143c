"""Reasons, values and tags of flags. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import shipped_slots

from nudge.api.ofrep.flag_answers import flag_answer, flag_reason, is_seen, tag_of
from nudge.domain.choosing.requests import SlotAnswer
from nudge.domain.journal.records import DecisionReason
from nudge.settings.flag_terms import FlagKind, FlagTerms

BANNER = shipped_slots()["banner"]
ONE = SlotAnswer("a" * 26, "coffee", {"link": "/c"}, 0.25, "policy", "auto", 3, False, False)
ALONE = replace(
    BANNER, variants=tuple(replace(v, enabled=v.name == "coffee") for v in BANNER.variants)
)
FIXED = replace(BANNER, policy={"kind": "fixed", "arm": "coffee"}, floor=0.0)


@pytest.mark.parametrize(
    ("reason", "propensity", "told"),
    [
        (DecisionReason.POLICY, 0.25, "SPLIT"),
        (DecisionReason.POLICY, 1.0, "TARGETING_MATCH"),
        (DecisionReason.USUAL, 1.0, "TARGETING_MATCH"),
        (DecisionReason.ONLY_ELIGIBLE, 1.0, "TARGETING_MATCH"),
        (DecisionReason.HOLDOUT, 1.0, "STATIC"),
        (DecisionReason.FORCED, 1.0, "STATIC"),
        (DecisionReason.FALLBACK, 1.0, "DEFAULT"),
        (DecisionReason.SHADOW, 1.0, "DEFAULT"),
    ],
)
def test_each_reason_has_one_of_openfeature_s(
    reason: DecisionReason, propensity: float, told: str
) -> None:
    """A draw is a split, a rule a match, what is the same for all static, a fallback default."""
    given_ = replace(ONE, reason=reason, propensity=propensity)
    assert flag_reason(given_, BANNER, "home") == told
    found = flag_answer(given_, BANNER, FlagTerms("banner"), "home")["metadata"]
    assert found["reason"] == reason
    assert found["holdout"] == (reason == DecisionReason.HOLDOUT)
    assert found["fallback"] == (told == "DEFAULT")


def test_what_is_the_same_for_all_is_static() -> None:
    """One enabled variant, or a fixed one, leaves nothing to choose; a fallback is one anyway."""
    alone = replace(ONE, reason=DecisionReason.ONLY_ELIGIBLE, propensity=1.0)
    assert flag_reason(alone, ALONE, "home") == "STATIC"
    assert flag_reason(replace(ONE, propensity=1.0), FIXED, "home") == "STATIC"
    off = replace(alone, reason=DecisionReason.FALLBACK)
    assert flag_reason(off, ALONE, "home") == "DEFAULT"


def test_a_fallback_that_alone_is_left_is_the_default() -> None:
    """A fallback that rules left alone is `DEFAULT`: no rule matched."""
    left = replace(ONE, variant="data_draw", reason=DecisionReason.ONLY_ELIGIBLE, propensity=1.0)
    assert flag_reason(left, BANNER, "home") == "DEFAULT"


@pytest.mark.parametrize(
    ("terms", "value"),
    [
        (FlagTerms("banner"), {"link": "/c"}),
        (FlagTerms("banner", FlagKind.OBJECT), {"link": "/c"}),
        (FlagTerms("banner", FlagKind.STRING), "coffee"),
        (FlagTerms("banner", FlagKind.STRING, "link"), "/c"),
        (FlagTerms("banner", FlagKind.BOOLEAN, values={"coffee": False}), False),
        (FlagTerms("banner", FlagKind.NUMBER, values={"coffee": 0}), 0),
        (FlagTerms("banner", values={"coffee": ""}), ""),
    ],
)
def test_a_variant_becomes_a_value_of_the_flag_s_kind(terms: FlagTerms, value: object) -> None:
    """The settings' value counts first, then the named part; false, 0 and "" are values."""
    assert flag_answer(ONE, BANNER, terms, "home")["value"] == value


def test_a_value_that_is_null_is_left_to_the_application() -> None:
    """Without a value in the answer, the default in the application's code stands."""
    found = flag_answer(replace(ONE, value=None), BANNER, FlagTerms("banner"), "home")
    assert "value" not in found
    assert found["variant"] == "coffee"


def told(**changes: Any) -> dict[str, Any]:
    """A flag as answered."""
    return flag_answer(replace(ONE, **changes), BANNER, FlagTerms("banner"), "home")


CHANGES = {
    "decision_id": st.text("abc", min_size=1, max_size=3),
    "variant": st.sampled_from(BANNER.names),
    "value": st.sampled_from([None, 0, False, "", {}, {"a": 1}]),
    "propensity": st.sampled_from([0.1, 0.2, 1.0]),
    "reason": st.sampled_from(["policy", "holdout", "usual"]),
    "policy_version": st.integers(0, 3),
}


@given(st.fixed_dictionaries(CHANGES), st.fixed_dictionaries(CHANGES))
def test_equal_answers_and_only_they_have_one_tag(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """The tag is a function of all that is answered: no change hides behind a 304."""
    first, second = told(**one), told(**other)
    tags = tag_of([first], ("k", "v")), tag_of([second], ("k", "v"))
    assert (repr(first) == repr(second)) == (tags[0] == tags[1])
    assert tag_of([first], ("k", "w")) != tags[0]


def test_the_id_of_a_fallback_that_does_not_stick_is_no_change() -> None:
    """Each call would log such a fallback under another id, and show the same."""
    ids = [told(reason="fallback", decision_id=one) for one in ("a", "b")]
    assert tag_of(ids[:1], ()) == tag_of(ids[1:], ())
    other = told(reason="fallback", variant="video")
    assert tag_of([other], ()) != tag_of(ids[:1], ())


def test_a_tag_is_found_among_others() -> None:
    """If-None-Match may list tags, weak ones and those that proxies marked."""
    tag = tag_of([], ("v",))
    assert is_seen(tag, f'W/"x", "{tag}-gzip"')
    assert not is_seen(tag, f'"{tag[:-1]}"')
