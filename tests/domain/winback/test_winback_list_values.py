"""Values of the win-back list: places sort as ranks do; mended causes, gains, dates of calls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.domain.winback.call_date import call_date, date_words
from nudge.domain.winback.contact_effect import ContactVerdict
from nudge.domain.winback.mended_cause import (
    MendedCause,
    alarm_cause,
    cause_id,
    mended_by,
    mended_words,
)
from nudge.domain.winback.uplift_in_force import (
    ExpectedGain,
    GainBand,
    UpliftInForce,
    UpliftTerm,
    expected_gain,
    gain_words,
)
from nudge.domain.winback.winback_place import (
    WinbackPlace,
    WinbackRank,
    behind,
    cursor_of,
    parse_cursor,
    place_of_text,
)
from nudge.domain.winback.winback_policy import KnownDate
from nudge.errors import InvalidRequestError

CALENDAR = OperatorCalendar.named(ZONE)
NOW = 1_780_000_000.0
DAY = 86_400.0
RANKS = st.builds(
    WinbackRank,
    st.booleans(),
    st.booleans(),
    st.integers(-(10**7), 10**7).map(lambda fen: fen / 100),
    st.none() | st.integers(0, 2**33).map(float),
    st.integers(0, 2**33).map(float),
)
WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@given(RANKS, RANKS)
def test_keys_sort_as_ranks_do(one: WinbackRank, other: WinbackRank) -> None:
    """Blocked last, mended first, then the greater gain, the earlier date, who left last."""

    def order(rank: WinbackRank) -> tuple[object, ...]:
        due = float("inf") if rank.due is None else rank.due
        return (rank.blocked, not rank.mended, -rank.gain, due, -rank.left_at)

    assert (one.key < other.key) == (order(one) < order(other))
    assert len(one.key) == len(other.key)


@given(RANKS, WORDS, WORDS, WORDS)
def test_a_place_is_read_back_whatever_its_words(
    rank: WinbackRank, stage: str, reason: str, channel: str
) -> None:
    """Words of gateways may hold any sign; a cursor names the place, and what follows is behind."""
    place = WinbackPlace(rank.key, "0-ab", stage, reason, channel)
    assert place_of_text(place.text) == place
    assert (place.blocked, place.mended) == (rank.blocked, rank.mended)
    assert parse_cursor(cursor_of(place))[:2] == place[:2]
    assert place.text.encode() < behind(place).encode()
    later = place._replace(id="0-ac")
    assert behind(place).encode() < later.text.encode()


@pytest.mark.parametrize("text", ["", "x", "QUJD", "é", "fA", "MTIzfA"])
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    """The message says to begin without it."""
    with pytest.raises(InvalidRequestError, match="begin without it"):
        parse_cursor(text)


def cause(**more: object) -> MendedCause:
    known: dict[str, object] = {"cause": {"method": "wallet"}, "since": NOW, "until": NOW + 9.0}
    return MendedCause(**{"id": "a", "at": NOW + 10, "who": "ann"} | known | more)  # type: ignore[arg-type]


def test_a_cause_covers_who_left_for_it_in_its_time() -> None:
    """All of its dimensions have to fit; one that was taken back covers nobody."""
    facts = {"method": "wallet", "stage": "method", "left_at": NOW + 5}
    assert cause().covers(facts)
    assert not cause().covers(facts | {"left_at": NOW - 1})
    assert not cause().covers(facts | {"left_at": NOW + 99})
    assert not cause().covers(facts | {"method": "card"})
    assert not cause(cause={"method": "wallet", "city": "x"}).covers(facts)
    assert not cause().covers({"method": "wallet"})
    later = cause(id="b", until=NOW + 8)
    assert mended_by([later, cause()], facts) == cause()
    assert mended_by([cause().without_effect(NOW, "bo")], facts) is None


def test_one_cause_has_one_id_and_is_taken_back_once() -> None:
    """The order of its dimensions does not matter; the first who takes it back is kept."""
    one = cause_id({"method": "a", "stage": "b"}, 1.0, 2.0)
    assert one == cause_id({"stage": "b", "method": "a"}, 1.0, 2.0)
    assert one != cause_id({"stage": "b", "method": "a"}, 1.0, 3.0)
    gone = cause().without_effect(5.0, "bo")
    assert gone.without_effect(9.0, "cy") == gone
    assert MendedCause(**gone.plain) == gone


def test_words_of_a_mended_cause_name_it_and_its_time() -> None:
    """In both languages, with the reason that was given."""
    words = mended_words(cause(why="网关恢复"), CALENDAR)
    assert "已修复：支付方式“电子钱包”：网关恢复。" in words["zh"]
    assert "payment method wallet: 网关恢复." in words["en"]


def alarm(names: dict[str, str], *actions: AlarmAction) -> Alarm:
    steps = tuple(AlarmStep(NOW + n, action, "ann") for n, action in enumerate(actions))
    return Alarm("a" * 16, "m", AlarmLevel.WARNING, names, NOW - 9, NOW, {}, steps=steps)


def test_an_alarm_names_a_mended_cause_once_it_is_resolved() -> None:
    """One that names nothing, or what no case has, moves nobody."""
    done = (AlarmAction.OPEN, AlarmAction.RESOLVE)
    found = alarm_cause(alarm({"stage": "method"}, *done), NOW + 5)
    assert found is not None
    assert (found.since, found.until, found.id) == (NOW - 9, NOW + 1, f"alarm:{'a' * 16}")
    assert alarm_cause(alarm({"stage": "method"}, AlarmAction.OPEN), NOW + 5) is None
    assert alarm_cause(alarm({"stage": "method"}, *done, AlarmAction.REOPEN), NOW + 5) is None
    assert alarm_cause(alarm({}, *done), NOW + 5) is None
    assert alarm_cause(alarm({"variant": "b"}, *done), NOW + 5) is None


UPLIFT = UpliftInForce(
    NOW,
    300,
    200,
    ContactVerdict.HELPS_SOME,
    0.05,
    (
        UpliftTerm("amount", 0.001, usual=50.0),
        UpliftTerm("amount", -0.02, up_to=30.0),
        UpliftTerm("stage", 0.1, level="pay"),
    ),
    (GainBand(0.2, 0.15, 0.3), GainBand(-1e300, -0.02, 0.12)),
)


def test_a_gain_is_the_line_within_what_was_measured_of_its_band() -> None:
    """Hand-computed cases; a number that is not known is the usual one, and under no bound."""
    assert UPLIFT.score({"amount": 100.0, "stage": "pay"}) == pytest.approx((0.25, 0.15, 0.3))
    assert UPLIFT.score({}) == pytest.approx((0.1, -0.02, 0.12))
    assert UPLIFT.score({"amount": 10.0, "stage": "pay"}) == pytest.approx((0.12, -0.02, 0.12))
    assert UpliftInForce.read(UPLIFT.plain) == UPLIFT


def test_words_say_what_a_contact_adds_or_that_nothing_can_be_told() -> None:
    """Nothing in force, an interval around nothing, help and harm each have words."""
    assert expected_gain(None, {}) is None
    assert gain_words(None)["en"].startswith("Too few")
    assert gain_words(ExpectedGain(0.1, -0.1, 0.3))["en"].startswith("No difference can be told")
    assert (
        gain_words(ExpectedGain(0.1, 0.05, 0.15))["zh"]
        == "联系后每百人多回来 10.0 人（+5.0 至 +15.0）。"
    )
    assert "2.0 fewer" in gain_words(ExpectedGain(-0.02, -0.03, -0.01))["en"]


def test_the_first_date_that_is_near_moves_the_call() -> None:
    """Days and seconds are dates; what has passed, is far away or is no date moves nothing."""
    dates = (
        KnownDate("ends", before=2 * DAY, within=30 * DAY, title={"zh": "到期日", "en": "end"}),
        KnownDate("expected_at", within=5 * DAY),
    )
    found = call_date(dates, {"ends": NOW + 10 * DAY, "expected_at": NOW + DAY}, NOW, CALENDAR)
    assert found is not None
    assert (found.due, found.known.attribute) == (NOW + DAY, "expected_at")
    found = call_date(dates, {"ends": CALENDAR.label(NOW + 10 * DAY)[:10]}, NOW, CALENDAR)
    assert found is not None
    assert NOW + 7 * DAY < found.due <= NOW + 8 * DAY
    assert "到期日" in date_words(found, CALENDAR)["zh"]
    assert call_date(dates, {"ends": NOW + DAY}, NOW, CALENDAR).due == NOW  # type: ignore[union-attr]
    for known in (
        {"ends": NOW - 1},
        {"ends": NOW + 31 * DAY},
        {"ends": "soon"},
        {"ends": True},
        {},
    ):
        assert call_date(dates, known, NOW, CALENDAR) is None
