"""Evaluation contexts: whatever an application puts into one, it is a question or a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.api.forms import MAX_ATTRIBUTES
from nudge.api.ofrep.flag_questions import MOST_NAMES, OWN, TARGETING_KEY, flag_question
from nudge.api.ofrep.refusals import FlagErrorCode, FlagRefusal
from nudge.config.slot_schema import CHANNELS
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.values.closed_list import ClosedList
from nudge.settings.settings import Settings

RULES = InputRules("CN", ClosedList(()), ClosedList(()), ("undefined",))
SETTINGS = Settings(secret_key=b"x" * 32)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=220)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(["channel", "page", "city_tier", "last_amount", *OWN]) | st.text(
    max_size=70
)
CONTEXTS = st.dictionaries(NAMES, JSON, max_size=60)


@given(CONTEXTS, st.booleans())
def test_a_visitor_is_enough(context: dict[str, Any], by_server: bool) -> None:  # noqa: FBT001 (drawn)
    """With a visitor there is always a question, of values that a decision can carry."""
    found = flag_question({**context, TARGETING_KEY: "v-1"}, SETTINGS, RULES, by_server=by_server)
    ask = found.ask
    assert (ask.visitor_id, ask.slots) == ("v-1", ())
    assert ask.channel in CHANNELS
    assert ask.page
    assert len(ask.context) <= MAX_ATTRIBUTES
    assert all(isinstance(one, str | int | float | bool | None) for one in ask.context.values())
    assert not {TARGETING_KEY, "channel", "page"} & ask.context.keys()
    assert len(found.left_out) <= MOST_NAMES
    assert by_server or ask.msisdn is None


@given(JSON.filter(lambda one: not isinstance(one, str | int | float)))
def test_a_key_that_is_no_id_is_refused(key: object) -> None:
    """Text and whole numbers are ids; everything else is told as an invalid context."""
    with pytest.raises(FlagRefusal) as caught:
        flag_question({TARGETING_KEY: key}, SETTINGS, RULES, by_server=False)
    assert caught.value.code is FlagErrorCode.INVALID_CONTEXT
    assert caught.value.details.startswith(TARGETING_KEY)


def test_what_fits_is_kept() -> None:
    """Channel and page, attributes and the visitor's own fields arrive in the request."""
    context = {
        TARGETING_KEY: 480001,
        "channel": "APP",
        "page": "recharge",
        "device_token": "d.x",
        "city_tier": "2",
        "msisdn": "13812345678",
    }
    found = flag_question(context, SETTINGS, RULES, by_server=True)
    ask = found.ask
    assert (ask.visitor_id, ask.channel, ask.page) == ("480001", "app", "recharge")
    assert (dict(ask.context), ask.device_token) == ({"city_tier": "2"}, "d.x")
    assert ask.msisdn is not None
    assert found.left_out == ""
