"""Cases of the closed loop, one a row: what was found, what people did about it, who paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.care.factors.people_table import Grouping

FACTS: Final = ("stage", "reason", "tier", "measure")
"""Facts of a case by which it may be grouped."""
WORDS: Final = ("kind", "rule", *FACTS, "team", "agent")
"""Words of a case; the last two come from its assignments."""


@dataclass(frozen=True, eq=False)
class LoopCases:
    """n cases that were opened in a period.

    A time is in seconds since the epoch, and NaN where the step did not come.

    Attributes:
        visitor: (n,) number of the person; ids that turned out to be one have one.
        held: (n,) True for cases that are held out: nobody acts on them.
        opened: (n,) time.
        assigned: (n,) time of the first assignment.
        agent_since: (n,) time of the first assignment to the agent whose case it is.
        contacted: (n,) time of the first contact.
        reached: (n,) time at which the visitor was first reached.
        granted: (n,) time of the first grant of a measure.
        said: (n,) time of the first outcome that says the visitor stays.
        paid: (n,) time of the first payment within the horizon.
        contacts: (n,) number of contacts.
        contact_cost: (n,) yuan of contacts.
        talk_seconds: (n,) of agents.
        grant_cost: (n,) yuan of measures.
        revenue: (n,) yuan that were paid within the horizon.
        words: word -> value of each case.
    """

    visitor: IntArray
    held: BoolArray
    opened: FloatArray
    assigned: FloatArray
    agent_since: FloatArray
    contacted: FloatArray
    reached: FloatArray
    granted: FloatArray
    said: FloatArray
    paid: FloatArray
    contacts: FloatArray
    contact_cost: FloatArray
    talk_seconds: FloatArray
    grant_cost: FloatArray
    revenue: FloatArray
    words: Mapping[str, Grouping]

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.opened)

    def take(self, rows: BoolArray | IntArray) -> LoopCases:
        """Return some of the cases, by their places or by a mark for each."""
        places: IntArray = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.int64)
        arrays = {name: one[places] for name, one in vars(self).items() if name != "words"}
        words = {name: one.take(places) for name, one in self.words.items()}
        return LoopCases(**arrays, words=words)

    def labels(self, name: str) -> list[str]:
        """Return the values of a word that occur, the most frequent first."""
        one = self.words[name]
        counts = np.bincount(one.codes + 1, minlength=len(one.groups) + 1)
        names = ("", *one.groups)
        order = sorted(range(len(names)), key=lambda n: (-counts[n], names[n]))
        return [names[n] for n in order if counts[n]]

    def have(self, name: str, value: str) -> BoolArray:
        """Return which cases have a value of a word (n,); an empty one is unknown."""
        one = self.words[name]
        code = one.groups.index(value) if value in one.groups else -1
        found: BoolArray = one.codes == code
        return found if value == "" or code >= 0 else np.zeros(len(self), dtype=np.bool_)

    @property
    def is_first(self) -> BoolArray:
        """Whether each case is the person's first of its kind (n,); cases are in order of opening.

        Whether there is a second one is a consequence of what was done about the first.
        """
        kind = self.words["kind"].codes
        pairs = np.stack([kind, self.visitor])
        _, places = np.unique(pairs, axis=1, return_index=True)
        found = np.zeros(len(self), dtype=np.bool_)
        found[places] = True
        return found
