"""Propensities against an independent calculation, and realised frequencies against propensities.

    python -m benchmarks learners_propensity [--json]

The chance that an arm is the best of independent Beta posteriors, by 64-point Gauss-Legendre
quadrature of density times the others' distribution functions, beside the propensity that an
ensemble serves whose M draws are a rank-1 lattice (Roberts' generalised golden ratio) through
the inverse distribution functions: M as large as 1e-4 takes.
"""

import json
import sys
from collections.abc import Sequence

import numpy as np
from scipy.special import betainc, betaincinv, betaln, roots_legendre
from scipy.stats import chi2

from bandits.arrays import FloatArray
from bandits.features import CellSpec
from bandits.policies.ensemble import EnsemblePolicy
from bandits.policies.table import TableDraws
from benchmarks.options import option_parser

BASELINE = "from_quadrature"
M, SMALL = 2**21, 2**12
DRAWN, SMALL_DRAWN = 1_000_000, 1_000
FLOOR = 0.01
CASES = (
    ((41, 361), (37, 265), (49, 453)),
    ((3, 40), (1, 20), (30, 900), (2, 100)),
    ((500, 9500), (520, 9480)),
)


def quadrature(cases: tuple[tuple[float, float], ...]) -> FloatArray:
    """P(arm is best), (K,)."""
    nodes, weights = roots_legendre(64)
    best = []
    for arm, (a, b) in enumerate(cases):
        low, high = betaincinv(a, b, 1e-12), betaincinv(a, b, 1.0 - 1e-12)
        x = low + (high - low) * (nodes + 1.0) / 2.0
        density = np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - betaln(a, b))
        others = [betainc(*other, x) for i, other in enumerate(cases) if i != arm]
        best.append((weights * density * np.prod(others, axis=0)).sum() * (high - low) / 2.0)
    return np.array(best)


def served(cases: tuple[tuple[float, float], ...], draws: int) -> EnsemblePolicy:
    """An ensemble of lattice draws from the posteriors."""
    arms = len(cases)
    golden = 1.5
    for _ in range(60):
        golden = (1.0 + golden) ** (1.0 / (arms + 1))
    steps = (1.0 / golden) ** np.arange(1, arms + 1)
    points = (0.5 + np.arange(1, draws + 1)[:, None] * steps) % 1.0
    columns = [betaincinv(a, b, points[:, i]) for i, (a, b) in enumerate(cases)]
    table = TableDraws(
        CellSpec.build(()), np.zeros(0, dtype=np.int64), np.stack(columns, 1)[None].astype("f4")
    )
    names = tuple(f"a{i}" for i in range(arms))
    return EnsemblePolicy(arms=names, draws=table, floor=FLOOR)


def compare(cases: tuple[tuple[float, float], ...], draws: int, drawn: int) -> dict[str, float]:
    """Return how far served propensities lie from the quadrature, and realised ones from these."""
    policy, exact = served(cases, draws), quadrature(cases)
    pmf = policy.distribution_one({}, np.ones(len(cases), dtype=np.bool_))
    expected = (1.0 - len(cases) * FLOOR) * exact + FLOOR
    arms = policy.draw(np.broadcast_to(pmf, (drawn, len(cases))), np.arange(drawn))
    seen = np.bincount(arms, minlength=len(cases))
    statistic = float(((seen - drawn * pmf) ** 2 / (drawn * pmf)).sum())
    return {
        "arms": len(cases),
        "draws": draws,
        f"largest_difference_{BASELINE}": float(np.abs(pmf - expected).max()),
        "least_propensity": float(pmf.min()),
        f"chi_square_p_of_{drawn:.0e}_draws": float(chi2.sf(statistic, len(cases) - 1)),
    }


def main(arguments: Sequence[str] = ()) -> int:
    """Print the largest differences and the p-values."""
    parser = option_parser("learners_propensity", __doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    size = (SMALL, SMALL_DRAWN) if given.small else (M, DRAWN)
    rows = [compare(cases, *size) for cases in CASES]
    if given.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        print("  ".join(f"{key} {value:.3g}" for key, value in row.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
