"""The default learner in worlds of unlike kind, beside its peers with the same configurations.

    python -m benchmarks.learners_worlds [--worlds two-arms,numbers] [--seeds 1,2]
                                         [--learners auto,beta,vw-cubic,bb-strong,uniform]

Shares of an oracle's conversions: 2 to 20 arms, rates from .8 to 5 %, numeric attributes, slow
delays, drift and none, columns that mean nothing, and pure noise. Nothing is tuned to any world.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.learners_made import WORLDS, MadeWorld
from benchmarks.learners_players import MabWiser, Ours, VowpalWabbit
from benchmarks.learners_sweeps import FLOOR, SWEEP_BAYESIAN, SWEEP_MABWISER, SWEEP_VW
from benchmarks.learners_world import Player, play

DEFAULT = "auto,vw-cubic,vw-square,mw-lints-narrow,bb-strong,uniform"


def maker(name: str, world: MadeWorld, seed: int) -> Callable[[], Player]:
    """How a learner of this name is made for a world.

    Raises:
        KeyError: for a name that there is not.
    """
    arms = world.arms(world.name)
    if name in SWEEP_VW:
        return lambda: VowpalWabbit(arms, SWEEP_VW[name], seed)
    if name in SWEEP_MABWISER:
        return lambda: MabWiser(len(arms), *SWEEP_MABWISER[name], seed)
    if name in SWEEP_BAYESIAN:
        player, half_life, precision = SWEEP_BAYESIAN[name]
        return lambda: player(len(arms), half_life, precision, seed)
    floor = {} if name == "uniform" else {"floor": FLOOR}
    config = world.config({"kind": name, **floor})
    return lambda: Ours(config, seed)


def main(arguments: Sequence[str] = ()) -> None:
    """Print a line for each world and learner."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--learners", default=DEFAULT)
    parser.add_argument("--worlds", default=",".join(world.name for world in WORLDS))
    asked = parser.parse_args(arguments)
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    for world in (w for w in WORLDS if w.name in asked.worlds.split(",")):
        for name in asked.learners.split(","):
            shares = [play(world, world.name, s, maker(name, world, s)).share for s in seeds]
            each = " ".join(f"{share:.3f}" for share in shares)
            line = f"{world.name:16s} {name:16s} mean {np.mean(shares):.3f}   seeds {each}"
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
