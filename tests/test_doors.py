"""One door for each kind of value: every way in gives one answer to one value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from typing import Final

import pytest
from places import CONFIG

from nudge.api.forms import PAGE_CHANNELS
from nudge.api.schemas.decisions import load_request
from nudge.api.schemas.events import EventDoor
from nudge.api.schemas.timings import load_plan_request
from nudge.config.documents.input_rules import load_input_rules
from nudge.domain.basics.calendar import OperatorCalendar, parse_date
from nudge.domain.choosing.requests import EventRequest, RejectedEvent
from nudge.domain.credit.import_values import RowError, by_door, seconds_of
from nudge.domain.identity.number import Number
from nudge.domain.people.visitor_file import VisitorColumns
from nudge.domain.reports.questions import period_of
from nudge.domain.timing.plan_rows import PlanTerms
from nudge.domain.values.amounts import parse_amount
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.ids import parse_id
from nudge.domain.values.instants import LATEST, parse_instant
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.plain_text import trim
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.values.words import parse_word
from nudge.errors import InvalidRequestError
from nudge.settings.settings import load

VALUES: Final = 2_000
REFUSED: Final = "refused"
SEEDS: Final = (
    *("wsp1", "user/13", "480001", "480001.0", "4.8E+12", "0571", "undefined", "NULL", "游客", "0"),
    *("00000000-0000-0000-0000-000000000000", "13812345678", "+86 138 1234 5678", "13812345678.0"),
    *(
        "1.3812345678E+10",
        "1.38E+10",
        "14912345678",
        "sms",
        "SMS",
        "短信",
        "ＳＭＳ",
        "email",
        "call",
    ),
    *("reminder", "Promotion", "web", "WAP", "app", "yes", "N", "是", "否", "同意", "拒绝", "true"),
    *("50", "50.00", "1,000", "1_000", "0.001", "-5", "100000.01", "1e3", "nan", "inf", "五十"),
    *("1795734600", "1795734600000", "46353.5", "20261127", "1970-01-01T00:00:00Z", "9999-12-31"),
    *(
        "2026-11-27T07:30:00+08:00",
        "2026-11-27 07:30",
        "2026-11-27",
        "yesterday",
        "half \ud83d",
        "",
    ),
)
ODD: Final = (
    *(480_001, 480_001.0, 480_001.5, 0, 1, -1, True, False, None, math.nan, math.inf, -math.inf),
    *(1e308, 5e-324, 2**53, 2**70, -(2**70), 10**400, 1_795_734_600, 1_795_734_600_000, 46_353.5),
    *(13_812_345_678, 13_812_345_678.0, 5000, 50.005, 99.99, 100_000.01, [], {}, ["sms"], {"a": 1}),
)
BLANKS: Final = ("", " ", "\t", "\u3000", "\u200b", "\ufeff", "\u00a0", "\r\n")
JUNK: Final = ("\x00", "\n", "\u202e", "\ud83d", "😀", "'", '"', ";", "=1+1", "%", "x" * 300)


def awkward_values() -> Iterator[object]:
    """Yield the values: seeds, with blanks around them, other case, and junk in them."""
    random = Random(8)  # noqa: S311 (the same values every time)
    yield from (*SEEDS, *ODD)
    for _ in range(VALUES - len(SEEDS) - len(ODD)):
        text = random.choice(SEEDS)
        for _ in range(random.randrange(3)):
            cut = random.randrange(len(text) + 1)
            text = random.choice(
                (
                    random.choice(BLANKS) + text + random.choice(BLANKS),
                    text.swapcase(),
                    text[:cut] + random.choice(JUNK) + text[cut:],
                    text[:cut],
                    text + random.choice(SEEDS),
                )
            )
        yield text


RULES: Final = load_input_rules(
    load({"NUDGE_SECRET_KEY": "s" * 32, "NUDGE_CONFIG_DIR": str(CONFIG)})
)
DOOR: Final = EventDoor(server=True, rules=RULES, is_known=lambda _: False, now=0.0)
Door = Callable[[object], object]


def from_event(value: object, *, kind: str, field: str, **more: object) -> object:
    """The value that an event holds in a field; refused where the event or the field was."""
    event = {"event_id": "e", "type": kind, "visitor_id": "v", **more, field: value}
    found = DOOR.load(event)
    if isinstance(found, RejectedEvent) or any(one.field == field for one in found.warnings):
        return REFUSED
    own = {"visitor_id": found.visitor_id, "at": found.at, "msisdn": _number(found)}
    return {**found.fields, **own}[field]


def _number(found: EventRequest) -> object:
    return found.msisdn.e164 if found.msisdn else REFUSED


def _e164(found: object) -> object:
    return found.e164 if isinstance(found, Number) else found


def from_decision(value: object, *, field: str) -> object:
    """The value that a decision's question holds in a field."""
    body = {"visitor_id": "v", "channel": "web", "page": "home", "slots": ["banner"], field: value}
    try:
        found = load_request(body, RULES)
    except InvalidRequestError:
        return REFUSED
    if any(one.field == field for one in found.warnings):
        return REFUSED
    held = getattr(found, field)
    return _e164(held) if field == "msisdn" else held


def from_timing(value: object, *, field: str) -> object:
    """The value that a question for a send time holds in a field."""
    try:
        return getattr(load_plan_request({"visitor_id": "v", field: value}, RULES), field)
    except InvalidRequestError:
        return REFUSED


def from_plan(value: object, *, field: str) -> object:
    """The value that a row of a file to plan holds in a column."""
    if value is None or (isinstance(value, str) and not trim(value)):
        return REFUSED  # an empty cell says nothing: the file's purpose holds
    (found,) = PlanTerms(RULES, "reminder").read_each([{"visitor_id": "v", field: value}])
    return REFUSED if isinstance(found, str) else getattr(found, field)


def from_load(value: object, *, column: str) -> object:
    """The value that a row of a file of visitors holds in a column."""
    if value is None or value == "":
        return REFUSED  # an empty cell says nothing
    columns = VisitorColumns.of(("visitor_id", "msisdn", "consent_sms", "consent_sms_at"), RULES)
    found = columns.row({"visitor_id": "v", "consent_sms": True, column: value}, LATEST)
    if isinstance(found, str) or any(one.startswith(f"{column} ") for one in found.warnings):
        return REFUSED
    consent = found.consents.get("sms")
    return {
        "visitor_id": found.visitor_id,
        "msisdn": _e164(found.msisdn),
        "consent_sms": consent and consent.given,
        "consent_sms_at": consent and consent.at,
    }[column]


def from_import(value: object, *, column: str) -> object:
    """The value that a row of a historical log holds in a column."""
    try:
        if column == "at":
            return seconds_of(value, column, LATEST)
        return by_door(parse_id, value, column)
    except RowError:
        return REFUSED


def from_own(value: object, *, door: Door) -> object:
    """The value that a door itself makes of one."""
    try:
        return door(value)
    except ValueRefusedError:
        return REFUSED


def from_question(value: object) -> object:
    """The beginning of a report's period."""
    if value is None or (isinstance(value, str) and parse_date(trim(value)) is not None):
        return REFUSED  # a plain date is a day of the calendar, which only a period may be
    try:
        return period_of(value, None, OperatorCalendar()).start
    except InvalidRequestError:
        return REFUSED


DOORS: Final[Mapping[str, Mapping[str, Door]]] = {
    "id": {
        "rules": partial(from_own, door=RULES.visitor_id),
        "event": partial(from_event, kind="complaint", field="visitor_id"),
        "decision": partial(from_decision, field="visitor_id"),
        "timing": partial(from_timing, field="visitor_id"),
        "plan": partial(from_plan, field="visitor_id"),
        "load": partial(from_load, column="visitor_id"),
    },
    "purpose": {
        "rules": partial(from_own, door=RULES.purposes.parse),
        "sent": partial(from_event, kind="sms_sent", field="purpose", decision_id="d"),
        "contacted": partial(from_event, kind="contacted", field="purpose", channel="sms"),
        "timing": partial(from_timing, field="purpose"),
        "plan": partial(from_plan, field="purpose"),
    },
    "channel": {
        "rules": partial(from_own, door=RULES.channels.parse),
        "consent": partial(from_event, kind="consent", field="channel", given=True),
        "contacted": partial(from_event, kind="contacted", field="channel", purpose="reminder"),
    },
    "page channel": {
        "form": partial(from_own, door=PAGE_CHANNELS.parse),
        "decision": partial(from_decision, field="channel"),
    },
    "amount": {
        "yuan": partial(from_own, door=parse_amount),
        "paid": partial(from_event, kind="paid", field="amount"),
        "step": partial(from_event, kind="step", field="amount", step="amount"),
    },
    "flag": {
        "flag": partial(from_own, door=parse_flag),
        "consent": partial(from_event, kind="consent", field="given", channel="sms"),
        "load": partial(from_load, column="consent_sms"),
    },
    "number": {
        "rules": lambda value: _e164(from_own(value, door=RULES.number)),
        "paid": partial(from_event, kind="paid", field="msisdn", amount=50),
        "identified": partial(from_event, kind="identified", field="msisdn"),
        "decision": partial(from_decision, field="msisdn"),
        "load": partial(from_load, column="msisdn"),
    },
    "word": {
        "word": partial(from_own, door=lambda value: mask_numbers(parse_word(value))),
        "reason": partial(from_event, kind="payment_failed", field="reason"),
        "group": partial(from_event, kind="benefit_granted", field="group"),
        "outcome": partial(from_event, kind="winback_outcome", field="outcome"),
    },
    "instant": {
        "instant": partial(from_own, door=parse_instant),
        "event": partial(from_event, kind="complaint", field="at"),
        "load": partial(from_load, column="consent_sms_at"),
        "import": partial(from_import, column="at"),
        "report": from_question,
    },
}


@pytest.mark.parametrize("kind", DOORS)
def test_every_door_gives_one_answer(kind: str) -> None:
    """The same 2,000 awkward values get the same answers at every door of their kind."""
    values = list(awkward_values())
    assert len(values) == VALUES
    for value in values:
        answers = {name: door(value) for name, door in DOORS[kind].items()}
        assert len(set(map(repr, answers.values()))) == 1, (value, answers)
