"""Sweeps over the peers' parameters; the best of each family on seed 1 plays by default."""

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.learners_bayesian import Online, Refitted
from benchmarks.learners_world import Player

FLOOR = 0.002  # of ours, in all slots; `auto-default-floor` shows what the default one costs
VW = "--cb_explore_adf --bag 5 -q sa --cb_type mtr"
CONSTANT = "--power_t 0 --learning_rate 0.05"
SQUARE = "--cb_explore_adf --squarecb -q sa --cb_type mtr --gamma_exponent 0.5"
SWEEP_VW = {
    "vw": f"{VW} --learning_rate 0.5",
    "vw-constant": f"{VW} {CONSTANT}",
    "vw-cubic": f"{VW} --interactions ssa {CONSTANT}",
    "vw-dm": f"{VW.replace('mtr', 'dm')} {CONSTANT}",
    "vw-dm-cubic": f"{VW.replace('mtr', 'dm')} --interactions ssa {CONSTANT}",
    "vw-square": f"{SQUARE} --gamma_scale 1000 {CONSTANT}",
    "vw-square-wide": f"{SQUARE} --gamma_scale 100 {CONSTANT}",
}
SWEEP_MABWISER = {
    "mw-lints": ("LinTS", {"alpha": 0.2}, 5.0),
    "mw-lints-narrow": ("LinTS", {"alpha": 0.05}, 5.0),
    "mw-lints-long": ("LinTS", {"alpha": 0.2}, 10.0),
    "mw-linucb": ("LinUCB", {"alpha": 0.1}, 5.0),
    "mw-ts": ("ThompsonSampling", {}, 5.0),
    "mw-ucb": ("UCB1", {"alpha": 1.0}, 5.0),
}
# How it learns, half-life in days, precision of the prior.
SWEEP_BAYESIAN: dict[str, tuple[Callable[..., Player], float, float]] = {
    "bb": (Online, 5.0, 1.0),
    "bb-wide": (Online, 5.0, 0.1),
    "bb-long": (Online, 20.0, 1.0),
    "bb-long-wide": (Online, 20.0, 0.1),
    "bb-keep": (Online, np.inf, 1.0),
    "bb-keep-wide": (Online, np.inf, 0.1),
    "bb-firm": (Online, 5.0, 3.0),
    "bb-strong": (Online, 5.0, 10.0),
    "bb-long-strong": (Online, 20.0, 10.0),
    "bb-keep-strong": (Online, np.inf, 10.0),
    "bb-middle": (Online, 10.0, 1.0),
    "bb-middle-strong": (Online, 10.0, 10.0),
    "bb-stronger": (Online, 5.0, 30.0),
    "bb-strongest": (Online, 5.0, 100.0),
    "bb-short-strong": (Online, 2.0, 10.0),
    "bb-short-stronger": (Online, 2.0, 30.0),
    "bb-pairs": (partial(Online, pairs=True), 5.0, 10.0),
    "bb-fit": (Refitted, 5.0, 1.0),
    "bb-fit-wide": (Refitted, 5.0, 0.1),
    "bb-fit-long": (Refitted, 20.0, 1.0),
    "bb-fit-long-wide": (Refitted, 20.0, 0.1),
    "bb-fit-keep": (Refitted, np.inf, 1.0),
    "bb-fit-keep-wide": (Refitted, np.inf, 0.1),
    "bb-fit-strong": (Refitted, 5.0, 10.0),
    "bb-fit-short-strong": (Refitted, 2.0, 10.0),
}
# Told the form of the world: what is within reach of nobody else. Groups, play, floor.
KNOW = {
    "knows-the-form": ("rules", False, FLOOR),
    "knows-the-form-average": ("rules", True, FLOOR),
    "knows-the-form-no-floor": ("rules", True, 0.0),
    "knows-the-form-by-visitor": ("visitors", False, FLOOR),
    "knows-the-form-by-visitor-average": ("visitors", True, FLOOR),
    "knows-the-form-by-cell": ("cells", False, FLOOR),
    "knows-the-form-by-cell-average": ("cells", True, FLOOR),
}
