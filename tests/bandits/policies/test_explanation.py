"""Tests of explanations: what they tell of a snapshot is what the snapshot holds and serves."""

import numpy as np

import bandits
from bandits.config import AttributeSpec
from bandits.features import CellSpec
from bandits.levels import label_level
from bandits.policies import FeatureEnsemble, MixturePolicy, UniformPolicy, explain, shown_by
from bandits.policies.feature_draws import FeatureDraws, FeatureTerm

CONFIG = {
    "variants": [{"name": "coffee"}, {"name": "draw"}],
    "context": [{"name": "channel", "kind": "category", "cells": ["web", "wap"]}],
    "policy": {"kind": "auto", "draws": 64},
}


def learned(n: int = 8000) -> bandits.Policy:
    """Learn a world where coffee converts WAP visitors and draw converts the others."""
    rng = np.random.default_rng(5)
    channel = rng.choice(["web", "wap"], n)
    arms = rng.integers(0, 2, n)
    learner = bandits.make_learner(CONFIG, seed=3)
    learner.expose(np.arange(n), {"channel": channel}, arms, np.linspace(0, 86400, n))
    rate = np.where((channel == "wap") == (arms == 0), 0.2, 0.05)
    hits = np.flatnonzero(rng.random(n) < rate)
    learner.reward(hits, np.ones(len(hits)), 86400.0)
    return bandits.load_policy(learner.snapshot(86400.0))


def test_effects_sum_to_the_rates_of_the_world() -> None:
    """The effects of a visitor sum to the true rate of each arm, on the logit scale."""
    policy = learned()
    told = explain(policy)
    assert told.kind == "ensemble.features"
    assert told.draws
    assert told.half_lives
    assert abs(sum(weight for _, weight in told.half_lives) - 1.0) < 0.001
    assert isinstance(policy, FeatureEnsemble)
    spec = policy._features().spec
    wap = int(spec.levels_of(spec.codes({"channel": np.array(["wap"])}, 1))[0, 0])
    score = dict.fromkeys(policy.arms, 0.0)
    for effect in told.effects:
        if effect.levels in ((), (wap,)):
            score[effect.arm] += effect.mean
        assert effect.deviation >= 0.0
    means = 1.0 / (1.0 + np.exp(-np.array(list(score.values()))))
    np.testing.assert_allclose(means, [0.2, 0.05], atol=0.03)


def test_a_mixture_tells_its_parts_and_their_weights() -> None:
    """A mixture is explained by both of its policies and the share of each."""
    main = learned(400)
    other = UniformPolicy(arms=main.arms)
    told = explain(MixturePolicy(arms=main.arms, main=main, other=other, share=0.05))
    assert told.shares == (0.95, 0.05)
    assert [part.kind for part in told.parts] == ["ensemble.features", "uniform"]
    assert told.floor is None
    assert told.parts[0] == explain(main)


def test_what_is_told_of_a_value_is_what_is_served() -> None:
    """The distribution told for a cell is the served one of a visitor of that cell, exactly."""
    policy = learned()
    told = shown_by(policy, {"channel": np.array(["wap", "web", "wap", "wap"])}, "channel")
    assert [(one.value, one.share) for one in told] == [("wap", 0.75), ("web", 0.25)]
    for one in told:
        served = policy.distribution_one({"channel": one.value}, np.ones(2, dtype=np.bool_))
        assert one.propensities == tuple(served.tolist())


def test_an_arm_without_a_feature_of_a_term_has_no_effect() -> None:
    """Relations leave some (level, arm) without a feature, and the explanation leaves them out."""
    spec = CellSpec.build([AttributeSpec("vip", "flag")])
    index = np.array([[0, 1], [1, 0], [0, 0]][: spec.sizes[0]])
    draws = FeatureDraws(spec, (FeatureTerm((0,), index),), np.ones((1, 4), dtype=np.float32))
    told = explain(FeatureEnsemble(arms=("coffee", "draw"), draws=draws, floor=0.0))
    assert ((0,), "draw") not in [(one.levels, one.arm) for one in told.effects]
    assert len(told.effects) == int((index == 0).sum())


def test_a_learner_explains_its_newest_snapshot() -> None:
    """Explaining makes no version of its own: it tells the snapshot that was taken last."""
    learner = bandits.make_learner(CONFIG, seed=3)
    assert learner.explain() is None
    learner.expose(np.arange(4), {"channel": ["wap", "web"] * 2}, [0, 1, 1, 0], 0.0)
    policy = bandits.load_policy(learner.snapshot(60.0))
    assert learner.explain() == explain(policy)
    assert bandits.load_policy(learner.snapshot(60.0)).version == "2"


def test_levels_are_named_as_people_read_them() -> None:
    """Each level has the values that lie in it as its name; level 0 has none."""
    named = {
        AttributeSpec("usual", "number", (20, 50)): [None, "< 20", "20–50", "≥ 50"],
        AttributeSpec("vip", "flag"): [None, "false", "true"],
        AttributeSpec("tier", "category", ("1", "2")): [None, "1", "2"],
    }
    for attribute, names in named.items():
        assert [label_level(attribute, level) for level in range(len(names))] == names
