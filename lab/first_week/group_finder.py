"""Groups of visitors who are alike to a slot, found from the contexts of a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from bandits.features import CellSpec
from lab.first_week.own_rule import OwnRule
from lab.first_week.week_log import VisitorGroup
from nudge.domain.basics.slot_values import is_number
from nudge.domain.choosing.eligibility import (
    EligibilityInput,
    VariantRules,
    affordable,
    removal_reasons,
    variant_rules,
)
from nudge.domain.credit.import_values import text_of
from nudge.domain.credit.log_import import ImportRules, LogImport
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Scalar, Slot

MOST_CACHED: Final = 50_000
"""Most contexts as written whose group is remembered."""


@dataclass(eq=False)
class GroupFinder:
    """A finder of the groups that a log's visitors belong to.

    Attributes:
        slot: slot of the decisions.
        rules: mapping of the log's columns.
        now: seconds; no row is later.
    """

    slot: Slot
    rules: ImportRules
    now: float
    _cache: dict[tuple[str, ...], VisitorGroup] = field(default_factory=dict)

    def find(self, row: Mapping[str, Any], known: Mapping[str, Any]) -> VisitorGroup:
        """Return the group of a row's visitor.

        Args:
            row: by the file's columns.
            known: by the columns of the joined form.

        Raises:
            RowError: the context cannot be read.
        """
        written = tuple(repr(row.get(column)) for column in self._columns)
        found = self._cache.get(written)
        if found is None:
            if len(self._cache) >= MOST_CACHED:
                self._cache.clear()
            found = self._cache[written] = self._make(row, known)
        return found

    @cached_property
    def _columns(self) -> list[str]:
        own = [self.rules.column(name) for name in ("context", "channel", "page")]
        return [*own, *self.rules.context.values()]

    @cached_property
    def _plan(self) -> LogImport:
        config = learner_config(self.slot)
        cells = CellSpec.build(config.context, config.policy.max_cells)
        return LogImport("", self.rules, self.slot, cells, 1, now=self.now)

    @cached_property
    def _rule(self) -> OwnRule:
        return OwnRule(self.slot)

    @cached_property
    def _variants(self) -> tuple[VariantRules, ...]:
        return variant_rules(self.slot)

    def _make(self, row: Mapping[str, Any], known: Mapping[str, Any]) -> VisitorGroup:
        told = {name: text_of(known[name], name) for name in ("page", "channel")}
        context = dict(_beside(self._plan.context(self._plan.known(row)), told))
        page = str(context.get("page") or "")
        eligible = self._eligible(context, page)
        own = self._rule.find_arm(context, page, np.array(eligible))
        fallback = self.slot.names.index(self.slot.fallback_for(page))
        return VisitorGroup(self._plan.cells.cell(context), own, fallback, eligible, context)

    def _eligible(self, context: Mapping[str, Scalar], page: str) -> tuple[bool, ...]:
        """Return flags (K,) of the variants that the slot may show; stock is taken as plenty."""
        last = context.get("last_amount")
        given = EligibilityInput(
            str(context.get("channel") or ""),
            page,
            context,
            self.now,
            benefits=(),
            left=dict.fromkeys(self.slot.names, 1),
            limit=affordable(self.slot, context),
            amounts=(last,) if is_number(last) else (),
        )
        gone = removal_reasons(self.slot, self._variants, given)
        return tuple(name not in gone for name in self.slot.names)


def _beside(
    context: Mapping[str, Scalar], told: Mapping[str, Scalar]
) -> Iterator[tuple[str, Scalar]]:
    """Yield the attributes of a context, with page and channel where it lacks them."""
    yield from context.items()
    for name, value in told.items():
        if value and context.get(name) is None:
            yield name, value
