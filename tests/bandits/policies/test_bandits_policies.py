"""Laws of every policy: sums, floors, masks, and the same bits for one visitor and a batch."""

from collections.abc import Callable

import numpy as np
import pytest
from bandit_samples import contexts_of, learned_policy, masks_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

import bandits
from bandits.policies import FixedPolicy, MixturePolicy, UniformPolicy

ARMS = ("a", "b", "c", "d")


def mixed_with_a_rule(main: bandits.Policy, share: float) -> MixturePolicy:
    """A mixture with a rule that has no floor of its own."""
    rule = FixedPolicy(arms=main.arms, arm=2)
    return MixturePolicy(arms=main.arms, main=main, other=rule, share=share)


MAKERS: dict[str, Callable[[], bandits.Policy]] = {
    "uniform": lambda: UniformPolicy(arms=ARMS),
    "fixed": lambda: FixedPolicy(arms=ARMS, arm=2, floor=0.02),
    "by": lambda: FixedPolicy(arms=ARMS, by="channel", by_value={"web": 0, "app": 3}, floor=0.01),
    "ensemble": learned_policy,
    "mixture": lambda: mixed_with_a_rule(learned_policy(), 0.3),
}


@pytest.fixture(scope="module", params=MAKERS)
def policy(request: pytest.FixtureRequest) -> bandits.Policy:
    return MAKERS[request.param]()


def test_every_pmf_sums_to_one_and_keeps_its_floor(policy: bandits.Policy) -> None:
    """Propensities sum to 1 and keep the floor under random masks; ineligible arms have 0."""
    masks = masks_of(2000, 4)
    pmf = policy.distribution(contexts_of(2000), masks)
    assert np.abs(pmf.sum(axis=1) - 1.0).max() < 1e-9
    assert (pmf[~masks] == 0.0).all()
    equal = 1.0 / np.maximum(masks.sum(axis=1), 1)
    least = np.where(masks, pmf, 1.0).min(axis=1)
    assert (least >= np.minimum(policy.floor, equal) - 1e-12).all()
    none = policy.distribution(contexts_of(2), np.zeros((2, 4), dtype=bool))
    assert (none == 0.0).all()
    assert policy.draw(none, [1, 2]).tolist() == [-1, -1]


def test_one_visitor_gets_what_the_batch_gives(policy: bandits.Policy) -> None:
    """The fast path and the batch agree to the bit, so that either may be logged."""
    contexts, masks = contexts_of(300), masks_of(300, 4)
    masks[:100] = True
    masks[100] = False
    batch = policy.distribution(contexts, masks)
    for i in range(300):
        context = {name: column[i].item() for name, column in contexts.items()}
        assert (policy.distribution_one(context, masks[i]) == batch[i]).all()
    assert (policy.distribution(contexts)[:100] == batch[:100]).all()
    assert (
        policy.distribution(contexts, masks[5])
        == policy.distribution(contexts, np.tile(masks[5], (300, 1)))
    ).all()


def test_shares_agree_with_propensities(policy: bandits.Policy) -> None:
    """Shares of 100,000 draws under masks fit the propensities: chi-square of every arm, p > .001.

    Each arm's z = sum(1{A=a} - e_a) / sqrt(sum e_a (1 - e_a)) is about normal; K of them, not
    independent, give at most K times the error.
    """
    n = 100_000
    masks = masks_of(n, 4, seed=2)
    pmf = policy.distribution(contexts_of(n, 2), masks)
    arms = policy.draw(pmf, np.arange(n))
    assert masks[np.arange(n), arms].all()
    assert (arms == policy.draw(pmf, np.arange(n))).all()
    variance = (pmf * (1.0 - pmf)).sum(axis=0)
    z = (np.bincount(arms, minlength=4) - pmf.sum(axis=0)) / np.sqrt(variance)
    assert (z**2 < chi2.isf(0.001 / 4, 1)).all()


def test_a_fixed_policy_follows_its_rule_and_shares_where_it_cannot() -> None:
    """A fixed policy follows its rule, then its default arm, then shares equally."""
    fixed = FixedPolicy(arms=ARMS, by="page", by_value={"home": 3, "1": 1}, arm=0)
    every = np.ones(4, dtype=bool)
    assert fixed.distribution_one({"page": "home"}, every).argmax() == 3
    assert fixed.distribution_one({"page": 1}, every).argmax() == 1
    assert fixed.distribution_one({"page": None}, every).argmax() == 0
    without = np.array([True, True, False, False])
    assert fixed.distribution_one({"page": "home"}, without).tolist() == [0.5, 0.5, 0.0, 0.0]
    with pytest.raises(ValueError, match="arm 4"):
        FixedPolicy(arms=ARMS, arm=4)


def test_the_floor_of_a_mixture_is_the_mean_of_its_parts() -> None:
    """A mixture's floor is that of its parts by their shares; of uniform it is 1 / K."""
    uniform, none = UniformPolicy(arms=ARMS), FixedPolicy(arms=ARMS, arm=0)
    assert (uniform.floor, none.floor) == (0.25, 0.0)
    mixed = MixturePolicy(arms=ARMS, main=none, other=uniform, share=0.04)
    assert mixed.floor == pytest.approx(0.01)
    assert mixed.distribution_one({}, np.ones(4, dtype=bool)).min() == pytest.approx(0.01)
    nested = MixturePolicy(arms=ARMS, main=mixed, other=uniform, share=0.5)
    assert nested.floor == pytest.approx(0.13)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 2**4 - 1), st.integers(0, 3))
def test_wins_are_counted_among_the_eligible(mask: int, seed: int) -> None:
    """A propensity before the floor is the share of draws whose best eligible arm it is."""
    policy = POLICY
    eligible = np.array([bool(mask >> i & 1) for i in range(4)])
    context = {name: column[seed].item() for name, column in contexts_of(4, seed).items()}
    table = policy.draws  # type: ignore[attr-defined]
    code = table.spec.code(context)
    row = np.flatnonzero(table.codes == code)[0]
    wins = [0] * 4
    for scores in table.draws[row]:
        wins[max(np.flatnonzero(eligible), key=lambda a: scores[a])] += 1
    eps = eligible.sum() * policy.floor
    expected = (1 - eps) * np.array(wins) / table.size + eps / eligible.sum() * eligible
    assert policy.distribution_one(context, eligible) == pytest.approx(expected)


POLICY = learned_policy()
