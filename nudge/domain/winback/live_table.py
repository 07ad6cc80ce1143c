"""The table of live cases to which uplift is fitted: features, held out, back. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from nudge.domain.care.factors.people_columns import read_factors
from nudge.domain.slots.slot import Scalar
from nudge.domain.winback.case_features import case_features
from nudge.domain.winback.contact_table import ContactTable


class LivePerson(NamedTuple):
    """A person whose case could be contacted, or was held out.

    Attributes:
        rule: that opened the case.
        held: whether it was held out.
        back: whether the person came back within the horizon.
        facts: of the case, at its opening.
        attributes: of the visitor then.
    """

    rule: str
    held: bool
    back: bool
    facts: Mapping[str, Scalar]
    attributes: Mapping[str, Scalar]


def live_table(people: Iterable[LivePerson]) -> ContactTable:
    """Return the table of people.

    All who could be contacted count as contacted, reached or not: chance decided only who is held
    out. Rules of which nobody is held out tell nothing, and are left out.

    Args:
        people: each once.
    """
    rows = list(people)
    held = Counter(one.rule for one in rows if one.held)
    rows = [one for one in rows if held[one.rule]]
    features = [case_features(one.facts, one.attributes, one.rule) for one in rows]
    names = sorted({name for one in features for name in one})
    cells = {name: [one.get(name) for one in features] for name in names}
    factors, _ = read_factors(cells)
    contacted = np.array([not one.held for one in rows], dtype=np.bool_)
    return ContactTable(factors, contacted, np.array([float(one.back) for one in rows]))
