"""Section of a report: figures, estimates and verdict of a slot or of one of its segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bandits.inference.srm import mismatch, z_scores
from nudge.domain.reports import comparison
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.cube import Ages, Groups
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.reports.section_estimates import (
    Plain,
    ReportSettings,
    SectionEstimates,
    figures,
    interval_of,
    real,
)
from nudge.domain.reports.sentences import LANGUAGES, Finding, preliminary, sentence, title_of


@dataclass(frozen=True)
class ReportSection:
    """The rows of a slot or of a segment, and how they are read.

    Attributes:
        reading: settings that all sections of a report share.
        part: the rows.
        ages: of those rows whose windows are open.
        degraded: exposures decided without the visitor's state.
        segment: dimension -> value; empty for the whole slot.
    """

    reading: ReportSettings
    part: ComparisonRows
    ages: Ages
    degraded: int
    segment: Mapping[str, str]

    def plain(self) -> Plain:
        """Return the section as JSON values; fewer than 20 people hide its figures."""
        every = self.part.groups
        if every.clusters() < FEWEST and len(every):
            return self._hidden()
        arms = comparison.comparable_variants(self.part, self.reading.enabled)
        shares = self.reading.shares_in(self.part)
        judged = SectionEstimates.of(self.reading, self.part, arms, shares)
        final = self.part.matured()
        matured = (
            judged if final is self.part else SectionEstimates.of(self.reading, final, arms, shares)
        )
        drawn = self.part.reason(comparison.POLICY)  # as the block's own `open`
        waiting = drawn.total("rows") - drawn.where(drawn.settled).total("rows")
        found = self._finding(matured, waiting, dated=True)
        return {
            "hidden": False,
            **self._drawn(self.part.drawn, None),
            "degraded": self.degraded,
            "left_out": judged.sums.left_out,
            "capped": judged.capped and judged.capped.plain,
            "by_reason": self._by_reason(),
            "variants": [self._variant(i, judged) for i in range(len(self.part.cube.variants))],
            **judged.lifts(),
            "lift_since_revision": None if judged.whole else min(shares, default=None),
            "lift_usual_since_revision": self._usual_since(),
            "matured": matured.plain(self.part.cube.variants),
            "mismatch": self._mismatch(),
            "verdict": _verdict(found) | sentence(found),
            "preliminary": self._preliminary(judged, waiting) if waiting else None,
        }

    def _preliminary(self, judged: SectionEstimates, waiting: int) -> Plain:
        found = self._finding(judged, waiting, dated=False)
        return _verdict(found) | preliminary(found)

    def _usual_since(self) -> int | None:
        """Return the first revision of the lift over today's rule; None where all are in it."""
        every = set(self.part.groups.revision.tolist())
        usual = self.reading.usual_shares_in(self.part)
        inside = {one for one in every if usual.get(one, 0.0) > 0.0}
        return None if every == inside else min(inside, default=None)

    def _hidden(self) -> Plain:
        found = Finding("cannot_tell", "few_people", segment=self.segment)
        return {
            "hidden": True,
            "exposures": self.part.drawn.total("rows"),
            "verdict": _verdict(found) | sentence(found),
        }

    def _drawn(self, groups: Groups, variant: int | None) -> Plain:
        """Return the figures of drawn exposures: counted so far, and expected in the end."""
        rows, conversions = groups.total("rows"), groups.total("conversions")
        settled = groups.where(groups.settled).total("rows")
        ages = self.ages.where(self.ages.reason == self.part.cube.reason(comparison.POLICY))
        ages = ages if variant is None else ages.where(ages.variant == variant)
        law = self.reading.law
        when = np.concatenate([[np.inf], ages.age])
        to_come = law.predict_remaining(when, conversions, np.concatenate([[settled], ages.rows]))
        return {
            **figures(groups),
            "expected_conversions": conversions + to_come,
            "open": rows - settled,
        }

    def _variant(self, number: int, judged: SectionEstimates) -> Plain:
        drawn = self.part.drawn
        groups = drawn.where(drawn.variant == number)
        name = self.part.cube.variants[number]
        head: Plain = {
            "variant": name,
            "title": {one: title_of(name, one, self.reading.titles) for one in LANGUAGES},
            "enabled": name in self.reading.enabled,
            "compared": number in judged.arms,
        }
        rows = groups.total("rows")
        if rows and groups.clusters() < FEWEST:
            return head | {"hidden": True, "exposures": rows}
        every = drawn.total("rows")
        counts = self._drawn(groups, number) | {"share": rows / every if every else None}
        return head | {"hidden": False, **counts, **judged.of_arm(number)}

    def _by_reason(self) -> Plain:
        found = {name: self.part.reason(name) for name in self.part.cube.reasons}
        told: Plain = {}
        for name, groups in found.items():
            if groups.total("rows"):
                few = groups.clusters() < FEWEST
                rows = groups.total("rows")
                told[name] = {"hidden": True, "exposures": rows} if few else figures(groups)
        return told

    def _mismatch(self) -> Plain:
        sums = comparison.ratio_of(self.part)
        z = z_scores(sums)
        names = self.part.cube.variants
        return {
            "found": mismatch(sums),
            "z": {name: real(z[i]) for i, name in enumerate(names) if sums.variance[i] > 0.0},
        }

    def _finding(self, judged: SectionEstimates, waiting: int, *, dated: bool) -> Finding:
        if mismatch(comparison.ratio_of(self.part)):
            return Finding("cannot_tell", "mismatch", segment=self.segment, waiting=waiting)
        if not len(self.part.groups):
            return Finding("cannot_tell", "nothing_shown", segment=self.segment)
        if not judged.part.groups.total("rows") and waiting:
            return Finding("too_early", "nothing_matured", waiting=waiting, segment=self.segment)
        return judged.finding(self.segment, waiting, dated=dated)


def _verdict(found: Finding) -> Plain:
    return {
        "kind": found.kind,
        "reason": found.reason,
        "winner": found.leader if found.kind == "winner" else None,
        "leader": found.leader or None,
        "second": found.second or None,
        "since": None if found.since is None else found.since.isoformat(),
        "lead": None if found.relative is None else interval_of(found.relative),
        "can_be_stopped": list(found.beaten),
        "personal_gain": None if found.gain is None else interval_of(found.gain),
        "gain_over_fallback": None
        if found.over_fallback is None
        else interval_of(found.over_fallback),
        "needed_by": [
            {"variant": one.variant, "segment": dict(one.segment), "leads": one.leads}
            for one in found.needs
        ],
    }
