"""Call lists for call centres: who may be called now, each on one list.

A case is marked before its row is given: two exports at once never have the same case. An export
that was broken off is done again under the same batch, which has its own cases once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from nudge import faults
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.identity.sealing import Home, Sealer
from nudge.domain.people.loading import ID, MSISDN
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.worklist.call_row import STATES, call_row, export_step, was_exported
from nudge.domain.worklist.work_policy import WorkPolicy
from nudge.flows.worklist.contact_desk import ContactDesk
from nudge.flows.worklist.work_list import WorkQuestion, list_work, parse_due_cursor
from nudge.store.folds.case_store import CaseAct
from nudge.store.store import Store

PART: Final = 500


@dataclass
class CallCounts:
    """Counts of an export.

    Attributes:
        listed: rows that were given.
        not_now: cases whose visitor may not be contacted now.
        exported: cases that are on another list.
        unknown: cases whose visitor is not in the operator's file.
        busy: cases on which somebody acted at the same time.
    """

    listed: int = 0
    not_now: int = 0
    exported: int = 0
    unknown: int = 0
    busy: int = 0

    @property
    def looked(self) -> int:
        """Cases that were looked at."""
        return self.listed + self.not_now + self.exported + self.unknown + self.busy


@dataclass(frozen=True)
class CallList:
    """A call list while it is made.

    Attributes:
        policies: of warnings, for titles, and of work lists.
        batch: name of the list.
        who: makes it.
        at: seconds, now.
        again: cases of other lists, too.
        own: subject -> the operator's own ids; None where no file of customers is given.
        counts: so far.
    """

    contacts: ContactDesk
    policies: tuple[WarningPolicy, WorkPolicy]
    calendar: OperatorCalendar
    batch: str
    who: str
    at: float
    again: bool = False
    own: Mapping[str, Mapping[str, str]] | None = None
    counts: CallCounts = field(default_factory=CallCounts)

    def rows(self, question: WorkQuestion) -> Iterator[list[dict[str, str]]]:
        """Yield the rows of a part of the list at a time; memory does not grow with it.

        Args:
            question: which cases.

        Raises:
            StoreAwayError: no answer; make the list again under the same batch.
        """
        for cases in parts(self.contacts.store, self.policies[1], question):
            yield list(self._part(cases))

    def _part(self, cases: Sequence[Case]) -> Iterator[dict[str, str]]:
        reach = self.contacts.reach(cases, self.at)
        found: list[tuple[Case, str, Mapping[str, str]]] = []
        roots = self._roots(cases)
        for case in cases:
            ways = reach.get(case.id)
            channel = next((one.channel for one in ways or () if one.is_open), "")
            own = {} if self.own is None else self.own.get(roots[case.id])
            if ways is not None and not channel:
                self.counts.not_now += 1
            elif not self.again and was_exported(case, self.batch):
                self.counts.exported += 1
            elif own is None:
                self.counts.unknown += 1
            else:
                found.append((case, channel, own))
        acts = [
            CaseAct(case, export_step(case, self.batch, self.who, self.at)) for case, _, _ in found
        ]
        faults.point("export.before_append")
        marked = self.contacts.store.cases.act_each(acts)
        faults.point("export.after_append")
        for (case, channel, own), ok in zip(found, marked, strict=True):
            if not ok:
                self.counts.busy += 1
                continue
            self.counts.listed += 1
            yield call_row(case, own, self.policies, self.calendar, (channel, self.batch))

    def _roots(self, cases: Sequence[Case]) -> dict[str, str]:
        if self.own is None:
            return {}
        homes = [Home(one.subject, one.partition) for one in cases]
        roots = self.contacts.store.visitors.roots_of(homes)
        return {case.id: root.subject for case, root in zip(cases, roots, strict=True)}


def parts(store: Store, policy: WorkPolicy, question: WorkQuestion) -> Iterator[Sequence[Case]]:
    """Yield the cases of a question that are to be called, some at a time.

    Args:
        store: of the installation.
        policy: of work lists.
        question: which cases; the states are those of `STATES`.

    Raises:
        StoreAwayError: no answer.
    """
    for state in STATES:
        asked = replace(question, state=state.value, limit=PART)
        while True:
            page = list_work(store, policy, asked)
            if page.cases:
                yield page.cases
            if not page.cursor:
                break
            asked = replace(asked, after=parse_due_cursor(page.cursor))


@dataclass(frozen=True)
class OwnIds:
    """The operator's own ids of those visitors who are on a list.

    Attributes:
        rules: for ids and numbers.
    """

    store: Store
    sealer: Sealer
    rules: InputRules

    def wanted(self, policy: WorkPolicy, question: WorkQuestion) -> frozenset[str]:
        """Return the subjects of all cases of a question.

        Raises:
            StoreAwayError: no answer.
        """
        found: set[str] = set()
        for cases in parts(self.store, policy, question):
            homes = [Home(one.subject, one.partition) for one in cases]
            found.update(root.subject for root in self.store.visitors.roots_of(homes))
        return frozenset(found)

    def find(
        self, rows: Iterable[Mapping[str, object]], wanted: frozenset[str]
    ) -> dict[str, dict[str, str]]:
        """Return the ids of some rows of the operator's file, by subject.

        A row without a usable id finds nobody; no visitor is made by looking.

        Args:
            rows: with a column visitor_id, or msisdn.
            wanted: subjects.

        Raises:
            StoreAwayError: no answer.
        """
        told = [(row, home) for row in rows if (home := self._home(row)) is not None]
        subjects = self.store.visitors.subjects_of([home for _, home in told])
        known = [
            (row, subject)
            for (row, _), subject in zip(told, subjects, strict=True)
            if subject is not None
        ]
        roots = self.store.visitors.roots_of([subject for _, subject in known])
        return {
            root.subject: {name: str(row.get(name) or "") for name in (ID, MSISDN)}
            for (row, _), root in zip(known, roots, strict=True)
            if root.subject in wanted
        }

    def _home(self, row: Mapping[str, object]) -> Home | None:
        try:
            if row.get(ID) not in (None, ""):
                hashed = self.sealer.visitor_hash(self.rules.visitor_id(row[ID]))
            elif row.get(MSISDN) not in (None, ""):
                hashed = self.sealer.number_hash(self.rules.number(row[MSISDN]))
            else:
                return None
        except ValueRefusedError:
            return None
        return Home(hashed, self.sealer.partition(hashed, self.store.keys.partitions))
