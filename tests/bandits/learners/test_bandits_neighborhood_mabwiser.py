"""Neighborhood policies of MABWiser, offline."""

import numpy as np
import pytest

from bandits.errors import ConfigError
from bandits.learners.neighborhood import NeighborhoodBandit

pytest.importorskip("mabwiser")


@pytest.mark.parametrize(
    ("name", "parameters", "options"),
    [
        ("KNearest", {"k": 25}, None),
        ("Radius", {"radius": 0.3}, None),
        ("LSHNearest", {"n_dimensions": 3, "n_tables": 5}, None),
        ("Clusters", {"n_clusters": 4}, None),
        ("TreeBandit", {}, {"learning_policy": "ThompsonSampling"}),
    ],
)
def test_each_finds_what_is_best_nearby(
    name: str, parameters: dict[str, object], options: dict[str, object] | None
) -> None:
    """Arm 1 is best on one side of the plane and arm 0 on the other; propensities sum to 1."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 2)).round(1)
    arms = rng.integers(0, 2, 800)
    hits = (rng.random(800) < np.where((x[:, 0] > 0) == (arms == 1), 0.7, 0.1)).astype(float)
    bandit = NeighborhoodBandit(2, name, parameters, options, seed=1)
    bandit.learn(arms[:400], hits[:400], x[:400])
    bandit.learn(arms[400:], hits[400:], x[400:])
    pmf = bandit.distribution(np.array([[1.5, 0.2], [-1.5, 0.2], [1.5, 0.2]]), draws=32)
    assert pmf.sum(axis=1) == pytest.approx(np.ones(3))
    assert (pmf[0] == pmf[2]).all()
    assert pmf[0, 1] > 0.6
    assert pmf[1, 0] > 0.6


def test_what_mabwiser_does_not_have_is_named() -> None:
    """Unknown policies, parameters, values and combinations raise a ConfigError."""
    cases = [
        ("Nearest", {}, None, "Use one of Clusters"),
        ("KNearest", {"radius": 1}, None, "not a parameter of KNearest"),
        ("KNearest", {"k": 0}, None, "greater than zero"),
        ("TreeBandit", {}, {"learning_policy": "LinTS"}, "."),
    ]
    for name, parameters, options, text in cases:
        with pytest.raises(ConfigError, match=text):
            NeighborhoodBandit(2, name, parameters, options)
