"""An id or a number gathers no more visitors than one person has: who is more is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flow_people import MINE, number, opened, tell
from flow_web import NOW, SERVER, Web

from nudge.domain.choosing.requests import EventRequest, RecordResult
from nudge.domain.people.loading import VisitorRow
from nudge.flows.upkeep.load import VisitorLoader

MOST = 3


@pytest.fixture
def few(web: Web) -> Web:
    """An installation where one id gathers three visitors."""
    store = replace(web.store, most_visitors=MOST)
    return replace(web, store=store, recorder=replace(web.recorder, store=store))


def said(web: Web, visitor: str, **fields: str) -> RecordResult:
    event = EventRequest(f"i-{visitor}", "identified", visitor, NOW, None, fields=fields)
    return web.recorder.record([event], SERVER, NOW)


def told(web: Web, visitor: str) -> RecordResult:
    event = EventRequest(f"n-{visitor}", "identified", visitor, NOW, None, msisdn=number(MINE))
    return web.recorder.record([event], SERVER, NOW)


def test_f09_one_id_gathers_so_many_and_no_more(few: Web) -> None:
    """The next one is rejected, and stays a person of its own; the same event again, too."""
    for name in ("a", "b", "c"):
        assert said(few, name, other_id="till 1").accepted == 1
    for _ in range(2):
        result = said(few, "d", other_id="till 1")
        assert (result.accepted, result.duplicates) == (0, 0)
        assert [one.code for one in result.rejected] == ["too_many_visitors"]
    tell(few, "d", "paid", "p", amount=20)
    subjects = {opened(few, name).subject for name in ("a", "b", "c")}
    assert len(subjects) == 1
    assert opened(few, "d").subject not in subjects
    assert few.store.people.refused_merges() == 2
    # Who is gathered already goes on.
    assert said(few, "a", other_id="till 1").rejected == ()


def test_f09_one_number_gathers_so_many_and_no_more(few: Web) -> None:
    """By events and by a file alike."""
    for name in ("a", "b"):
        assert told(few, name).accepted == 1
    rows = [VisitorRow(name, number(MINE), {}, {}) for name in ("c", "d", "a")]
    done = VisitorLoader(few.store, few.sealer).load(rows)
    assert done.gathered == (1,)
    assert [one.code for one in told(few, "e").rejected] == ["too_many_visitors"]
    assert opened(few, "c").subject == opened(few, "a").subject


def test_f09_what_came_before_the_count_is_counted(few: Web) -> None:
    """Visitors who were gathered by an older version count as well."""
    for name in ("a", "b", "c"):
        told(few, name)
    for key in few.store.client.scan(f"{few.store.keys.namespace}*person:*"):
        few.store.client.call("HDEL", key, "w")
    assert [one.code for one in told(few, "d").rejected] == ["too_many_visitors"]
    rows = [VisitorRow("e", number(MINE), {}, {})]
    assert VisitorLoader(few.store, few.sealer).load(rows).gathered == (0,)


def test_f09_groups_count_as_a_whole(few: Web) -> None:
    """Two visitors and two others are four."""
    said(few, "a", other_id="b")
    said(few, "c", other_id="d")
    assert [one.code for one in said(few, "b", other_id="d").rejected] == []
    assert [one.code for one in said(few, "e", other_id="a").rejected] == ["too_many_visitors"]
