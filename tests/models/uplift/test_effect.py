"""Effects of campaigns: what is told, what is not, and whom the model ranks first."""

from __future__ import annotations

import numpy as np
from campaigns import draw_contacts, factors_of

from nudge.domain.care.factors.people_table import Factor, FactorKind
from nudge.domain.winback.contact_effect import ContactVerdict, Obstacle
from nudge.domain.winback.contact_table import ContactTable
from nudge.models.uplift.effect import measure_effect


def test_a_contact_that_helps_some_ranks_them_first() -> None:
    """People whom a contact helps are ranked before those whom it does not, also unseen ones."""
    found = measure_effect(draw_contacts(20_000, 1, few=0.15))
    assert found.report.verdict == ContactVerdict.HELPS_SOME
    assert found.model is not None
    flag = np.array([1.0, 0.0, 1.0, 0.0])
    others = ContactTable(factors_of(flag, np.zeros(4)), np.zeros(4, dtype=bool), np.zeros(4))
    score = found.model.score(others)
    # The increment of .15 has a standard error of .02 among 10,000 people.
    assert np.all(np.abs(score - 0.15 * flag) < 0.08)


def test_a_contact_that_helps_nobody_is_told_by_chance_alone() -> None:
    """Verdicts about a campaign without effect are told in at most one of twenty.

    Of 40 campaigns seven or more are told with a chance of 3 in 1,000 at ALPHA = .05.
    """
    told = sum(
        measure_effect(draw_contacts(1_500, seed)).report.verdict != ContactVerdict.NO_DIFFERENCE
        for seed in range(40)
    )
    assert told <= 6


def test_an_equal_help_is_told_without_a_ranking() -> None:
    """An increment that all people share is told; whom it helps more is told by chance alone."""
    found = [
        measure_effect(draw_contacts(6_000, seed, all_=0.08)).report.verdict for seed in range(20)
    ]
    assert set(found) <= {ContactVerdict.HELPS, ContactVerdict.HELPS_SOME}
    # The bound of the ranking is one of ten; seven of twenty have a chance of 2 in 1,000.
    assert found.count(ContactVerdict.HELPS_SOME) <= 6


def test_a_harm_is_told() -> None:
    """A contact after which fewer come back is told to be stopped."""
    assert (
        measure_effect(draw_contacts(20_000, 5, all_=-0.06)).report.verdict == ContactVerdict.HARMS
    )


def test_intervals_hold_the_truth_and_the_next_campaign() -> None:
    """Intervals hold the true increment, and the wider ones the next campaign's plain difference.

    Of 60 campaigns at level .95, eight or more misses have a chance of 1 in 100; of the next
    campaigns, at .975, six or more have one of 3 in 1,000.
    """
    truth = missed = 0
    for seed in range(60):
        one = measure_effect(draw_contacts(1_500, seed, all_=0.05)).report.whole
        after = draw_contacts(1_500, seed + 1_000, all_=0.05)
        assert one is not None
        with_, without = (after.outcome[s].mean() for s in (after.contacted, ~after.contacted))
        truth += not one.low <= 0.05 <= one.high
        missed += not one.next_low <= with_ - without <= one.next_high
    assert truth <= 7
    assert missed <= 5


def test_a_report_is_the_same_again_and_in_any_unit() -> None:
    """Reports are a function of table and seed, and increments grow with the outcome's unit."""
    table = draw_contacts(3_000, 2, few=0.1)
    again = measure_effect(table, 4).report
    assert measure_effect(table, 4).report == again
    fen = ContactTable(table.factors, table.contacted, 100.0 * table.outcome)
    larger = measure_effect(fen, 4).report
    assert larger.verdict == again.verdict
    assert larger.whole is not None
    assert again.whole is not None
    assert np.isclose(larger.whole.low, 100.0 * again.whole.low)


def test_contacts_that_chance_did_not_choose_answer_nothing() -> None:
    """A factor by which people were chosen, or that was known only afterwards, is named."""
    table = draw_contacts(3_000, 2)
    rng = np.random.default_rng(9)
    chosen = rng.random(3_000) < np.where(table.factors[0].values == 1.0, 0.9, 0.6)
    report = measure_effect(ContactTable(table.factors, chosen, table.outcome)).report
    assert report.verdict == ContactVerdict.CANNOT_ANSWER
    assert report.obstacle == Obstacle.NOT_BY_CHANCE
    assert report.unlike == ("flag",)
    assert report.whole is None


def test_too_few_people_answer_nothing() -> None:
    """A hundred of each side are needed, and outcomes that differ."""
    small = draw_contacts(200, 1)
    assert measure_effect(small).report.obstacle == Obstacle.FEW
    table = draw_contacts(3_000, 1)
    same = ContactTable(table.factors, table.contacted, np.zeros(3_000))
    assert measure_effect(same).report.obstacle == Obstacle.NOBODY_BACK


def test_a_campaign_without_factors_has_an_increment_and_no_ranking() -> None:
    """The whole is measured where nothing is known of people, or all values are unknown."""
    table = draw_contacts(6_000, 1, all_=0.08)
    bare = ContactTable((), table.contacted, table.outcome)
    unknown = (Factor("number", FactorKind.NUMBER, np.full(6_000, np.nan)),)
    for one in (bare, ContactTable(unknown, table.contacted, table.outcome)):
        assert measure_effect(one).report.verdict == ContactVerdict.HELPS
