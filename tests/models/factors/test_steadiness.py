"""Steadiness: what a model misses of a cause is not put down to whatever resembles it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from factor_people import draw_people, left

from nudge.domain.care.factors.findings import Contrast, Cut, CutEffects, Effect, Reason, Verdict
from nudge.domain.care.factors.people_table import Factor, FactorKind, PeopleTable
from nudge.models.factors.effects import corrected, factor_tests
from nudge.models.factors.steadiness import steady


def stepped(n: int, seed: int) -> PeopleTable:
    """People who leave beyond a bound of one number, and a second number that resembles it."""
    rng = np.random.default_rng(seed)
    idle = rng.exponential(10.0, n)
    factors = (
        Factor("idle", FactorKind.NUMBER, idle),
        Factor("like", FactorKind.NUMBER, idle + rng.normal(0.0, 2.0, n)),
        Factor("other", FactorKind.NUMBER, rng.normal(size=n)),
    )
    return PeopleTable(factors, left(-1.5 + 1.6 * (idle > 9.0), rng))


def named(table: PeopleTable, *wanted: str) -> CutEffects:
    """Effects of a table as if these factors had been named."""
    test = factor_tests(table, Cut.ALL)
    effects = [
        replace(one, verdict=Verdict.RAISES if one.factor in wanted else Verdict.CANNOT_TELL)
        for one in test.found.effects
    ]
    return replace(test.found, effects=tuple(effects))


def test_a_like_factor_goes_once_the_cause_may_be_a_step() -> None:
    """The cause stays, and what resembles it is told as entangled with it."""
    table = stepped(6000, 1)
    found = steady(table, named(table, "idle", "like"), None, ())
    told = {one.factor: one for one in found.effects}
    assert told["idle"].found
    assert not told["like"].found
    assert (told["like"].reason, told["like"].partner) == (Reason.ENTANGLED, "idle")


def test_nothing_is_named_that_was_not_named_before() -> None:
    """The bound on errors of the tests is that of the report."""
    table = stepped(3000, 2)
    found = steady(table, named(table), None, ())
    assert not any(one.found for one in found.effects)
    assert all(isinstance(one, Effect) for one in found.effects)


def test_a_cause_that_resembles_nothing_stays() -> None:
    """A factor without a like one is looked at once, and keeps its contrast."""
    table = draw_people(3000, 3, flag=1.0)
    test = factor_tests(table, Cut.ALL)
    (before,) = corrected([test], 1.0)
    after = steady(table, before, test.model, ())
    told = {one.factor: one for one in after.effects}
    assert told["auto_pay"].verdict == Verdict.RAISES
    assert isinstance(told["auto_pay"].contrast, Contrast)


def test_a_small_sample_holds_the_most_alike_equal() -> None:
    """A cause is named among 600 people with 51 factors, and nothing else is."""
    table = draw_people(600, 4, flag=1.4)
    rng = np.random.default_rng(4)
    noise = tuple(Factor(f"n{n}", FactorKind.NUMBER, rng.normal(size=600)) for n in range(45))
    test = factor_tests(replace(table, factors=(*table.factors, *noise)), Cut.ALL)
    (found,) = corrected([test], 1.0)
    assert (test.model, found.needed) == (None, 0)
    assert {one.factor for one in found.effects if one.found} == {"auto_pay"}
