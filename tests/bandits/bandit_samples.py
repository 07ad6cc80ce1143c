"""Samples: a slot with every kind of attribute, its contexts, and a learned policy."""

import numpy as np

import bandits

CONFIG = {
    "variants": [{"name": f"a{x}", "attributes": {"amount": x}} for x in (10, 30, 50, 100)],
    "context": [
        {"name": "channel", "kind": "category", "cells": ["web", "wap", "app"]},
        {"name": "balance", "kind": "number", "cells": [10, 30, 100]},
        {"name": "mobile_before", "kind": "flag"},
    ],
    "policy": {"kind": "beta", "draws": 64},
}


def contexts_of(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "channel": rng.choice(["web", "wap", "app", "tv"], n),
        "balance": np.where(rng.random(n) < 0.1, np.nan, rng.uniform(0, 200, n)),
        "mobile_before": rng.random(n) < 0.35,
    }


def masks_of(n: int, arms: int, seed: int = 0) -> np.ndarray:
    """Random eligibility with at least one arm a row."""
    rng = np.random.default_rng(seed)
    masks = rng.random((n, arms)) < 0.6
    masks[np.arange(n), rng.integers(0, arms, n)] = True
    return masks


def learned_policy() -> bandits.Policy:
    n = 4000
    rng = np.random.default_rng(1)
    contexts = contexts_of(n, 1)
    arms = rng.integers(0, 4, n)
    learner = bandits.make_learner(CONFIG, seed=3)
    learner.expose(np.arange(n), contexts, arms, np.linspace(0, 86400, n))
    hits = np.flatnonzero(rng.random(n) < np.array([0.02, 0.05, 0.1, 0.04])[arms])
    learner.reward(hits, np.ones(len(hits)), 86400.0)
    return bandits.load_policy(learner.snapshot(86400.0))
