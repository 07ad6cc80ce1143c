"""The contact policy's files: the shipped ones are read, each mistake is named with its cure."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from places import CONFIG

from nudge.config.documents.contact_file import (
    FILE,
    contact_warnings,
    load_contact,
    load_contact_words,
    parse_contact,
)
from nudge.domain.contact.contact import Consent, Contact, ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, next_allowed_time
from nudge.domain.contact.pressure_rules import ContentLimit, RollingLimit, SequenceRule
from nudge.errors import InvalidConfigError

SMS = {"name": "sms", "consent": "required"}
OFFER = {"name": "offer"}
DATE = date(2027, 2, 6)


def table(**changes: Any) -> dict[str, Any]:
    """The least that a policy needs, with changes."""
    least = {"zone": "Asia/Shanghai", "complaint_pause": "180d", "channels": [SMS]}
    return {**least, "purposes": [OFFER], **changes}


@pytest.fixture(scope="module")
def shipped() -> ContactPolicy:
    return load_contact(CONFIG)


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("2026-03-02T08:00:00+08:00", None),
        ("2026-03-02T20:59:59+08:00", None),
        ("2026-03-02T07:59:59+08:00", "quiet_hours"),
        ("2026-03-02T21:00:00+08:00", "quiet_hours"),
        ("2026-02-17T12:00:00+08:00", "holiday"),  # Spring Festival, from the package
        ("2026-02-22T12:00:00+08:00", "holiday"),  # its Sunday, from the file of dates
    ],
)
def test_the_shipped_policy_keeps_quiet_hours_and_holidays(
    shipped: ContactPolicy, when: str, reason: str | None
) -> None:
    """A reminder by SMS in Shanghai, to who agreed."""
    at = datetime.fromisoformat(when).timestamp()
    known = ContactFacts(consents=(Consent("sms", 0.0, given=True),))
    assert forbidden(shipped, known, "reminder", "sms", at) == reason
    assert forbidden(shipped, ContactFacts(), "reminder", "sms", at) == "no_consent"
    assert forbidden(shipped, ContactFacts(), "transactional", "sms", at) is None


def test_the_example_of_the_document_is_so(shipped: ContactPolicy) -> None:
    """A promotion on Monday at ten: docs/contact.md says what a reminder may do after it."""
    monday = datetime.fromisoformat("2026-03-02T10:00:00+08:00").timestamp()
    hour, day = 3600.0, 86_400.0
    first = Contact(monday, "sms", "promotion")
    known = ContactFacts((first,), consents=(Consent("sms", 0.0, given=True),))

    def why(at: float) -> str | None:
        return forbidden(shipped, known, "reminder", "sms", at)

    assert why(monday + 10 * hour) == "spacing"
    assert why(monday + 21.5 * hour) == "quiet_hours"
    until = monday + 14 * day
    assert next_allowed_time(shipped, known, "reminder", "sms", monday, until) == monday + day
    known = ContactFacts((first, Contact(monday + day, "sms", "reminder")), consents=known.consents)
    assert why(monday + 3 * day) == "cap_week"
    found = next_allowed_time(shipped, known, "payment_failed", "sms", monday, until)
    assert found == monday + 7 * day - 2 * hour


def test_the_shipped_purposes_rank_failed_payments_first(shipped: ContactPolicy) -> None:
    """A failed-payment reminder beats a monthly one, which beats promotions."""
    ranked = sorted(shipped.purposes.values(), key=lambda one: -one.priority)
    names = [one.name for one in ranked if not one.exempt]
    assert names == ["payment_failed", "reminder", "winback", "promotion"]
    assert shipped.exempt == {"transactional"}


def test_the_least_policy_leaves_the_rest_free() -> None:
    """A limit that is left out is none; no consent is still no contact."""
    found = parse_contact(table(), "contact.toml")
    assert (found.caps.day, found.caps.week, found.caps.month) == (None, None, None)
    assert (found.spacing, found.holidays.country, found.complaint_pause) == (0, None, 180 * 86_400)
    assert found.weekdays == frozenset(range(7))
    assert found.channels["sms"].quiet == ()
    at = datetime(2026, 2, 17, 3, tzinfo=UTC).timestamp()
    assert forbidden(found, ContactFacts(), "offer", "sms", at) == "no_consent"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("21:00-08:00", (75_600, 28_800)),
        ("00:00-08:30", (0, 30_600)),
        ("21:00-24:00", (75_600, 86_400)),
        ("21:00-00:00", (75_600, 0)),
    ],
)
def test_hours_are_seconds_of_the_day(text: str, span: tuple[int, int]) -> None:
    """From and to, over midnight too."""
    found = parse_contact(table(channels=[{**SMS, "quiet": [text]}]), "contact.toml")
    assert found.channels["sms"].quiet == (span,)


def test_never_again_is_a_pause_without_end() -> None:
    """After a complaint, for who wants it so."""
    assert parse_contact(table(complaint_pause="never"), "x").complaint_pause == math.inf


def test_rules_over_several_contacts_are_read() -> None:
    """Limits, content, sequences and receipts; what is exempt may be looked for, never held."""
    receipt = {"name": "receipt", "exempt": True}
    found = parse_contact(
        table(
            purposes=[OFFER, receipt],
            limits=[
                {"most": 10, "within": "24h"},
                {"most": 2, "within": "1m", "channels": ["sms"]},
            ],
            content={"within": "1d", "offers": ["spring"]},
            sequences=[
                {"contact": "offer", "not_after": "receipt", "within": "1h"},
                {"contact": "content:a", "never_with": "content:b"},
            ],
            receipts={"failed": "contact"},
        ),
        "x",
    )
    assert found.limits == (
        RollingLimit(10, 86_400.0),
        RollingLimit(2, 60.0, frozenset({"sms"})),
    )
    assert found.content == ContentLimit(1, 86_400.0)
    assert found.offers == frozenset({"spring"})
    assert found.sequences == (
        SequenceRule("not_after", "offer", "receipt", 3600.0),
        SequenceRule("never_with", "content:a", "content:b", math.inf),
    )
    assert found.failed == "contact"
    least = parse_contact(table(), "x")
    assert (least.limits, least.content, least.sequences) == ((), None, ())
    assert least.failed == "no_contact"
    for one in (
        {"contact": "receipt", "not_after": "offer"},
        {"contact": "offer", "never_with": "receipt"},
    ):
        with pytest.raises(InvalidConfigError, match="is exempt"):
            parse_contact(table(purposes=[OFFER, receipt], sequences=[one]), "x")


def test_dates_may_be_text_or_toml() -> None:
    """Both forms of a date are read."""
    holidays = {"forbidden": ["2027-02-06", date(2027, 2, 7)]}
    found = parse_contact(table(holidays=holidays), "x")
    assert found.holidays.forbidden == {DATE, date(2027, 2, 7)}


@pytest.mark.parametrize(
    ("changes", "key", "cure"),
    [
        ({"zone": "Asia/Shangai"}, "zone", "Asia/Shanghai"),
        ({"spacing": "a day"}, "spacing", "12h"),
        ({"complaint_pause": -1}, "complaint_pause", "never"),
        ({"weekday": ["mon"]}, "weekday", "did you mean 'weekdays'?"),
        ({"weekdays": []}, "weekdays", "list the days"),
        ({"weekdays": ["monday"]}, "weekdays[0]", "did you mean 'mon'?"),
        ({"caps": {"day": 0}}, "caps.day", "give 1 to"),
        ({"caps": {"day": 1.5}}, "caps.day", "write how many"),
        ({"caps": {"days": 1}}, "caps.days", "did you mean 'day'?"),
        ({"caps": {"day": 3, "week": 2}}, "caps.day", "at most 2"),
        ({"caps": {"week": 3, "month": 2}}, "caps.week", "at most 2"),
        ({"limits": [{"most": 0, "within": "1d"}]}, "limits[0].most", "give 1 to 60"),
        ({"limits": [{"most": 61, "within": "1d"}]}, "limits[0].most", "give 1 to 60"),
        ({"limits": [{"within": "1d"}]}, "limits[0].most", "write how many"),
        ({"limits": [{"most": 2}]}, "limits[0].within", "up to 31 days"),
        ({"limits": [{"most": 2, "within": "32d"}]}, "limits[0].within", "up to 31 days"),
        ({"limits": [{"most": 2, "within": "never"}]}, "limits[0].within", "up to 31 days"),
        (
            {"limits": [{"most": 2, "within": "1d", "channels": ["sns"]}]},
            "limits[0].channels",
            "did you mean 'sms'?",
        ),
        (
            {"limits": [{"most": 2, "within": "1d", "purposes": ["offers"]}]},
            "limits[0].purposes",
            "did you mean 'offer'?",
        ),
        (
            {"limits": [{"most": 2, "within": "1d", "channels": []}]},
            "limits[0].channels",
            "leave it out for all",
        ),
        ({"content": {"within": "1x"}}, "content.within", "12h"),
        ({"content": {"most": 1}}, "content.within", "up to 31 days"),
        ({"content": {"offers": [""]}}, "content.offers", "such as"),
        ({"content": {"same": 1, "within": "1d"}}, "content.same", "is unknown"),
        ({"sequences": [{"contact": "offer"}]}, "sequences[0].contact", "give one of never_with"),
        (
            {"sequences": [{"contact": "offer", "not_after": "offer", "only_after": "offer"}]},
            "sequences[0].contact",
            "give one of never_with",
        ),
        (
            {"sequences": [{"contact": "offers", "not_after": "offer"}]},
            "sequences[0].contact",
            "did you mean 'offer'?",
        ),
        (
            {"sequences": [{"contact": "offer", "not_after": "content:"}]},
            "sequences[0].not_after",
            "content:spring",
        ),
        (
            {"sequences": [{"contact": "offer", "only_after": "offer"}]},
            "sequences[0].only_after",
            "name another one",
        ),
        (
            {"sequences": [{"contact": "offer", "not_after": "offer", "within": "400d"}]},
            "sequences[0].within",
            "up to 366 days",
        ),
        ({"receipts": {"failed": "perhaps"}}, "receipts.failed", "no_contact"),
        ({"holidays": {"country": "XX"}}, "holidays.country", "CN"),
        ({"holidays": {"region": "BY"}}, "holidays.region", "name the country"),
        ({"holidays": {"country": "DE", "region": "BX"}}, "holidays.region", "BY"),
        ({"holidays": {"forbidden": ["2026-02-30"]}}, "holidays.forbidden[0]", "2027-02-06"),
        ({"holidays": {"forbidden": [datetime(2026, 2, 1, tzinfo=UTC)]}}, "holidays", "2027-02-06"),
        (
            {"holidays": {"forbidden": [DATE], "allowed": [DATE]}},
            "holidays.allowed",
            "give it in one list",
        ),
        ({"channels": []}, "channels", "list 1 to"),
        ({"channels": [SMS, SMS]}, "channels.sms.name", "give each a name of its own"),
        ({"channels": [{"name": "sms"}]}, "channels.sms.consent", "required"),
        ({"channels": [{**SMS, "consent": "no"}]}, "channels.sms.consent", "unless_refused"),
        ({"channels": [{**SMS, "quiet": ["25:00-8:00"]}]}, "channels.sms.quiet[0]", "21:00-08:00"),
        ({"channels": [{**SMS, "quiet": ["08:00-08:00"]}]}, "channels.sms.quiet[0]", "differ"),
        ({"channels": [{**SMS, "quiet": ["00:00-24:00"]}]}, "channels.sms.quiet[0]", "differ"),
        (
            {"channels": [{**SMS, "quiet": ["08:00-20:00", "20:00-08:00"]}]},
            "channels.sms.quiet",
            "leave hours to send in",
        ),
        ({"channels": [{**SMS, "capacity": 0}]}, "channels.sms.capacity", "give 1 to"),
        ({"purposes": [OFFER, OFFER]}, "purposes.offer.name", "give each a name of its own"),
        ({"purposes": [{**OFFER, "priority": 1.5}]}, "purposes.offer.priority", "whole number"),
        ({"purposes": [{**OFFER, "share": 0}]}, "purposes.offer.share", "more than 0"),
        ({"purposes": [{**OFFER, "share": 1.1}]}, "purposes.offer.share", "at most 1"),
        ({"purposes": [{**OFFER, "exempt": 1}]}, "purposes.offer.exempt", "true or false"),
        (
            {"purposes": [{**OFFER, "exempt": True, "share": 0.5}]},
            "purposes.offer.share",
            "leave it out",
        ),
    ],
)
def test_a_problem_names_file_key_and_cure(changes: dict[str, Any], key: str, cure: str) -> None:
    """One mistake is one line that says where it is and what would be right."""
    with pytest.raises(InvalidConfigError) as caught:
        parse_contact(table(**changes), "contact.toml")
    [told] = caught.value.problems
    assert told.startswith(f"contact.toml: {key}")
    assert cure in told


@pytest.mark.parametrize("key", ["complaint_pause", "channels", "purposes"])
def test_what_must_be_there_is_asked_for(key: str) -> None:
    """There is no default for whom a message is for, and how the customer is protected."""
    left = {name: value for name, value in table().items() if name != key}
    with pytest.raises(InvalidConfigError) as caught:
        parse_contact(left, "contact.toml")
    [told] = caught.value.problems
    assert told.startswith(f"contact.toml: {key}: is missing; ")


TEXT = """
zone = "Asia/Shanghai"
complaint_pause = "never"
[holidays]
country = "CN"
allowed = ["2027-02-06"]
file = "dates.toml"
[[channels]]
name = "sms"
consent = "required"
[[purposes]]
name = "offer"
"""


def test_the_file_of_dates_is_added(tmp_path: Path) -> None:
    """Dates of both files count."""
    (tmp_path / "contact.toml").write_text(TEXT)
    (tmp_path / "dates.toml").write_text("forbidden = [2027-02-08]\nallowed = [2027-02-10]\n")
    found = load_contact(tmp_path).holidays
    assert found.forbidden == {date(2027, 2, 8)}
    assert found.allowed == {DATE, date(2027, 2, 10)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("forbiden = []", "dates.toml: forbiden: is unknown; did you mean 'forbidden'?"),
        ("forbidden = [1]", "dates.toml: forbidden[0]: 1 is not a date"),
        ("forbidden = [", "dates.toml: is not TOML"),
        (
            "forbidden = [2027-01-05]\nallowed = [2027-01-05]",
            "dates.toml: allowed: 2027-01-05 is forbidden too",
        ),
        (
            "forbidden = [2027-02-06]",
            "contact.toml: holidays.allowed: 2027-02-06 is forbidden in the file of dates",
        ),
        (None, "dates.toml: cannot be read"),
    ],
)
def test_mistakes_in_both_files_are_told_at_once(
    tmp_path: Path, text: str | None, expected: str
) -> None:
    """Each with the file that it is in."""
    (tmp_path / "contact.toml").write_text(TEXT)
    if text is not None:
        (tmp_path / "dates.toml").write_text(text)
    with pytest.raises(InvalidConfigError) as caught:
        load_contact(tmp_path)
    [told] = caught.value.problems
    assert told.startswith(f"{tmp_path}/{expected}")
    if not expected.startswith("dates"):
        return
    (tmp_path / "contact.toml").write_text(TEXT.replace("Shanghai", "Shangai"))
    with pytest.raises(InvalidConfigError) as caught:
        load_contact(tmp_path)
    assert [one.startswith(f"{tmp_path}/contact.toml: zone") for one in caught.value.problems] == [
        True,
        False,
    ]


def test_f15_the_operator_s_zone_holds_where_the_policy_names_none(tmp_path: Path) -> None:
    """Customers of unknown zone live by the operator's clock; `nudge check` tells of another."""
    text = (CONFIG / FILE).read_text()
    (tmp_path / "holidays.toml").write_text((CONFIG / "holidays.toml").read_text())
    (tmp_path / FILE).write_text(text)
    left_out = load_contact(tmp_path, "Asia/Kathmandu")
    assert left_out.zone.key == "Asia/Kathmandu"
    assert contact_warnings(left_out, "Asia/Kathmandu") == []
    (tmp_path / FILE).write_text(f'zone = "Asia/Urumqi"\n{text}')
    named = load_contact(tmp_path, "Asia/Kathmandu")
    assert named.zone.key == "Asia/Urumqi"
    [warning] = contact_warnings(named, "Asia/Kathmandu")
    assert "Asia/Urumqi" in warning
    assert "Asia/Kathmandu" in warning


def test_f03_the_words_are_known_without_a_contact_policy(tmp_path: Path) -> None:
    """Without the file its channels and purposes are those of the shipped one."""
    shipped = [one.words for one in load_contact_words(CONFIG)]
    assert [one.words for one in load_contact_words(tmp_path)] == shipped
