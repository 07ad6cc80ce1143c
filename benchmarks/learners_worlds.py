"""The default learner in worlds of unlike kind, beside its peers with the same configurations.

    python -m benchmarks learners_worlds [--worlds two-arms,numbers] [--seeds 1,2]
                                         [--learners auto,beta,vw-cubic,bb-strong,uniform]

Shares of an oracle's conversions: 2 to 20 arms, rates from .8 to 5 %, numeric attributes, slow
delays, drift and none, columns that mean nothing, and pure noise. Nothing is tuned to any world.
"""

import sys
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.learners_made import WORLDS, MadeWorld
from benchmarks.learners_players import MabWiser, Ours, VowpalWabbit
from benchmarks.learners_sweeps import FLOOR, SWEEP_BAYESIAN, SWEEP_MABWISER, SWEEP_VW
from benchmarks.learners_world import Player, play
from benchmarks.options import option_parser

BASELINE = "uniform"
SMALL = 500
"""Visitors of the small form, in the first worlds, of one seed."""
FEW = 3
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


def main(arguments: Sequence[str] = ()) -> int:
    """Print a line for each world and learner."""
    parser = option_parser("learners_worlds", __doc__)
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--learners", default=DEFAULT)
    parser.add_argument("--worlds", default=",".join(world.name for world in WORLDS))
    asked = parser.parse_args(arguments)
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    worlds = [world for world in WORLDS if world.name in asked.worlds.split(",")]
    visitors = None
    if asked.small:
        seeds, worlds, visitors = seeds[:1], worlds[:FEW], SMALL
    for world in worlds:
        for name in asked.learners.split(","):
            runs = [play(world, world.name, s, maker(name, world, s), visitors) for s in seeds]
            shares = [run.share for run in runs]
            each = " ".join(f"{share:.3f}" for share in shares)
            line = f"{world.name:16s} {name:16s} mean {np.mean(shares):.3f}   seeds {each}"
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
