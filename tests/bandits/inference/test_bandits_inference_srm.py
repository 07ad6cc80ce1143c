"""Sample-ratio mismatch."""

import numpy as np

from bandits.inference.srm import mismatch, ratio_sums, z_scores


def test_a_skew_is_found_and_honest_logs_pass_at_every_look() -> None:
    """200 honest logs looked at 40 times raise no alarm at alpha .001; a 2 % skew is found."""
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(200):
        pmf = rng.dirichlet(np.ones(4), 4000)
        arms = (pmf.cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1).clip(0, 3)
        sums = ratio_sums(arms[:100], pmf[:100])
        alarmed = mismatch(sums)
        for i in range(100, 4000, 100):
            sums += ratio_sums(arms[i : i + 100], pmf[i : i + 100])
            alarmed |= mismatch(sums)
        alarms += alarmed
        assert np.abs(z_scores(sums)).max() < 5.0
    assert alarms <= 1
    pmf = np.full((100_000, 4), 0.25)
    skewed = rng.choice(4, 100_000, p=[0.27, 0.25, 0.24, 0.24])
    assert mismatch(ratio_sums(skewed, pmf))
