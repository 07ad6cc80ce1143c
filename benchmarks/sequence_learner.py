"""A world that the default learner itself plays, published as the service does.

What it learns from are counts by cell and bucket of time, fitted anew four times in an hour's
visitors, so that the probabilities change within a block of the sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from bandits.config import LearnerConfig, read_config
from bandits.counts import CountTable
from bandits.inference.arm_blocks import ArmBlocks, join_strata, propensity_class
from bandits.inference.arm_sums import ArmSums
from bandits.inference.arm_table import ArmTable
from bandits.inference.moments import Moments
from bandits.learners import fit
from bandits.learners.auto import FitMemory
from benchmarks.sequence_worlds import LOOKS, World, sum_batch

PUBLISHED: Final = 4
"""Snapshots for the visitors of one look."""


def play_learner(world: World, *, runs: int, seed: int) -> Iterator[list[ArmSums]]:
    """Yield each run's new exposures, look by look, as sums to add to those before."""
    players = [_play(world, seed * 1_000 + run) for run in range(runs)]
    for _ in range(LOOKS):
        yield [next(player) for player in players]


def learner_config(world: World) -> LearnerConfig:
    """Return the slot's configuration: the default policy, and segments as its one attribute."""
    return read_config(
        {
            "arms": [{"name": str(arm)} for arm in range(world.arms)],
            "context": [{"name": "segment", "kind": "category", "cells": _names(world)}],
            "policy": {},
        }
    )


def _names(world: World) -> list[str]:
    return [f"s{number}" for number in range(len(world.shares))]


def _play(world: World, seed: int) -> Iterator[ArmSums]:
    rng, config = np.random.default_rng(seed), learner_config(world)
    counts, memory = CountTable(), FitMemory()
    for look in range(LOOKS):
        found = list[tuple[ArmTable, FloatArray]]()
        for part in range(PUBLISHED):
            at = (look + part / PUBLISHED) * world.seconds
            version = look * PUBLISHED + part
            policy = fit(
                config, counts, at, seed=seed + version, version=str(version), memory=memory
            )
            pmf = policy.distribution({"segment": np.array(_names(world), dtype=object)})
            table = sum_batch(world, pmf[None], look, rng, world.batch // PUBLISHED)
            found.append((table.take(np.array([0])).total(), pmf))
            _count(counts, found[-1][0], at, _names(world))
        yield _sums(found)


def _count(counts: CountTable, table: ArmTable, at: float, names: list[str]) -> None:
    for cell, name in enumerate(names):
        for arm in range(table.shown.shape[1]):
            shown, hits = int(table.shown[cell, arm]), int(table.hits[cell, arm])
            counts.add_exposure(at, name, arm, shown)
            counts.add_reward(at, name, arm, hits, hits, hits)


def _sums(found: list[tuple[ArmTable, FloatArray]]) -> ArmSums:
    """Return a look as sums of one block, by stratum as the lake has them: cell and class."""
    table = ArmTable(
        *(
            np.concatenate([getattr(part, one.name) for part, _ in found])
            for one in fields(ArmTable)
        )
    )
    pmf = np.concatenate([part for _, part in found])
    cells = np.tile(np.arange(len(found[0][1])), len(found))
    strata, place = np.unique(join_strata(propensity_class(pmf), cells), return_inverse=True)
    part = table.group(place, len(strata))
    blocks = ArmBlocks(np.zeros(len(strata), dtype=np.int64), strata, part)
    return ArmSums(part.total(), Moments.empty(2 * pmf.shape[1]), blocks=blocks)
