"""Loads are even by capacity; rules, absences, kinds and portfolios say who takes a case."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.slots.rule import read_rule
from nudge.domain.worklist.assigning import (
    LoadBook,
    WorkChoice,
    choose_assignee,
    find_assignment,
)
from nudge.domain.worklist.work_policy import (
    AgeingRule,
    Agent,
    AssignmentRule,
    Sharing,
    Team,
    WorkCosts,
    WorkPolicy,
)

DAY = date(2026, 11, 30)


def policy(*agents: Agent, rules: tuple[AssignmentRule, ...] = ()) -> WorkPolicy:
    return WorkPolicy((Team("care"),), agents, rules)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(0, 200))
def test_loads_differ_from_their_parts_by_less_than_one_case(
    capacities: list[int], cases: int
) -> None:
    """Nobody has a case too many while another one could take it at a smaller part."""
    agents = [Agent(f"a{n}", "care", most) for n, most in enumerate(capacities)]
    book = LoadBook(policy(*agents), {}, DAY)
    for _ in range(cases):
        found = book.least(agents)
        if found is None:
            break
        book.take(found.name)
    loads = [book.loads.get(one.name, 0) for one in agents]
    assert sum(loads) == min(cases, sum(capacities))
    least_next = min((n + 1) / one.capacity for n, one in zip(loads, agents, strict=True))
    assert all(n / one.capacity <= least_next for n, one in zip(loads, agents, strict=True))


def test_who_is_away_or_full_or_takes_other_kinds_is_passed_by() -> None:
    """The one that is left takes the case; where nobody is left, nobody does."""
    away = Agent("away", "care", away=((DAY, DAY),))
    full, other = Agent("full", "care", 1), Agent("other", "care", kinds=frozenset({"winback"}))
    here = Agent("here", "care", 2)
    book = LoadBook(policy(away, full, other, here), {"full": 1, "here": 1}, DAY)
    ask = "care", Sharing.LOAD, ("warning", "")
    assert choose_assignee(book, *ask) == WorkChoice("here", "load", "care")
    book.take("here")
    assert choose_assignee(book, *ask) is None
    assert choose_assignee(book, "away", Sharing.LOAD, ("warning", "")) is None
    assert choose_assignee(book, "nobody", Sharing.LOAD, ("warning", "")) is None


def test_a_person_keeps_the_same_agent_unless_there_is_no_room() -> None:
    """The portfolio goes before the load, and ends where the agent is full or of another team."""
    ann, bo = Agent("ann", "care", 2), Agent("bo", "care", 9)
    book = LoadBook(policy(ann, bo, Agent("cy")), {"ann": 1}, DAY)
    ask = book, "care", Sharing.PORTFOLIO_FIRST, ("warning", "")
    assert choose_assignee(*ask, "ann") == WorkChoice("ann", "portfolio", "care")
    assert choose_assignee(*ask, "cy") == WorkChoice("bo", "load", "care")
    book.take("ann")
    assert choose_assignee(*ask, "ann") == WorkChoice("bo", "load", "care")
    plain = book, "care", Sharing.LOAD, ("warning", "")
    assert choose_assignee(*plain, "ann") == WorkChoice("bo", "load", "care")


def test_the_first_rule_that_fits_counts() -> None:
    """Words are of the case, and a further condition may ask for any attribute."""
    rules = (
        AssignmentRule("high", words={"tier": frozenset({"high"}), "kind": frozenset({"winback"})}),
        AssignmentRule("dear", where=read_rule({"attribute": "amount", "at_least": 100})),
        AssignmentRule("rest", words={"kind": frozenset({"warning", "winback"})}),
    )
    found = policy(rules=rules)
    asked = ({"kind": "winback", "tier": "high"}, {"kind": "warning", "tier": "high"})
    asked += ({"kind": "measure", "amount": 200}, {"kind": "measure"})  # type: ignore[assignment]
    named = [rule and rule.to for rule in (find_assignment(found, one, 0.0) for one in asked)]
    assert named == ["high", "rest", "dear", None]


def test_the_first_rule_of_ageing_that_fits_counts() -> None:
    """Kind and level may be left out; without a rule a case is due within two days."""
    rules = (AgeingRule("warning", "critical", 60.0), AgeingRule("", "critical", 90.0))
    found = WorkPolicy(ageing=rules)
    spans = [
        found.ageing_of(*one).due for one in (("warning", "critical"), ("winback", "critical"))
    ]
    assert spans == [60.0, 90.0]
    assert found.ageing_of("warning", "info").due == 2 * 86_400


def test_a_contact_costs_what_its_channel_does() -> None:
    """The agent's time is told in seconds, and costed where the closed loop is summed up."""
    assert WorkCosts(60.0, {"call": 0.2}).of_contact("call") == 0.2
    assert WorkCosts().of_contact("call") == 0.0
