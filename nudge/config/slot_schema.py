"""The schema of a slot's table: one for the files, the store and the API's document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate, validates_schema
from marshmallow import fields as ma

from bandits.units import DAY
from nudge.config.slot_fields import (
    Duration,
    FiniteNumber,
    Flag,
    Instant,
    Items,
    Json,
    JsonTable,
    Matches,
    OneOf,
    RuleTable,
    StrictTable,
    field_texts,
)
from nudge.domain.basics.slot_values import (
    ATTRIBUTE_FORM,
    json_problem,
    scalar_problem,
    text_problem,
)
from nudge.domain.slots.reward_event import REWARDING_EVENTS, problem_of
from nudge.domain.slots.rule import EXAMPLE
from nudge.domain.slots.slot import FrozenServes, OfferTerms, SlotMode
from nudge.domain.values.instants import AVAILABLE
from nudge.domain.values.plain_text import parse_text
from nudge.domain.values.refusal import ValueRefusedError

CHANNELS = ("web", "wap", "app", "miniprogram", "sms")
STICKY_BY = ("page", "channel", "failure")

MAX_WINDOW = 7.0 * DAY
"""Longest reward window: a visitor's ids and open exposures are remembered for this time."""
MAX_STICKINESS = 366.0 * DAY
MAX_VARIANTS = 64
MAX_TITLE = 60
MODES = tuple(one.value for one in SlotMode)
FROZEN_SERVES = tuple(one.value for one in FrozenServes)
RULE_CURE = "write the operator's rule as text: ATTRIBUTE:VALUE=VARIANT,*=VARIANT"
METRICS = ("abandonment", "downgrade")
MAX_ALPHA = 0.5
MAX_STOCK = 10**12
MAX_YUAN = 100_000
MAX_MULTIPLE = 1000
MAX_BATCHES = 24
MAX_CHANNELS = 10
MAX_PRIORITY = 1000
MAX_REVISION = 2**53
"""Largest revision that every JSON reader can tell from the next."""

NAME = Matches(
    r"[a-z0-9][a-z0-9_.-]{0,63}",
    "begin with a-z or 0-9; use a-z, 0-9, _ . - only, at most 64 characters",
)
ATTRIBUTE = Matches(
    ATTRIBUTE_FORM,
    "begin with a-z; use a-z, 0-9, _ only, at most 64 characters",
)


class AvailableSchema(StrictTable):
    """A variant's table `available`: limits on channel, page, time and stock."""

    channels = Items(
        ma.String(validate=OneOf(*CHANNELS), **field_texts("name a channel")),
        **field_texts('list channels, such as ["web", "app"]'),
    )
    pages = Items(
        ma.String(
            validate=validate.Length(1, error="is empty; name a page"), **field_texts("name a page")
        ),
        **field_texts('list pages, such as ["home"]'),
    )
    requires = Items(
        ma.String(validate=ATTRIBUTE, **field_texts("name a context attribute")),
        **field_texts('list context attributes, such as ["last_number"]'),
    )
    starts = Instant(
        AVAILABLE, **field_texts("write a date and time with its zone: 2026-01-01T00:00:00+08:00")
    )
    ends = Instant(
        AVAILABLE, **field_texts("write a date and time with its zone: 2026-02-01T00:00:00+08:00")
    )
    when = RuleTable(**field_texts(f"write a rule such as {EXAMPLE}"))
    stock = ma.Integer(
        strict=True,
        validate=validate.Range(0, MAX_STOCK, error="is out of range; give how many there are"),
        **field_texts("write a whole number: how many there are"),
    )
    exclusive = ma.String(validate=NAME, **field_texts("name the group of benefits"))


def _title(text: str) -> None:
    try:
        parse_text(text, MAX_TITLE)
    except ValueRefusedError as error:
        raise ValidationError(str(error)) from error


class TitleSchema(StrictTable):
    """A variant's table `title`: its name in sentences and tables, by language."""

    zh = ma.String(validate=_title, **field_texts("write the name in Chinese"))
    en = ma.String(validate=_title, **field_texts("write the name in English"))


class VariantSchema(StrictTable):
    """An entry of `[[variants]]`: one alternative of the slot."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the variant"))
    title = ma.Nested(
        TitleSchema, **field_texts('write a table such as { zh = "充值送咖啡", en = "Coffee" }')
    )
    value = Json(required=True, allow_none=True, **field_texts("give what the page receives"))
    attributes = JsonTable("write a table such as { amount = 50 }", check=scalar_problem)
    enabled = Flag(load_default=True, **field_texts("write true or false"))
    available = ma.Nested(
        AvailableSchema, **field_texts('write a table such as { pages = ["home"] }')
    )


class ContextSchema(StrictTable):
    """An entry of `[[context]]`: one context attribute."""

    name = ma.String(required=True, validate=ATTRIBUTE, **field_texts("name the attribute"))
    kind = ma.String(
        required=True,
        validate=OneOf("category", "number", "flag"),
        **field_texts("use one of category, number, flag"),
    )
    cells = Items(
        ma.Raw(**field_texts("give a category or a cut point")),
        **field_texts("list the categories, or the rising cut points of a number"),
    )


class StickinessSchema(StrictTable):
    """The table `[stickiness]`: the time for which a visitor keeps a decision."""

    period = Duration('write a duration up to 366 days, such as "1d"', longest=MAX_STICKINESS)
    by = Items(
        ma.String(validate=OneOf(*STICKY_BY), **field_texts(f"use one of {', '.join(STICKY_BY)}")),
        **field_texts('list request fields, such as ["page"]'),
    )


def _rewarding(text: str) -> None:
    if (wrong := problem_of(text)) is not None:
        raise ValidationError(wrong)


class RewardSchema(StrictTable):
    """The table `[reward]`: the event that rewards an exposure, and its window."""

    objective = ma.String(
        load_default="conversion",
        validate=OneOf("conversion", "revenue"),
        **field_texts("use conversion or revenue"),
    )
    event = ma.String(
        required=True,
        validate=_rewarding,
        **field_texts(
            f"name the event type: {', '.join(REWARDING_EVENTS)}; or join some by + or |"
        ),
    )
    window = Duration('write a duration up to 7 days, such as "3d"', longest=MAX_WINDOW)


class GuardSchema(StrictTable):
    """The table `[guard]`: the harm that freezes the slot."""

    metrics = Items(
        ma.String(validate=OneOf(*METRICS), **field_texts("use one of abandonment, downgrade")),
        required=True,
        validate=validate.Length(1, error="is empty; name what to watch"),
        **field_texts('list what to watch, such as ["abandonment"]'),
    )
    alpha = FiniteNumber(
        load_default=0.05,
        validate=validate.Range(
            0,
            MAX_ALPHA,
            min_inclusive=False,
            error="{input} is out of range; write a chance above 0, such as 0.05",
        ),
        **field_texts("write a chance above 0, such as 0.05"),
    )
    every = Duration('write a duration up to a day, such as "1m"', longest=DAY, required=False)
    matured = Flag(load_default=False, **field_texts("write true or false"))


def _yuan(value: float) -> None:
    if not 0 < value <= MAX_YUAN or round(value, 2) != value:
        right = f"give yuan, more than 0 and at most {MAX_YUAN}, with at most 2 decimals"
        raise ValidationError(f"{value:g} is out of range; {right}")


class FreeAmountSchema(StrictTable):
    """The table `[free_amount]`: limits in yuan of an amount that visitors type themselves."""

    min = FiniteNumber(
        required=True, validate=_yuan, **field_texts("give the least amount in yuan")
    )
    max = FiniteNumber(
        required=True, validate=_yuan, **field_texts("give the largest amount in yuan")
    )
    step = FiniteNumber(
        required=True, validate=_yuan, **field_texts("give the yuan between two amounts")
    )


class AffordableSchema(StrictTable):
    """The table `[affordable]`: the largest amount of a variant, as a multiple of the usual one."""

    multiple = FiniteNumber(
        required=True,
        validate=validate.Range(
            1,
            MAX_MULTIPLE,
            error=f"{{input}} is out of range; write a number from 1 to {MAX_MULTIPLE}",
        ),
        **field_texts("write how many times the usual amount it may be, such as 3"),
    )


class ComparisonSchema(StrictTable):
    """The table `[comparison]`: the group of visitors who get the operator's own rule."""

    rule = ma.String(**field_texts(RULE_CURE))
    share = FiniteNumber(
        load_default=0.0,
        validate=validate.Range(
            0, 1, max_inclusive=False, error="{input} is out of range; write a share from 0 to 0.99"
        ),
        **field_texts("write a share from 0 to 0.99"),
    )

    @validates_schema(skip_on_field_errors=True)
    def check_rule(self, data: Mapping[str, Any], **_: object) -> None:
        """Require a rule where somebody is to get it."""
        if data["share"] > 0 and "rule" not in data:
            raise ValidationError({"rule": [f"is missing; {RULE_CURE}, or share = 0"]})


class TrialsSchema(StrictTable):
    """The table `[trials]` of `sms_timing`: how many plans of a batch may explore."""

    most = FiniteNumber(
        load_default=0.05,
        validate=validate.Range(
            0, 1, error="{input} is out of range; write a share from 0 to 1, such as 0.05"
        ),
        **field_texts("write a share from 0 to 1, such as 0.05"),
    )
    batches = ma.Integer(
        load_default=3,
        strict=True,
        validate=validate.Range(
            1, MAX_BATCHES, error=f"is out of range; write a whole number from 1 to {MAX_BATCHES}"
        ),
        **field_texts("write how many batches gain from what is learned, such as 3"),
    )


class OffersSchema(StrictTable):
    """The table `[offers]`: the variants are offers, which other channels may make as well."""

    purpose = ma.String(
        load_default=OfferTerms.purpose,
        validate=NAME,
        **field_texts('name a purpose of the contact policy, such as "promotion"'),
    )
    channels = Items(
        ma.String(validate=NAME, **field_texts("name a channel of the contact policy")),
        load_default=list(OfferTerms.channels),
        validate=validate.Length(max=MAX_CHANNELS, error=f"has too many; list {MAX_CHANNELS}"),
        **field_texts('list channels of the contact policy, such as ["push", "sms", "call"]'),
    )
    priority = ma.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(
            -MAX_PRIORITY, MAX_PRIORITY, error="is out of range; write a whole number up to 1000"
        ),
        **field_texts("write a whole number; the higher goes first"),
    )


class SlotSchema(StrictTable):
    """The whole table of a slot at one revision."""

    slot = ma.String(
        required=True, validate=NAME, **field_texts("name the slot, as its file is named")
    )
    revision = ma.Integer(
        strict=True,
        load_default=1,
        validate=validate.Range(
            1, MAX_REVISION, error="is out of range; write a whole number from 1 on"
        ),
        **field_texts("write a whole number from 1 on"),
    )
    title = ma.String(load_default="", **field_texts("write a text for people"))
    mode = ma.String(
        load_default=SlotMode.LIVE.value,
        validate=OneOf(*MODES),
        **field_texts("use one of live, shadow, frozen, off"),
    )
    frozen_serves = ma.String(
        load_default=FrozenServes.POLICY.value,
        validate=OneOf(*FROZEN_SERVES),
        **field_texts("use policy or fallback: what a frozen slot shows"),
    )
    guard = ma.Nested(GuardSchema, **field_texts('write [guard] with metrics = ["abandonment"]'))
    on = ma.String(
        required=True,
        validate=OneOf("decision", "shown"),
        **field_texts('write "decision" or "shown": what counts as the exposure'),
    )
    holdout = FiniteNumber(
        load_default=0.0,
        validate=validate.Range(
            0, 1, max_inclusive=False, error="{input} is out of range; write a share from 0 to 0.99"
        ),
        **field_texts("write a share from 0 to 0.99"),
    )
    floor = FiniteNumber(
        **field_texts("write a probability, at most 1 / variants, or leave it out")
    )
    stickiness = ma.Nested(
        StickinessSchema, required=True, **field_texts('write [stickiness] with period = "1d"')
    )
    reward = ma.Nested(
        RewardSchema,
        required=True,
        **field_texts('write [reward] with event = "paid", window = "3d"'),
    )
    free_amount = ma.Nested(
        FreeAmountSchema, **field_texts("write [free_amount] with min = 1, max = 500, step = 1")
    )
    affordable = ma.Nested(AffordableSchema, **field_texts("write [affordable] with multiple = 3"))
    comparison = ma.Nested(
        ComparisonSchema,
        **field_texts('write [comparison] with rule = "page:home=100,*=50", share = 0.05'),
    )
    trials = ma.Nested(TrialsSchema, **field_texts("write [trials] with most = 0.05, batches = 3"))
    offers = ma.Nested(
        OffersSchema, **field_texts('write [offers] with channels = ["push", "sms", "call"]')
    )
    policy = JsonTable('write [policy] with kind = "auto"', check=json_problem)
    fallback = JsonTable(
        "write [fallback] with default = the name of a variant", check=text_problem, required=True
    )
    context = Items(ma.Nested(ContextSchema), **field_texts("write each attribute as [[context]]"))
    variants = Items(
        ma.Nested(VariantSchema),
        required=True,
        validate=validate.Length(
            1, MAX_VARIANTS, error=f"has too few or too many; give 1 to {MAX_VARIANTS} variants"
        ),
        **field_texts("write each variant as [[variants]]"),
    )
