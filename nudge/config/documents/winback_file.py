"""The rules of win-back as a file (`config/winback.toml`), read with every problem named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from bandits.units import DAY, MINUTE
from nudge.config.documents.contact_file import FILE as CONTACT
from nudge.config.documents.contact_file import load_contact_words
from nudge.config.documents.funnel_file import FILE as FUNNEL
from nudge.config.documents.funnel_file import load_funnel
from nudge.config.slot_fields import (
    Duration,
    FiniteNumber,
    Flag,
    Items,
    OneOf,
    RuleTable,
    StrictTable,
    field_texts,
)
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import ATTRIBUTE, NAME
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.care.signal import PATH_LEFT
from nudge.domain.care.trail import FAILED, LEFT
from nudge.domain.care.trail_plan import TrailPlan
from nudge.domain.care.warning_rule import (
    CaseKind,
    CaseLevel,
    Combination,
    Condition,
    EventTest,
    Thing,
    WarningRule,
)
from nudge.domain.funnel.funnel import Funnel
from nudge.domain.slots.rule import ALL, read_rule
from nudge.domain.winback.winback_policy import TOPIC, KnownDate, WinbackPolicy
from nudge.errors import InvalidConfigError

FILE: Final = "winback.toml"
MOST_RULES: Final = 50
MOST_SHARE: Final = 0.5
LONGEST_AFTER: Final = 30.0 * DAY
LONGEST: Final = 400.0 * DAY
ONCE: Final = 7.0 * DAY
AHEAD: Final = 31.0 * DAY
CITY: Final = "city"
"""Dimension of the funnel that tells the city group."""
_MOST_WORDS: Final = 50
_LEVELS: Final = tuple(one.value for one in CaseLevel if one is not CaseLevel.PROPOSAL)


def _titles() -> ma.Dict:
    known = validate.OneOf(("zh", "en"), error="unknown language; use zh, en")
    return ma.Dict(
        keys=ma.String(validate=known),
        values=ma.String(**field_texts("write a text for people")),
        load_default=dict,
        **field_texts('write { zh = "...", en = "..." }'),
    )


def _names(right: str) -> Items:
    return Items(
        ma.String(validate=validate.Length(1, 100), **field_texts("write a name")),
        load_default=list,
        validate=validate.Length(0, _MOST_WORDS, error=f"is too long; list at most {_MOST_WORDS}"),
        **field_texts(right),
    )


def _span(right: str, longest: float) -> Duration:
    return Duration(f"write a time such as {right}", longest=longest, required=False)


class WinbackRuleSchema(StrictTable):
    """An entry of `[[rules]]`."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the rule"))
    title = _titles()
    stages = _names('list stages of funnel.toml, such as ["pay_tapped", "method"]')
    failed = Flag(load_default=False, **field_texts("write true to ask for a failed payment"))
    reasons = _names('list reasons of failed payments, such as ["insufficient_balance"]')
    methods = _names('list methods of payment, such as ["wallet"]')
    amount_at_least = FiniteNumber(
        validate=validate.Range(0, 1e6, error="is out of range; write yuan"),
        **field_texts("write an amount in yuan, such as 30"),
    )
    when = RuleTable(**field_texts('write a rule such as { attribute = "tier", is = "high" }'))
    after = _span('"30m", at most 30 days', LONGEST_AFTER)
    level = ma.String(
        load_default=CaseLevel.WARNING.value,
        validate=OneOf(*_LEVELS),
        **field_texts(f"use {', '.join(_LEVELS)}"),
    )


class KnownDateSchema(StrictTable):
    """An entry of `[[dates]]`."""

    attribute = ma.String(required=True, validate=ATTRIBUTE, **field_texts("name an attribute"))
    title = _titles()
    before = _span('"14d", at most 400 days', LONGEST)
    within = _span('"60d", at most 400 days', LONGEST)


class WinbackFileSchema(StrictTable):
    """The file `config/winback.toml`."""

    purpose = ma.String(
        load_default=TOPIC, validate=NAME, **field_texts("name a purpose of contact.toml")
    )
    channels = _names('list channels of contact.toml, such as ["call", "sms"]')
    held_share = FiniteNumber(
        load_default=0.1,
        validate=validate.Range(0, MOST_SHARE, error=f"is out of range; write 0 to {MOST_SHARE}"),
        **field_texts("write the share of visitors who are held out, such as 0.1"),
    )
    once = _span('"7d", at most 400 days', LONGEST)
    offers = _names('list slots whose variants are offers, such as ["banner"]')
    value = ma.String(
        load_default="usual_amount", validate=ATTRIBUTE, **field_texts("name an attribute")
    )
    ahead = _span('"31d", at most 62 days', 62 * DAY)
    alarms_back = _span('"30d", at most 400 days', LONGEST)
    dates = Items(
        ma.Nested(KnownDateSchema),
        load_default=list,
        validate=validate.Length(0, 20, error="is too long; list at most 20"),
        **field_texts("write each date as [[dates]]"),
    )
    rules = Items(
        ma.Nested(WinbackRuleSchema),
        load_default=list,
        validate=validate.Length(0, MOST_RULES, error=f"is too long; list at most {MOST_RULES}"),
        **field_texts("write each rule as [[rules]]"),
    )


def load_winback(place: Path | ConfigTables) -> WinbackPolicy:
    """Load the policy of win-back of a configuration; without the file nobody is won back.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    if not tables.has(FILE):
        return WinbackPolicy()
    source = str(tables.place(FILE))
    if not tables.has(FUNNEL):
        raise InvalidConfigError([f"{source}: rules: need the stages of {FUNNEL}; write that file"])
    words = load_contact_words(tables) if tables.has(CONTACT) else None
    names = (words[1].words, words[0].words) if words else None
    return parse_winback(tables.read(FILE), source, load_funnel(tables), names)


def parse_winback(
    table: Mapping[str, object],
    source: str,
    funnel: Funnel,
    contact: tuple[Collection[str], Collection[str]] | None = None,
) -> WinbackPolicy:
    """Parse the policy of win-back of a plain table.

    Args:
        table: of the file.
        source: of the file, for messages.
        funnel: whose stages rules name.
        contact: purposes and channels of the contact policy; None where there is none.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = _schema().load(table)
        found = [*_problems(data, funnel), *_contact_problems(data, contact)]
    except ValidationError as error:
        found, data = list(problems_of(error.messages, table)), {}
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    return WinbackPolicy(
        tuple(_rule(one, data) for one in data["rules"]),
        _plan(data, funnel) if data["rules"] else None,
        data["purpose"],
        tuple(data["channels"]),
        tuple(
            KnownDate(x["attribute"], x.get("before", 0.0), x.get("within", 60 * DAY), x["title"])
            for x in data["dates"]
        ),
        data["value"],
        data.get("ahead", AHEAD),
        data.get("alarms_back", 30 * DAY),
    )


def offer_warnings(policy: WinbackPolicy, slots: Collection[str]) -> list[str]:
    """Return the slots that `offers` names and that are not there, as texts for `nudge check`."""
    named = policy.trails.offers if policy.trails else frozenset()
    return [
        f"{FILE}: offers: no slot is named {name!r}; {suggestion(name, slots)}"
        for name in sorted(named - set(slots))
    ]


@cache
def _schema() -> WinbackFileSchema:
    return WinbackFileSchema()


def _rule(one: Mapping[str, Any], data: Mapping[str, Any]) -> WarningRule:
    return WarningRule(
        one["name"],
        Combination(ALL, tuple(_conditions(one))),
        CaseLevel(one["level"]),
        topic=TOPIC,
        thing=Thing.VISITOR,
        once=data.get("once", ONCE),
        title=one["title"],
        kind=CaseKind.WINBACK,
        held_share=data["held_share"],
    )


def _conditions(one: Mapping[str, Any]) -> Iterator[Condition]:
    words = (frozenset(one[name]) for name in ("stages", "reasons", "methods"))
    scenes, reasons, methods = words
    yield EventTest(PATH_LEFT, scenes=scenes, reasons=reasons, methods=methods)
    if one["failed"] or reasons:
        yield read_rule({"attribute": FAILED, "known": True})
    if "amount_at_least" in one:
        yield read_rule({"attribute": f"{LEFT}amount", "at_least": one["amount_at_least"]})
    if "when" in one:
        yield one["when"]


def _plan(data: Mapping[str, Any], funnel: Funnel) -> TrailPlan:
    after = {one["name"]: one.get("after", funnel.late) for one in data["rules"]}
    return TrailPlan(
        WatchPlan(funnel.watched, funnel.gap),
        funnel.late,
        min(_first(one, funnel) for one in data["rules"]),
        after,
        frozenset(data["offers"]),
        funnel.dimensions.get(CITY, ""),
        funnel.gap,
    )


def _first(one: Mapping[str, Any], funnel: Funnel) -> int:
    """Return the number of the first stage of which a rule asks."""
    if one["stages"]:
        return min(funnel.names.index(name) for name in one["stages"])
    return len(funnel.stages) - 1 if one["failed"] or one["reasons"] else 0


def _problems(data: Mapping[str, Any], funnel: Funnel) -> Iterator[Problem]:
    names = Counter(one["name"] for one in data["rules"])
    for name in (name for name, count in names.items() if count > 1):
        yield f"rules.{name}.name", "is given twice; give each a name of its own"
    stages = funnel.names[:-1]
    for one in data["rules"]:
        for stage in one["stages"]:
            if stage not in stages:
                hint = suggestion(stage, stages)
                yield f"rules.{one['name']}.stages", f"names {stage!r}, no stage to leave; {hint}"
        if one.get("after", funnel.late) < funnel.gap:
            gap = f"{funnel.gap / MINUTE:g}m"
            wrong = f"is shorter than a visit's pause; write at least {gap!r}, the gap of {FUNNEL}"
            yield f"rules.{one['name']}.after", wrong


def _contact_problems(
    data: Mapping[str, Any], contact: tuple[Collection[str], Collection[str]] | None
) -> Iterator[Problem]:
    if contact is None:
        return
    purposes, channels = contact
    if data["purpose"] not in purposes:
        hint = suggestion(data["purpose"], purposes)
        yield "purpose", f"{data['purpose']!r} is not listed in {CONTACT}; {hint}"
    for name in data["channels"]:
        if name not in channels:
            yield "channels", f"{name!r} is not listed in {CONTACT}; {suggestion(name, channels)}"
