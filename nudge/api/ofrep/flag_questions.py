"""Questions of OFREP: from an evaluation context to a request for decisions.

Applications put all sorts of things into a context. What is no attribute costs itself alone; only
without a visitor there is nothing to decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from nudge.api.bodies import json_table
from nudge.api.forms import PAGE_CHANNELS, PAGE_NAME
from nudge.api.ofrep.refusals import FlagErrorCode, FlagRefusal
from nudge.api.schemas.decisions import load_request
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError
from nudge.settings.settings import Settings

TARGETING_KEY: Final = "targetingKey"
OWN: Final = ("device_token", "link_token", "msisdn")
"""Names of a context that are fields of a request for decisions, and no attributes."""
ANY_SLOT: Final = ["any"]
"""In place of the slots while a request is loaded: a bulk call asks for more than a page may."""
MISSING: Final = f"the context has no {TARGETING_KEY}; give the visitor's id"
MOST_NAMES: Final = 200
"""Characters of the names of what was left out."""


@dataclass(frozen=True)
class FlagQuestion:
    """A question about flags for one visitor.

    Attributes:
        ask: request for decisions; its slots are yet to be named.
        left_out: names of the context that did not fit, separated by commas; empty for none.
    """

    ask: DecisionRequest
    left_out: str


def read_context(limit: int) -> dict[str, Any]:
    """Read the evaluation context from the request's body.

    Args:
        limit: largest body, in bytes.

    Raises:
        FlagRefusal: the body is not JSON, or has no context of attributes.
        RequestEntityTooLarge: the body is too large.
        UnsupportedMediaType: the body does not say that it is JSON.
    """
    try:
        body = json_table(limit)
    except InvalidRequestError as error:
        raise FlagRefusal(FlagErrorCode.PARSE_ERROR, str(error)) from error
    context = body.get("context")
    if context is None:
        raise FlagRefusal(FlagErrorCode.TARGETING_KEY_MISSING, MISSING)
    if not isinstance(context, dict):
        told = "the context is not a table; send attributes, such as {targetingKey, city_tier}"
        raise FlagRefusal(FlagErrorCode.INVALID_CONTEXT, told)
    if _is_empty(context.get(TARGETING_KEY)):
        raise FlagRefusal(FlagErrorCode.TARGETING_KEY_MISSING, MISSING)
    return context


def flag_question(
    context: Mapping[str, Any], settings: Settings, rules: InputRules, *, by_server: bool
) -> FlagQuestion:
    """Load an evaluation context; what does not fit is left out and named.

    Args:
        context: with a targeting key.
        settings: have the channel and the page of those that name none.
        rules: for values from outside.
        by_server: a server asks: it may say the visitor's number.

    Raises:
        FlagRefusal: the targeting key is no visitor's id.
    """
    rest, left_out = dict(context), []
    body = {"visitor_id": rest.pop(TARGETING_KEY), "slots": ANY_SLOT}
    for name, default in (("channel", settings.ofrep_channel), ("page", settings.ofrep_page)):
        given = rest.pop(name, None)
        fits = _fits(name, given)
        body[name] = given if fits else default
        if given is not None and not fits:
            left_out.append(name)
    body |= {name: rest.pop(name) for name in OWN if rest.get(name) is not None}
    if not by_server and body.pop("msisdn", None) is not None:
        left_out.append("msisdn")
    try:
        ask = load_request({**body, "context": rest}, rules)
    except InvalidRequestError as error:
        raise FlagRefusal(FlagErrorCode.INVALID_CONTEXT, _told(error)) from error
    left_out += [one.field.removeprefix("context.") for one in ask.warnings]
    return FlagQuestion(replace(ask, slots=()), ", ".join(left_out)[:MOST_NAMES])


def _fits(name: str, given: object) -> bool:
    """Return whether a value can be the channel, or the page."""
    if name == "page":
        return isinstance(given, str) and re.fullmatch(PAGE_NAME, given) is not None
    try:
        PAGE_CHANNELS.parse(given)
    except ValueRefusedError:
        return False
    return True


def _is_empty(key: object) -> bool:
    return key is None or (isinstance(key, str) and not key.strip())


def _told(error: InvalidRequestError) -> str:
    """Return the first message about the targeting key."""
    errors = error.errors if isinstance(error.errors, Mapping) else {}
    messages = errors.get("visitor_id") or [str(error)]
    return f"{TARGETING_KEY}: {messages[0]}"
