"""Counts of an audience: the rules of serving, samples with their interval, few people hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nudge.config.slot_available import parse_available
from nudge.domain.audience.audience import Audience, AudienceMember, count_eligible
from nudge.domain.audience.audience_report import audience_report, share_interval
from nudge.domain.audience.known_attributes import known_attributes

AT = 1_790_000_000.0


def audience(cities: Sequence[str | None], visitors: int | None = None) -> Audience:
    """An audience whose members live in cities; None for one that nobody knows."""
    members = tuple(
        AudienceMember("wap", "home", {"city": city, "amount": 50}, ("data",)) for city in cities
    )
    return Audience(members, len(members) if visitors is None else visitors, 700.0, AT)


def told(found: Audience, **available: Any) -> dict[str, Any]:
    count = count_eligible(found, parse_available(available), AT)
    return audience_report(found, count, known_attributes(found), 7)


def test_a_sample_stands_for_all_with_an_interval() -> None:
    """Of a sample the number is scaled, and the share has an interval that holds it."""
    found = told(
        audience(["杭州"] * 100 + ["宁波"] * 300, 40_000), when={"attribute": "city", "is": "杭州"}
    )
    assert (found["eligible"], found["share"], found["sampled"]) == (10_000, 0.25, 400)
    low, high = found["interval"]
    assert 0.2 < low < 0.25 < high < 0.3
    assert "约有 10,000 位" in found["headline"]["zh"]
    assert found["attributes"][1]["values"][0] == {"value": "宁波", "visitors": 30_000}


def test_an_interval_covers_the_share_of_which_the_sample_is() -> None:
    """In 2,000 samples of 200 the interval holds the true share in 93 to 97 of a hundred."""
    rng = np.random.default_rng(3)
    drawn = rng.binomial(200, 0.1, 2_000) / 200
    ends = [share_interval(float(share), 200) for share in drawn]
    held = np.mean([low <= 0.1 <= high for low, high in ends])
    assert 0.93 <= held <= 0.97


def test_a_whole_audience_has_no_interval() -> None:
    """The number is exact where all visitors were looked at."""
    found = told(audience(["杭州"] * 30), when={"attribute": "city", "is": "杭州"})
    assert (found["eligible"], found["interval"], found["hidden"]) == (30, None, False)


@pytest.mark.parametrize("eligible", [0, 1, 19])
def test_fewer_than_twenty_are_not_told(eligible: int) -> None:
    """Neither nobody nor a few can be told from each other."""
    found = told(
        audience(["杭州"] * eligible + ["宁波"] * 50), when={"attribute": "city", "is": "杭州"}
    )
    assert (found["hidden"], found["eligible"], found["share"]) == (True, None, None)
    assert "不足 20 位" in found["headline"]["zh"]


def test_dates_and_stock_do_not_matter_and_benefits_do() -> None:
    """A promotion that is over or sold out has visitors; who has the benefit is none of them."""
    members = audience(["杭州"] * 30)
    over = {"ends": "2020-01-01T00:00:00+08:00", "stock": 0}
    assert told(members, **over)["eligible"] == 30
    assert told(members, exclusive="data")["hidden"] is True
    assert told(members, exclusive="video")["eligible"] == 30


def test_what_is_not_known_decides_for_nobody() -> None:
    """A visitor without the attribute is neither in nor out, also behind `not`."""
    rule = {"not": {"attribute": "city", "is": "杭州"}}
    found = told(audience(["宁波"] * 30 + [None] * 30), when=rule)
    assert (found["eligible"], found["undecided"]) == (30, 30)
    assert found["known"] == [{"attribute": "city", "share": 0.5}]
    assert "城市" in found["remarks"][0]["zh"]
