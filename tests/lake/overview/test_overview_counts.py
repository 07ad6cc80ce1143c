"""The overview's counts of the lake, against a plain recount."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from funnel_traffic import DAY, START, Timed, visit, written
from lake_samples import DECISION
from places import CONFIG

from nudge.config.documents.funnel_file import load_funnel
from nudge.domain.journal.records import Decision, DecisionReason, Event
from nudge.domain.slots.holdout import GLOBAL, in_holdout
from nudge.lake.engine.query import connect
from nudge.lake.files.reader import Lake
from nudge.lake.overview.group_payments import recent_lifts
from nudge.lake.overview.hour_visits import hour_visits

HOUR = 3_600.0
PEOPLE = 300
SHARE = 0.2


def subject(number: int) -> str:
    """A subject's id, as the vault makes them."""
    return f"{number:032x}"


def paid(number: int, at: float, yuan: int = 50) -> Timed:
    """A payment that a server reported."""
    fields = {"amount": str(yuan)}
    return at, Event(subject(number), f"p-{number}-{at}", "paid", "server", None, fields)


def decided(number: int, at: float, reason: str, slot: str = "banner") -> Timed:
    """A decision for a subject."""
    return at, replace(DECISION, subject=subject(number), slot=slot, reason=DecisionReason(reason))


def test_visits_are_counted_in_the_hour_in_which_they_began(tmp_path: Path) -> None:
    """All visits of simulated people, and those that paid, by the hour of their first act."""
    records: list[Timed] = []
    wanted, aims = Counter[int](), Counter[int]()
    for number in range(PEOPLE):
        _, own = visit(number, START + number * 60.0)
        records += own
        acts = [at for at, one in own if isinstance(one, Event) and one.source == "page"]
        if acts:
            hour = int((min(acts) - START) // HOUR)
            wanted[hour] += 1
            aims[hour] += any(
                isinstance(one, Event) and one.type == "paid" and one.source == "server"
                for _, one in own
            )
    lake: Lake = written(tmp_path, sorted(records, key=lambda one: one[0]))
    found = hour_visits(connect(lake), load_funnel(CONFIG), START, 24)
    assert {hour: visits for hour, (visits, _) in found.items()} == dict(wanted)
    assert {hour: aim for hour, (_, aim) in found.items()} == {h: aims[h] for h in wanted}


def test_each_visitor_counts_once_in_the_group_of_chance(tmp_path: Path) -> None:
    """Held out everywhere by the hash of the id, whatever was decided; all that was paid counts."""
    records: list[Timed] = []
    for number in range(PEOPLE):
        held = in_holdout(subject(number), GLOBAL, SHARE)
        reason = "holdout" if held else "policy"
        records.append(decided(number, START + number, reason))
        records.append(decided(number, START + number + 5.0, reason, "prefill"))
        if number % 3 == 0:
            records += [paid(number, START + number + 9.0), paid(number, START + number + 99.0, 30)]
    records.append(paid(9_999, START + 10.0))  # for whom nothing was decided
    records.append(decided(8_888, START - 2 * DAY, "policy"))  # before the period
    records.append(decided(7_777, START + 50.0, "forced"))  # a person's preview
    lake = written(tmp_path, sorted(records, key=lambda one: one[0]))
    found = recent_lifts(connect(lake), START, START + DAY, SHARE)
    held = [n for n in range(PEOPLE) if in_holdout(subject(n), GLOBAL, SHARE)]
    payers = [n for n in held if n % 3 == 0]
    other = found.holdout.other
    assert (other.visitors, other.payers, other.fen) == (
        len(held),
        len(payers),
        8_000 * len(payers),
    )
    assert other.square == 8_000.0**2 * len(payers)
    group = found.holdout.group
    assert group.visitors == PEOPLE - len(held)
    assert group.fen == 8_000 * (PEOPLE // 3 - len(payers))
    assert found.usual == {}


def test_a_slot_with_the_operator_s_rule_has_its_own_comparison(tmp_path: Path) -> None:
    """A visitor who got the rule once is of its group; slots without such a group are not there."""
    records: list[Timed] = []
    for number in range(90):
        reason = "usual" if number % 3 == 0 else "policy"
        records.append(decided(number, START + number, reason))
        records.append(decided(number, START + number + 1.0, "policy", "prefill"))
        if number % 2 == 0:
            records.append(paid(number, START + number + 9.0))
    records.append(decided(0, START + 500.0, "policy"))  # before its share was raised
    lake = written(tmp_path, sorted(records, key=lambda one: one[0]))
    found = recent_lifts(connect(lake), START, START + DAY, 0.0)
    assert found.usual.keys() == {"banner"}
    lift = found.usual["banner"]
    assert (lift.other.visitors, lift.group.visitors) == (30, 60)
    assert (lift.other.payers, lift.group.payers) == (15, 30)
    assert all(isinstance(one, Decision | Event) for _, one in records)
