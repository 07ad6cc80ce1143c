"""Learners side by side in a world with a known truth, as shares of an oracle's conversions.

    python -m benchmarks learners [--seeds 1,2,3,4,5] [--learners auto,auto-no-rule,vw-cubic]
                                  [--world FILE] [--visitors N] [--json] [--by-news]

All learners of a seed meet the same visitors. The oracle shows each visitor its best arm.
`--learners sweep` plays every configuration of the peers that was tried, of which the best of
each family plays by default. Learners publish every 500 visitors, which is the
protocol of all figures in the documents; with `--by-news` after tens of them at the start, as the
service does.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bandits.simulation.world import World
from benchmarks.learners_bound import KnowsTheForm
from benchmarks.learners_players import HandRule, MabWiser, Ours, VowpalWabbit, slot_config
from benchmarks.learners_sweeps import FLOOR, KNOW, SWEEP_BAYESIAN, SWEEP_MABWISER, SWEEP_VW
from benchmarks.learners_world import WORLD, Played, Player, load_world, play
from benchmarks.options import option_parser

RULE = {"prior": "last_amount"}  # means something where arms have amounts, and nothing elsewhere
OURS = {
    "auto": {"kind": "auto", "floor": FLOOR, **RULE},
    "auto-no-rule": {"kind": "auto", "floor": FLOOR},
    "auto-default-floor": {"kind": "auto", **RULE},
    "beta": {"kind": "beta", "floor": FLOOR},
}
BASELINE = "hand"
SMALL = 500
"""Visitors of the small form, of one seed."""
DEFAULT = "auto,auto-default-floor,vw-square,vw-cubic,mw-lints-narrow,bb-strong,hand"


def maker(name: str, world: World, slot: str, seed: int) -> Callable[[], Player]:
    """How a learner of this name is made for a slot.

    Raises:
        KeyError: for a name that there is not.
    """
    arms = world.arms(slot)
    if name in OURS:
        config = slot_config(world, slot, OURS[name])
        return lambda: Ours(config, seed)
    if name in SWEEP_VW:
        return lambda: VowpalWabbit(arms, SWEEP_VW[name], seed)
    if name in SWEEP_MABWISER:
        return lambda: MabWiser(len(arms), *SWEEP_MABWISER[name], seed)
    if name in SWEEP_BAYESIAN:
        player, half_life, precision = SWEEP_BAYESIAN[name]
        return lambda: player(len(arms), half_life, precision, seed)
    if name in KNOW:
        return lambda: KnowsTheForm(world, slot, seed, *KNOW[name])
    if name == "hand":
        return lambda: HandRule(arms)
    known = ", ".join([*OURS, *SWEEP_VW, *SWEEP_MABWISER, *SWEEP_BAYESIAN, *KNOW, "hand"])
    raise KeyError(f"{name}: use some of {known}")


def row_of(name: str, seed: int, played: dict[str, Played]) -> dict[str, object]:
    """One line of the table."""
    value = sum(p.value for p in played.values())
    oracle = sum(p.oracle for p in played.values())
    reached = {slot: p.shown_after_change() for slot, p in played.items()}
    return {
        "learner": name,
        "seed": seed,
        "total": value / oracle,
        **{slot: p.share for slot, p in played.items()},
        "seconds": sum(p.seconds for p in played.values()),
        "best_at_80_percent_after": reached.get("banner"),
    }


def show(row: dict[str, object]) -> None:
    """One line, as text."""
    shares = {k: v for k, v in row.items() if k not in ("learner", "seed", "seconds")}
    cells = [f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in shares.items()]
    line = f"{row['learner']!s:20s} seed {row['seed']}  {'  '.join(cells)}  {row['seconds']:.0f} s"
    print(line, flush=True)


def summary(rows: list[dict[str, object]], slots: tuple[str, ...]) -> list[dict[str, object]]:
    """Mean and least over the seeds, by learner."""
    found = []
    for name in dict.fromkeys(str(row["learner"]) for row in rows):
        own = [row for row in rows if row["learner"] == name]
        keys = ("total", *slots)
        mean = {key: float(np.mean([float(str(row[key])) for row in own])) for key in keys}
        least = {f"{key}_least": min(float(str(row[key])) for row in own) for key in keys}
        found.append({"learner": name, "seeds": len(own), **mean, **least})
    return found


def main(arguments: Sequence[str] = ()) -> int:
    """Play, print, and sum up."""
    parser = option_parser("learners", __doc__)
    parser.add_argument("--seeds", default="")
    parser.add_argument("--learners", default=DEFAULT)
    parser.add_argument("--world", type=Path, default=WORLD)
    parser.add_argument("--visitors", type=int)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--by-news", action="store_true", help="publish early at the start")
    asked = parser.parse_args(arguments)
    if asked.small:
        asked.seeds, asked.visitors = "1", SMALL
    world = load_world(asked.world)
    seeds = [int(s) for s in asked.seeds.split(",") if s] or list(world.tables["run"]["seeds"])
    rows = []
    sweep = ",".join([*SWEEP_VW, *SWEEP_MABWISER, *SWEEP_BAYESIAN])
    for name in asked.learners.replace("sweep", sweep).split(","):
        for seed in seeds:
            played = {
                slot: play(
                    world,
                    slot,
                    seed,
                    maker(name, world, slot, seed),
                    asked.visitors,
                    by_news=asked.by_news,
                )
                for slot in world.slots
            }
            rows.append(row_of(name, seed, played))
            if not asked.json:
                show(rows[-1])
    if asked.json:
        print(json.dumps({"rows": rows, "summary": summary(rows, world.slots)}))
        return 0
    for line in summary(rows, world.slots):
        means = "  ".join(f"{k} {line[k]:.3f} (least {line[k + '_least']:.3f})"
                          for k in ("total", *world.slots))  # fmt: skip
        print(f"{line['learner']!s:20s} mean  {means}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
