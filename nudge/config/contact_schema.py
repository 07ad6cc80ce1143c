"""The schema of `config/contact.toml` and of the file of dates beside it."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any, Final

from marshmallow import ValidationError, validate, validates_schema
from marshmallow import fields as ma

from bandits.units import DAY, HOUR, MINUTE
from nudge.config.slot_fields import (
    Duration,
    FiniteNumber,
    Flag,
    Items,
    OneOf,
    StrictTable,
    field_texts,
)
from nudge.config.slot_schema import NAME
from nudge.domain.basics.duration import parse_duration
from nudge.domain.basics.local_time import find_zone
from nudge.domain.contact.contact import MAX_CONTACTS
from nudge.domain.contact.pressure_rules import MAX_TAG, SEQUENCE_KINDS
from nudge.domain.contact.reply import spell

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST: Final = 50
MOST_OFFERS: Final = 1000
OFFERS: Final = 'list tags of content that are offers, such as ["spring"], or leave it out'
MAX_CAP: Final = 1000
MAX_CAPACITY: Final = 10**9
MAX_ROLLING: Final = MAX_CONTACTS
"""Most contacts that a rolling limit can tell: as many as are remembered of a visitor."""
MOST_REPLIES: Final = 200
LONGEST_REPLY: Final = 30
LONGEST_TEXT: Final = 1000
MOST_TEXTS: Final = 500
MAX_PROOF_MONTHS: Final = 240
LONGEST_ROLLING: Final = 31 * DAY
LONGEST_SEQUENCE: Final = 366 * DAY
_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


class LocalHours(ma.Field[tuple[int, int]]):
    """A field for hours of the local day, such as "21:00-08:00", read as seconds of the day."""

    right = 'write local hours, such as "21:00-08:00"'

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (marshmallow's own options)
        super().__init__(**options, **field_texts(self.right))

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[int, int]:
        found = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError(f"{value!r} does not fit; {self.right}")
        hour, minute, until, past = found.groups()
        start = _seconds(hour, minute)
        end = DAY if until is None else _seconds(until, past)
        if start == end or (start, end) == (0, DAY):
            raise ValidationError(
                f"{value!r} is nothing or the whole day; write two times that differ, or leave the "
                "channel out"
            )
        return start, end


class Pause(ma.Field[float]):
    """A field for a duration in seconds; infinite for "never"."""

    right = 'write a duration, such as "180d", or "never"'

    def _deserialize(self, value: object, *_: object, **__: object) -> float:
        try:
            return parse_duration(value)
        except ValueError as error:
            raise ValidationError(f"{value!r} is not a duration; {self.right}") from error


class Day(ma.Field[date]):
    """A field for a date, written as a TOML date or as text."""

    right = 'write a date, such as "2027-02-06"'

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, **field_texts(self.right))

    def _deserialize(self, value: object, *_: object, **__: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise ValidationError(f"{value!r} is not a date; {self.right}") from error


def a_zone(name: str) -> None:
    """Raise ValidationError for a text that is not a time zone."""
    if find_zone(name) is None:
        raise ValidationError(f"{name!r} is not a time zone; name one such as Asia/Shanghai")


def says_something(word: str) -> None:
    """Raise ValidationError for a word of which nothing is left when it is compared."""
    if not spell(word):
        raise ValidationError(f"{word!r} has neither letters nor digits; write a word")


def _seconds(hour: str, minute: str) -> int:
    return HOUR * int(hour) + MINUTE * int(minute)


def _count(right: str, most: int) -> ma.Integer:
    within = validate.Range(1, most, error=f"is out of range; give 1 to {most}")
    return ma.Integer(strict=True, validate=within, **field_texts(right))


def _share(value: float) -> None:
    if not 0 < value <= 1 or not math.isfinite(value):
        raise ValidationError("is out of range; give more than 0, at most 1")


class CapsSchema(StrictTable):
    """The table `[caps]`: the most contacts in a day, a week and a month."""

    day = _count("write how many contacts a day are the most, or leave it out", MAX_CAP)
    week = _count("write how many contacts a week are the most, or leave it out", MAX_CAP)
    month = _count("write how many contacts a month are the most, or leave it out", MAX_CAP)


class DatesSchema(StrictTable):
    """Dates that override the public holidays."""

    forbidden = Items(Day(), **field_texts('list dates, such as ["2027-02-06"]'))
    allowed = Items(Day(), **field_texts('list dates, such as ["2027-02-06"]'))


class HolidaysSchema(DatesSchema):
    """The table `[holidays]`: days on which nothing goes out."""

    country = ma.String(**field_texts("write the code of a country, such as CN, or leave it out"))
    region = ma.String(**field_texts("write the code of a part of the country, or leave it out"))
    file = ma.String(
        validate=validate.Length(1, error="is empty; name a file, or leave it out"),
        **field_texts('name a file beside this one, such as "holidays.toml"'),
    )


def _aliases() -> Items:
    right = 'list other spellings, such as ["短信"], or leave it out'
    return Items(ma.String(validate=validate.Length(1, 64, error=right)), **field_texts(right))


class ChannelSchema(StrictTable):
    """An entry of `[[channels]]`: a channel that reaches visitors."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the channel, such as sms"))
    consent = ma.String(
        required=True,
        validate=OneOf("required", "unless_refused"),
        **field_texts("use required or unless_refused"),
    )
    quiet = Items(LocalHours(), **field_texts('list local hours, such as ["21:00-08:00"]'))
    capacity = _count("write the contacts in an hour, or leave it out", MAX_CAPACITY)
    aliases = _aliases()


class PurposeSchema(StrictTable):
    """An entry of `[[purposes]]`: a purpose of contacts."""

    name = ma.String(
        required=True, validate=NAME, **field_texts("name the purpose, such as reminder")
    )
    priority = ma.Integer(
        strict=True,
        load_default=0,
        **field_texts("write a whole number: what is higher goes first"),
    )
    exempt = Flag(load_default=False, **field_texts("write true or false"))
    share = FiniteNumber(
        load_default=1.0, validate=_share, **field_texts("write a share, such as 0.8")
    )
    aliases = _aliases()


def _within(right: str, longest: float, *, required: bool = True) -> Duration:
    return Duration(right, longest=longest, required=required)


def _names(right: str) -> Items:
    name = ma.String(validate=NAME, **field_texts(right))
    empty = validate.Length(1, MOST, error="is empty or too long; leave it out for all")
    return Items(name, load_default=list, validate=empty, **field_texts(right))


class LimitSchema(StrictTable):
    """An entry of `[[limits]]`: the most contacts in any stretch of a length."""

    most = ma.Integer(
        strict=True,
        required=True,
        validate=validate.Range(1, MAX_ROLLING, error=f"is out of range; give 1 to {MAX_ROLLING}"),
        **field_texts("write how many contacts are the most"),
    )
    within = _within('write a duration up to 31 days, such as "24h" or "1m"', LONGEST_ROLLING)
    channels = _names('list channels of this file, such as ["sms"], or leave it out for all')
    purposes = _names('list purposes of this file, such as ["offer"], or leave it out for all')


class ContentSchema(StrictTable):
    """The table `[content]`: how often the same content may go out, and which of it is an offer."""

    most = ma.Integer(
        strict=True,
        validate=validate.Range(1, MAX_ROLLING, error=f"is out of range; give 1 to {MAX_ROLLING}"),
        **field_texts("write how often the same content may go out, or leave it out for once"),
    )
    within = _within(
        'write a duration up to 31 days, such as "1d", or leave it out for no limit',
        LONGEST_ROLLING,
        required=False,
    )
    offers = Items(
        ma.String(validate=validate.Length(1, MAX_TAG, error=OFFERS), **field_texts(OFFERS)),
        load_default=list,
        validate=validate.Length(max=MOST_OFFERS, error=f"is too long; list at most {MOST_OFFERS}"),
        **field_texts(OFFERS),
    )


class SequenceSchema(StrictTable):
    """An entry of `[[sequences]]`: a contact, and the other one that it must not or has to meet."""

    right = 'name a purpose of this file, or a tag such as "content:spring"'
    contact = ma.String(required=True, **field_texts(right))
    never_with = ma.String(**field_texts(right))
    not_after = ma.String(**field_texts(right))
    only_after = ma.String(**field_texts(right))
    within = _within(
        'write a duration up to 366 days, such as "7d", or leave it out for ever',
        LONGEST_SEQUENCE,
        required=False,
    )

    @validates_schema
    def _one_kind(self, data: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 (marshmallow's own signature)
        """Refuse an entry that says nothing, or several things."""
        if len(SEQUENCE_KINDS & data.keys()) != 1:
            text = "says nothing, or several things; give one of never_with, not_after, only_after"
            raise ValidationError(text, "contact")


class ReceiptsSchema(StrictTable):
    """The table `[receipts]`: whether a message that did not arrive is a contact."""

    failed = ma.String(
        load_default="no_contact",
        validate=OneOf("no_contact", "contact"),
        **field_texts("use no_contact or contact"),
    )


class RepliesSchema(StrictTable):
    """The table `[replies]`: words by which a reply to an SMS refuses all further ones."""

    refusals = Items(
        ma.String(
            validate=[
                validate.Length(1, LONGEST_REPLY, error=f"give 1 to {LONGEST_REPLY} characters"),
                says_something,
            ],
            **field_texts('write a word, such as "td"'),
        ),
        validate=validate.Length(1, MOST_REPLIES, error=f"is empty; list 1 to {MOST_REPLIES}"),
        **field_texts('list words, such as ["td", "退订"], or leave it out for the shipped ones'),
    )


class ConsentTableSchema(StrictTable):
    """The table `[consent]`: how long a proof of consent is kept."""

    proof_months = _count("write a number of months, or leave it out", MAX_PROOF_MONTHS)


class MessageTextSchema(StrictTable):
    """An entry of `[[texts]]`: the text of an SMS, which `nudge check` looks at."""

    content = ma.String(
        required=True,
        validate=validate.Length(1, 64, error="give 1 to 64 characters"),
        **field_texts('write the tag of its content, such as "spring"'),
    )
    text = ma.String(
        required=True,
        validate=validate.Length(1, LONGEST_TEXT, error=f"give 1 to {LONGEST_TEXT} characters"),
        **field_texts("write the text as it is sent, with its signature"),
    )
    purpose = ma.String(
        validate=NAME, **field_texts("name a purpose of this file, or leave it out")
    )
    variables = ma.Dict(
        keys=ma.String(validate=NAME),
        values=ma.String(validate=validate.Length(max=LONGEST_TEXT)),
        **field_texts('write {name = "the longest value"}'),
    )


class ContactFileSchema(StrictTable):
    """The whole file `config/contact.toml`."""

    zone = ma.String(
        validate=a_zone,
        **field_texts("name a time zone such as Asia/Shanghai, or leave it out for the operator's"),
    )
    spacing = Duration(
        'write a duration up to 31 days, such as "24h", or leave it out',
        longest=31 * DAY,
        required=False,
    )
    complaint_pause = Pause(required=True, **field_texts(Pause.right))
    weekdays = Items(
        ma.String(validate=OneOf(*WEEKDAYS), **field_texts("name a weekday: mon, tue, ...")),
        load_default=list(WEEKDAYS),
        validate=validate.Length(1, error="is empty; list the days, or leave it out for all"),
        **field_texts('list weekdays, such as ["mon", "tue"]'),
    )
    caps = ma.Nested(CapsSchema, load_default=dict, **field_texts("write [caps] with day = 1"))
    limits = Items(
        ma.Nested(LimitSchema),
        load_default=list,
        validate=validate.Length(max=MOST, error=f"is too long; list at most {MOST}"),
        **field_texts("write each limit as [[limits]]"),
    )
    content = ma.Nested(
        ContentSchema,
        load_default=lambda: {"offers": []},
        **field_texts('write [content] with within = "1d"'),
    )
    sequences = Items(
        ma.Nested(SequenceSchema),
        load_default=list,
        validate=validate.Length(max=MOST, error=f"is too long; list at most {MOST}"),
        **field_texts("write each sequence as [[sequences]]"),
    )
    receipts = ma.Nested(
        ReceiptsSchema,
        load_default=lambda: {"failed": "no_contact"},
        **field_texts('write [receipts] with failed = "no_contact"'),
    )
    replies = ma.Nested(
        RepliesSchema, load_default=dict, **field_texts('write [replies] with refusals = ["td"]')
    )
    texts = Items(
        ma.Nested(MessageTextSchema),
        load_default=list,
        validate=validate.Length(max=MOST_TEXTS, error=f"is too long; list at most {MOST_TEXTS}"),
        **field_texts("write each text as [[texts]]"),
    )
    consent = ma.Nested(
        ConsentTableSchema,
        load_default=dict,
        **field_texts("write [consent] with proof_months = 36"),
    )
    holidays = ma.Nested(
        HolidaysSchema, load_default=dict, **field_texts('write [holidays] with country = "CN"')
    )
    channels = Items(
        ma.Nested(ChannelSchema),
        required=True,
        validate=validate.Length(1, MOST, error=f"is empty or too long; list 1 to {MOST}"),
        **field_texts("write each channel as [[channels]]"),
    )
    purposes = Items(
        ma.Nested(PurposeSchema),
        required=True,
        validate=validate.Length(1, MOST, error=f"is empty or too long; list 1 to {MOST}"),
        **field_texts("write each purpose as [[purposes]]"),
    )
