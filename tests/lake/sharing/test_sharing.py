"""Shared payments: each counted once, under the slots that attribution credits with it."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from lake_samples import SEALER
from merging_world import AT, World, record

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.records import Event
from nudge.domain.people.credit import credits_of, slots_of
from nudge.domain.people.facts import REFUNDABLE
from nudge.domain.reports.questions import Period, period_of
from nudge.domain.reports.report_table import BOM
from nudge.domain.sharing.month_question import MonthQuestion, month_question
from nudge.domain.sharing.sharing_table import sharing_csv
from nudge.domain.slots.slot import Scalar
from nudge.errors import InvalidRequestError
from nudge.flows.reports.shared import shared
from nudge.lake.engine.query import connect
from nudge.lake.engine.sql import sql_view
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.sharing.shared_payments import shared_payments

START, END = AT, AT + 86_400.0
KINDS = ("decision", "decision", "decision", "paid", "paid", "refunded", "link", "run")


def written(root: Path, world: World) -> Lake:
    """The world's journals as a lake."""
    lake = Lake(root)
    for p, journal in sorted(world.journals.items()):
        of = Range(p, 0, len(journal))
        files = writer.write(lake.root, [of], [journal], SEALER.seal_each)
        manifest.write(lake.root, Manifest(of, files[p], journal[-1].stamp))
    return lake


def told(
    subject: str, name: str, kind: str, fields: Mapping[str, Scalar], at: float | None = None
) -> Event:
    """An event that a server sends."""
    return Event(subject, name, kind, "server", None, fields, at=at)


def lived(people: int, seed: int, *, ordered: bool = False) -> World:
    """Visitors who see slots, pay, get money back and turn out to be each other, in any order.

    `ordered`: all is told in the order in which it happened.
    """
    rng, world = np.random.default_rng(seed), World()

    def draw(choices: Sequence[Any]) -> Any:
        return choices[int(rng.integers(len(choices)))]

    for person in range(people):
        ids = [(f"{person:015x}{side}" * 2, person % 2 + 2 * side) for side in range(2)]
        paid: list[tuple[tuple[str, int], str, int]] = []
        if ordered and person % 2:
            world.link(*ids)
        for number in range(int(rng.integers(1, 13))):
            who, kind = ids[0] if ordered else draw(ids), draw(KINDS)
            name, at = f"{person}-{number}", 50 * number if ordered else draw(range(301))
            if kind == "decision":
                world.append(who[1], record(who[0], name, (kind, at, draw((0, 1)))))
            elif kind == "paid":
                amount = draw((20, 30, 40, 50))
                fields: dict[str, Scalar] = {REFUNDABLE: True, "amount": amount}
                paid.append((who, name, amount))
                world.append(who[1], told(who[0], name, kind, fields, AT + 60 * at))
            elif kind == "refunded" and paid:
                whose, of, amount = draw(paid)
                fields = {"refund_of": of, "amount": draw((amount, amount // 2))}
                world.append(whose[1], told(whose[0], name, kind, fields))
            elif kind == "link" and not ordered:
                world.link(*ids)
            elif kind == "run":
                world.run()
    world.run()
    return world


def truth(world: World) -> tuple[Counter[frozenset[str]], Counter[str]]:
    """The payments by the slots that their visitors' states credit with them; fen by slot."""
    slots: defaultdict[str, set[str]] = defaultdict(set)
    fen: Counter[str] = Counter()
    for p in list(world.visitors):
        for state in world.visitors[p].values():
            for slot in slots_of(state):
                for events in credits_of(state, slot).values():
                    for one in events:
                        slots[one.event_id].add(slot)
                        fen[slot] += one.value
    return Counter(frozenset(names) for names in slots.values()), fen


@pytest.mark.parametrize(
    ("people", "seeds"), [(100, 1), pytest.param(100, 200, marks=pytest.mark.soak)]
)
def test_payments_are_credited_as_attribution_credits_them(
    tmp_path: Path, people: int, seeds: int
) -> None:
    """By each set of slots, payments and fen are those of the visitors' states.

    Also where exposures come late, payments have two ids of one visitor, and money comes back.
    """
    for seed in range(15, 15 + seeds):
        world = lived(people, seed)
        found = shared_payments(connect(written(tmp_path / str(seed), world)), START, END)
        expected, fen = truth(world)
        got = {names: count.payments for names, count in found.sets.items() if names}
        assert got == dict(expected)
        assert {slot: found.of(slot).fen for slot in found.slots} == dict(fen)


def by_hand(lake: Lake, since: float, until: float) -> tuple[dict[frozenset[str], Any], Any]:
    """Payments and fen by the slots that were credited, and conversions by slot and reason."""
    low, high = (f"make_timestamp({at:.0f}000000)" for at in (since, until))
    within = f'"at" >= {low} AND "at" < {high}'
    asked = duckdb.connect()
    for table in ("rewards", "events"):
        asked.execute(f"CREATE TABLE {table} AS {sql_view(lake, table)}")
    asked.execute(f"""
        CREATE TABLE credit AS
          SELECT r.slot, coalesce(f.fields['refund_of'], r.event_id) AS payment, sum(r.value) AS fen
          FROM rewards r LEFT JOIN events f ON f.event_id = r.event_id AND f.type = 'refunded'
          GROUP BY ALL HAVING sum(r.value) > 0;
        CREATE TABLE paid AS SELECT event_id AS payment,
            round(100 * fields['amount']::DOUBLE)::INT - coalesce((SELECT
              sum(round(100 * f.fields['amount']::DOUBLE)::INT) FROM events f
              WHERE f.type = 'refunded' AND f.fields['refund_of'] = p.event_id), 0) AS fen
          FROM events p WHERE type = 'paid' AND {within};
    """)  # noqa: S608 - of constants
    sets = asked.execute("""
        SELECT slots, count(*), sum(fen) FROM (
          SELECT payment, any_value(p.fen) AS fen, list(slot ORDER BY slot)
            FILTER (slot IS NOT NULL) AS slots
          FROM paid p LEFT JOIN credit USING (payment) WHERE p.fen > 0 GROUP BY payment)
        GROUP BY slots
    """).fetchall()
    converted = asked.execute(f"""
        SELECT slot, reason, count(*) FROM (
          SELECT slot, reason, min("at") FILTER (conversions > 0) AS "at"
          FROM rewards GROUP BY slot, reason, decision_id HAVING sum(conversions) > 0)
        WHERE {within} GROUP BY ALL
    """).fetchall()  # noqa: S608 - of constants
    return {frozenset(names or ()): (n, fen) for names, n, fen in sets}, set(converted)


def test_the_report_equals_a_recount_by_hand(tmp_path: Path) -> None:
    """A month's payments by slots, fen and conversions are those of plain SQL over the lake.

    The period begins and ends amid the traffic: a payment belongs to it by its own time, a refund
    to its payment.
    """
    lake = written(tmp_path / "lake", lived(400, 3, ordered=True))
    since, until = AT + 5 * 3600.0, AT + 20 * 3600.0
    found = shared_payments(connect(lake), since, until)
    sets, converted = by_hand(lake, since, until)
    assert {names: (n.payments, n.fen) for names, n in found.sets.items()} == sets
    assert {(x.slot, x.reason, x.conversions) for x in found.credits if x.conversions} == converted
    assert len(sets) == 4
    assert found.every.payments == sum(n for n, _ in sets.values())


def test_the_report_says_that_nothing_is_added_up(tmp_path: Path) -> None:
    """Pairs, numbers of slots, sum and true total agree; fewer than 20 people are hidden."""
    lake = written(tmp_path / "lake", lived(400, 3, ordered=True))
    question = MonthQuestion(Period(AT, AT + 30 * 3600.0))
    found: dict[str, Any] = shared(lake, question)
    (pair,) = (one for one in found["pairs"] if one["payments"])
    names = [one["slot"] for one in found["slots"]]
    assert names == ["banner", "denomination"]
    assert pair["slots"] == names
    every = {one["slots"]: one["payments"] for one in found["by_number_of_slots"]}
    assert every[2] == pair["payments"]
    assert sum(every.values()) == found["total"]["payments"]
    assert found["credited"]["payments"] == every[1] + every[2]
    assert found["sum"]["payments"] == every[1] + 2 * every[2]
    for one in found["slots"]:
        assert one["shared_share"] == pair["share_of"][one["slot"]] == every[2] / one["payments"]
    for text in found["headline"].values():
        assert f"{found['sum']['payments']:,}" in text
        assert f"{found['credited']['payments']:,}" in text
    rows = list(csv.DictReader(io.StringIO(sharing_csv(found).removeprefix(BOM))))
    assert [row["payments"] for row in rows if row["row"] == "total"] == [str(sum(every.values()))]
    assert next(row["zh"] for row in rows if row["row"] == "sum") == found["headline"]["zh"]
    few: dict[str, Any] = shared(written(tmp_path / "few", lived(12, 3, ordered=True)), question)
    assert few["credited"] == {"hidden": True, "payments": None, "revenue": None}
    assert "20" in few["headline"]["en"]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (None, "2026-10-01", "2026-11-01"),
        ("2026-11", "2026-11-01", "2026-12-01"),
        ("2025-12", "2025-12-01", "2026-01-01"),
    ],
)
def test_a_month_is_the_operators(text: str | None, start: str, end: str) -> None:
    """Without one it is the last full month, by the clock of the zone and not by UTC."""
    calendar = OperatorCalendar()
    now = period_of("2026-11-01T00:30:00+08:00", None, calendar).start or 0.0
    asked = month_question({} if text is None else {"month": text}, now, calendar)
    assert calendar.label(asked.start) == f"{start}T00:00:00+08:00"
    assert calendar.label(asked.end) == f"{end}T00:00:00+08:00"


@pytest.mark.parametrize(
    "texts",
    [
        {"month": "2026-13"},
        {"month": "10"},
        {"month": "2027-01"},
        {"from": "2026-10-01"},
        {"month": "2026-10", "to": "2026-10-31"},
    ],
)
def test_a_month_that_makes_no_sense_is_refused(texts: dict[str, str]) -> None:
    """The parameter is named, with the cure."""
    with pytest.raises(InvalidRequestError, match=r"^(month|to)"):
        month_question(texts, AT + 40 * 86_400.0, OperatorCalendar())
