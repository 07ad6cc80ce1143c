"""The analysis of factors: pairs, segments, kinds of leaving, and the told model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from factor_people import draw_people

from nudge.domain.care.factors.findings import Cut
from nudge.domain.care.factors.people_table import Factor, FactorKind, Grouping
from nudge.models.factors.analysis import analyse, find_factors
from nudge.models.factors.pairs import find_pairs
from nudge.models.factors.terms import single_terms
from nudge.models.factors.told_model import MOST, fit_terms


def test_a_planted_pair_is_told_as_a_rule_with_its_shares() -> None:
    """Two flags that go with leaving only together are one rule, with more leaving."""
    (found,) = find_pairs(draw_people(5000, 1, pair=1.4), 1.0)
    assert {one.factor for one in found.rule.conditions} == {"auto_pay", "dual_sim"}
    assert found.rule.rate > found.rule.expected > 0.0
    assert found.rule.rate > found.rule.other_rate
    assert found.rule.odds.low < np.exp(1.4) < found.rule.odds.high


def test_strong_single_factors_make_no_pair() -> None:
    """Two strong effects that only add up are no pair."""
    assert find_pairs(draw_people(4000, 2, score=-0.5, flag=1.0), 1.0) == []


def test_an_effect_of_one_segment_is_named_there_alone() -> None:
    """A flag that works in one segment is named in that segment, and in no other one."""
    inside, outside = draw_people(2500, 3, flag=1.2), draw_people(2500, 4)
    factors = tuple(
        Factor(a.name, a.kind, np.concatenate([a.values, b.values]), a.levels)
        for a, b in zip(inside.factors, outside.factors, strict=True)
    )
    codes = np.repeat([0, 1], 2500)
    table = replace(
        inside,
        factors=factors,
        left=np.concatenate([inside.left, outside.left]),
        segments=Grouping("stage", codes, ("new", "stable")),
    )
    cuts = {one.group: one for one in find_factors(table).cuts if one.cut == Cut.SEGMENT}
    named = {group: {e.factor for e in one.effects if e.found} for group, one in cuts.items()}
    assert named == {"new": {"auto_pay"}, "stable": set()}


def test_a_kind_of_leaving_is_compared_with_those_who_stayed() -> None:
    """Each kind of leaving is a cut: those who left so, and all who stayed."""
    table = draw_people(3000, 5, flag=1.0)
    kinds = Grouping("kind", np.where(table.left, np.arange(3000) % 2, -1), ("moved", "no need"))
    cuts = [one for one in find_factors(replace(table, kinds=kinds)).cuts if one.cut == Cut.KIND]
    assert [one.group for one in cuts] == ["moved", "no need"]
    stayed = int((~table.left).sum())
    assert all(one.people - one.left == stayed for one in cuts)


def test_a_column_that_was_known_only_afterwards_is_left_out_and_named() -> None:
    """A column that tells leaving by itself is no factor."""
    table = draw_people(1500, 6)
    late = Factor("refunded", FactorKind.FLAG, table.left.astype(float), ("no", "yes"))
    found = analyse(replace(table, factors=(*table.factors, late)))
    assert found.known_late == ("refunded",)


def test_noise_has_no_rules_and_a_cause_has_few() -> None:
    """The told model has rules only where a factor is named, and twelve at most."""
    assert analyse(draw_people(1500, 7)).model.rules == ()
    told = analyse(draw_people(2000, 8, score=-0.5)).model
    assert 1 <= len(told.rules) <= MOST
    assert told.rules[0].conditions[0].factor == "score_network"
    assert told.auc is not None
    assert 0.6 < told.auc < 0.9


def test_the_same_table_gives_the_same_report() -> None:
    """An analysis repeats: it draws from its seed alone."""
    table = draw_people(1200, 9, score=-0.4)
    assert analyse(table) == analyse(table)


def test_terms_score_people_they_were_not_chosen_by() -> None:
    """A model of terms ranks any table with the same factors; unknown values are the usual ones."""
    model = fit_terms(draw_people(1500, 10, score=-0.6), (), np.random.default_rng(0))
    other = draw_people(50, 11)
    hidden = replace(other.factors[0], values=np.full(50, np.nan))
    assert np.isfinite(model.score(replace(other, factors=(hidden, *other.factors[1:])))).all()
    assert len(single_terms(other)) > 0
