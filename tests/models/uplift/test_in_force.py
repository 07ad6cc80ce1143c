"""The uplift in force: the list scores a case as the model does, and tells what was measured."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from campaigns import draw_contacts

from nudge.domain.slots.slot import Scalar
from nudge.domain.winback.case_features import case_features
from nudge.domain.winback.contact_effect import ContactVerdict
from nudge.domain.winback.contact_table import ContactTable
from nudge.domain.winback.live_table import LivePerson, live_table
from nudge.domain.winback.uplift_in_force import UpliftInForce, expected_gain, gain_words
from nudge.models.uplift.effect import measure_effect
from nudge.models.uplift.in_force import uplift_in_force


def in_force(table: ContactTable) -> UpliftInForce:
    """The uplift that a table puts into force, through the form in which it is kept."""
    found = uplift_in_force(measure_effect(table), table, 5.0)
    return UpliftInForce.read(orjson.loads(orjson.dumps(found.plain)))


def person(rng: np.random.Generator) -> LivePerson:
    """A person whom a contact brings back if the payment failed; a fifth is held out."""
    failed, held = bool(rng.random() < 0.5), bool(rng.random() < 0.2)
    facts: dict[str, Scalar] = {"stage": "pay" if failed else "amount", "left_at": 5.0}
    if failed:
        facts["reason"] = "balance" if rng.random() < 0.5 else "network"
    facts["amount"] = float(rng.choice([10.0, 30.0, 50.0, 100.0]))
    attributes: dict[str, Scalar] = {"payments": int(rng.integers(1, 9)), "mobile_before": failed}
    back = bool(rng.random() < 0.2 + 0.25 * (failed and not held))
    return LivePerson("left_pay", held, back, facts, attributes)


def test_the_list_scores_a_case_as_the_model_does() -> None:
    """Terms on plain features give the line of the model, unknown values included."""
    rng = np.random.default_rng(3)
    people = [person(rng) for _ in range(4_000)]
    table = live_table(people)
    analysis = measure_effect(table)
    assert analysis.report.verdict is ContactVerdict.HELPS_SOME
    assert analysis.model is not None
    found = uplift_in_force(analysis, table, 5.0)
    expected = analysis.model.score(table)
    for one, line in zip(people[:200], expected[:200], strict=True):
        features = case_features(one.facts, one.attributes, one.rule)
        told = found.base + sum(term.weight * term.value(features) for term in found.terms)
        assert told == pytest.approx(float(line), abs=1e-9)


def test_who_gains_most_is_told_what_the_first_fifth_gained() -> None:
    """A failed payment is told a gain with its interval; the other cases nothing for sure."""
    rng = np.random.default_rng(4)
    found = in_force(live_table(person(rng) for _ in range(6_000)))
    failed = found.score({"stage": "pay", "reason": "balance", "rule": "left_pay"})
    other = found.score({"stage": "amount", "rule": "left_pay"})
    assert failed.is_told
    assert failed.gain > other.gain
    assert failed.low <= failed.gain <= failed.high
    assert "more come back" in gain_words(failed)["en"]
    assert "看不出差别" in gain_words(other)["zh"]


def test_nobody_is_ranked_where_a_contact_does_nothing() -> None:
    """Without a difference every case has gain 0 and an interval that holds it."""
    found = in_force(draw_contacts(4_000, 5))
    assert (found.verdict, found.terms) == (ContactVerdict.NO_DIFFERENCE, ())
    told = expected_gain(found, {"flag": True})
    assert told is not None
    assert told.gain == 0.0
    assert not told.is_told


def test_a_contact_that_helps_all_alike_ranks_nobody() -> None:
    """All cases have the increment of all people."""
    found = in_force(draw_contacts(8_000, 5, all_=0.1))
    assert found.verdict is ContactVerdict.HELPS
    assert found.score({}).gain == pytest.approx(found.score({"flag": True}).gain)
    assert found.score({}).is_told


def test_too_few_people_tell_nothing() -> None:
    """Below a hundred on either side a row says that too few were contacted."""
    found = in_force(draw_contacts(90, 3))
    assert found.verdict is ContactVerdict.CANNOT_ANSWER
    assert expected_gain(found, {}) is None
    assert "Too few" in gain_words(None)["en"]


def test_rules_that_hold_nobody_out_tell_nothing() -> None:
    """A rule without a holdout is left out, so that its people are compared with no others."""
    people = [LivePerson("free", False, True, {}, {})] * 3
    people += [LivePerson("left", held, False, {}, {}) for held in (True, False, False)]
    table = live_table(people)
    assert len(table) == 3
    assert table.contacted.tolist() == [False, True, True]


def test_times_and_ids_are_no_features() -> None:
    """A time or a phone number is not learned from."""
    found = case_features(
        {"left_at": 5.0, "offer_slot": "banner", "offer": "13812345678", "amount": 50.0},
        {"payments": 3, "last_paid_at": 9.0, "mobile_before": True},
        "left_pay",
    )
    assert set(found) == {"offer", "amount", "payments", "mobile_before", "rule"}
    assert "13812345678" not in str(found)
    assert found["mobile_before"] == "yes"
