"""Learned policy over features, as published by `policy.kind = "auto"`."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar, Self

import numpy as np

from bandits.features import CellSpec
from bandits.policies.base import Arrays, Header, PolicyBase
from bandits.policies.ensemble import EnsemblePolicy
from bandits.policies.feature_draws import FeatureDraws, FeatureTerm


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureEnsemble(EnsemblePolicy):
    """Ensemble policy whose draws are coefficients of features; see `EnsemblePolicy`."""

    kind: ClassVar[str] = "ensemble.features"

    def _features(self) -> FeatureDraws:
        if not isinstance(self.draws, FeatureDraws):
            raise TypeError(f"no snapshot form for {type(self.draws).__name__}")
        return self.draws

    def header(self) -> Header:
        """Return floor, seed, the spec of the cells and the attributes of each term."""
        found = self._features()
        return {
            "floor": self.floor,
            "explore_share": self.explore_share,
            "seed": self.seed,
            "cells": found.spec.header(),
            "cells_version": found.spec.version,
            "terms": [list(term.attributes) for term in found.terms],
        }

    def arrays(self) -> Arrays:
        """Return the draws, the concatenated indices of the terms, and any amounts."""
        found = self._features()
        index = np.concatenate([term.index for term in found.terms])
        arrays: Arrays = {"index": index, "draws": found.draws}
        return arrays if found.amounts is None else {**arrays, "amounts": found.amounts}

    @classmethod
    def restore(cls, base: PolicyBase, header: Header, arrays: Arrays) -> Self:
        """See `SnapshotPolicy.restore`."""
        cells, places = header["cells"], header["terms"]
        if not (isinstance(cells, dict) and isinstance(places, list) and places):
            raise TypeError("cells or terms")
        spec = CellSpec.from_header(cells)
        if spec.version != header["cells_version"]:
            raise ValueError("cells do not fit the header")
        floor, seed = float(str(header["floor"])), int(str(header["seed"]))
        draws = FeatureDraws(
            spec, _terms(spec, places, arrays["index"]), arrays["draws"], arrays.get("amounts")
        )
        shape = (len(base.arms), draws.size)
        if draws.arms != shape[0] or (draws.amounts is not None and draws.amounts.shape != shape):
            raise ValueError("draws do not fit the arms")
        return cls(
            arms=base.arms,
            version=base.version,
            meta=base.meta,
            draws=draws.prepare(),
            floor=floor,
            explore_share=float(str(header.get("explore_share", 1.0))),
            seed=seed,
        )


def _terms(
    spec: CellSpec, places: list[list[int]], index: np.ndarray[tuple[int, int], np.dtype[np.int64]]
) -> tuple[FeatureTerm, ...]:
    terms, start = [], 0
    for attributes in places:
        end = start + prod(spec.sizes[int(place)] for place in attributes)
        terms.append(FeatureTerm(tuple(int(p) for p in attributes), index[start:end]))
        start = end
    if start != len(index):
        raise ValueError("the terms do not fill their index")
    return tuple(terms)
