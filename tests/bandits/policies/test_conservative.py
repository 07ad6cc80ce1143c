"""A learned policy beside the baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bandits
from bandits.baseline.rankings import Baseline, Ranking
from bandits.config import AttributeSpec
from bandits.policies.conservative import ConservativePolicy
from bandits.policies.fixed import FixedPolicy
from bandits.policies.uniform import UniformPolicy

ARMS = ("a", "b", "c", "d")
RULE = Baseline((Ranking(AttributeSpec("page", "category", ("home",)), ((2,), (1, 3))),))


def policy(share: float = 0.2, least: float = 0.0, main: Any = None) -> ConservativePolicy:
    """The rule shows c, and b or d on the home page."""
    learned = main or FixedPolicy(arms=ARMS, arm=0, floor=0.02)
    return ConservativePolicy(arms=ARMS, main=learned, baseline=RULE, share=share, least=least)


def test_the_share_is_the_learned_policy_s_and_the_rest_the_baseline_s() -> None:
    """The propensities are those of the mixture."""
    every = np.ones(4, dtype=np.bool_)
    found = policy().distribution_one({"page": "home"}, every)
    np.testing.assert_allclose(found, [0.2 * 0.94, 0.8 + 0.2 * 0.02, 0.2 * 0.02, 0.2 * 0.02])
    off = policy().distribution_one({"page": "home"}, np.array([True, False, True, True]))
    assert off[3] > 0.8
    assert off[1] == 0.0


@given(
    st.floats(0.01, 1.0),
    st.floats(0.0, 0.02),
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.sampled_from([{"page": "home"}, {"page": "x"}, {}]),
)
def test_every_eligible_arm_keeps_the_floor(
    share: float, least: float, mask: list[bool], context: dict[str, object]
) -> None:
    """A distribution sums to 1 over the eligible arms, and none has less than the floor."""
    made, eligible = policy(share, least), np.array(mask)
    found = made.distribution_one(context, eligible)
    assert (found[~eligible] == 0.0).all()
    if eligible.any():
        assert found.sum() == pytest.approx(1.0)
        assert found[eligible].min() >= min(made.floor, 1.0 / eligible.sum()) - 1e-12
        assert made.floor >= least


def test_one_and_many_and_a_snapshot_agree() -> None:
    """A batch has the same bits, and so has the policy that was stored and read."""
    made = policy(0.3, 0.01)
    again = bandits.load_policy(bandits.dump(made))
    mask = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=np.bool_)
    columns = {"page": np.array(["home", "home", "x"], dtype=object)}
    many = made.distribution(columns, mask)
    np.testing.assert_array_equal(many, again.distribution(columns, mask))
    for row, context in enumerate(columns["page"].tolist()):
        one = made.distribution_one({"page": context}, mask[row])
        np.testing.assert_array_equal(many[row], one)


def test_without_an_arm_of_the_baseline_the_learned_policy_has_all_draws() -> None:
    """A rule that says nothing of a visitor bounds nothing."""
    even = UniformPolicy(arms=ARMS)
    made = policy(0.1, 0.0, even)
    found = made.distribution_one({"page": "x"}, np.array([True, True, False, True]))
    np.testing.assert_allclose(found, [1 / 3, 1 / 3, 0.0, 1 / 3])


def test_parts_that_do_not_fit_are_refused() -> None:
    """A share outside (0, 1], other arms, and an arm that there is not."""
    with pytest.raises(ValueError, match="share"):
        policy(0.0)
    with pytest.raises(ValueError, match="other arms"):
        policy(main=UniformPolicy(arms=("a", "b")))
    wrong = Baseline((Ranking(AttributeSpec("", "category"), ((7,),)),))
    with pytest.raises(ValueError, match="there is not"):
        ConservativePolicy(arms=ARMS, main=UniformPolicy(arms=ARMS), baseline=wrong, share=0.5)
