"""The desk of win-back: judges cases by policy, uplift and mended causes, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nudge.config.documents.configuration import Configuration
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.sealing import Home
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.slots.segments import Segments, name_segments
from nudge.domain.timing.plan_request import contact_facts_of
from nudge.domain.winback.call_date import call_date
from nudge.domain.winback.case_features import case_features
from nudge.domain.winback.judged_case import JudgedCase, worth_of
from nudge.domain.winback.mended_cause import MendedCause, alarm_cause, mended_by
from nudge.domain.winback.uplift_in_force import UpliftInForce, expected_gain
from nudge.domain.winback.winback_policy import WinbackPolicy
from nudge.domain.worklist.call_reach import CallPlanner, CallReach
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorView


@dataclass(frozen=True)
class WinbackSetup:
    """The configuration that win-back is judged by.

    Attributes:
        policy: of win-back.
        contact: policy of contacts; None where none is configured: then nothing forbids a contact.
        calendar: of the operator.
        segments: that visitors may belong to.
        rhythm: of the crowd; None while none is known.
    """

    policy: WinbackPolicy
    contact: ContactPolicy | None
    calendar: OperatorCalendar
    segments: Segments
    rhythm: Rhythm | None = None


def setup_of(configuration: Configuration) -> WinbackSetup:
    """Return what win-back is judged by under a configuration.

    Raises:
        InvalidConfigError: a document is wrong.
    """
    return WinbackSetup(
        configuration.winback,
        configuration.contact if configuration.plans_contacts else None,
        OperatorCalendar.named(configuration.settings.zone),
        configuration.segments,
        configuration.rhythm,
    )


@dataclass(frozen=True)
class WinbackDesk:
    """The desk that judges cases at one moment.

    Attributes:
        setup: configuration.
        causes: that were mended, and stand.
        uplift: in force; None before the first.
        planner: of calls; None without a contact policy.
        at: seconds, now.
    """

    store: Store
    setup: WinbackSetup
    causes: tuple[MendedCause, ...]
    uplift: UpliftInForce | None
    planner: CallPlanner | None
    at: float

    def judge(self, cases: Sequence[Case]) -> list[JudgedCase]:
        """Judge cases, in this order: few round trips for all of them.

        Raises:
            StoreAwayError: no answer.
        """
        homes = [Home(case.subject, case.partition) for case in cases]
        views = self.store.visitors.follow_each(homes)
        return [self._judged(case, view) for case, view in zip(cases, views, strict=True)]

    def reach_each(self, case: Case) -> list[CallReach]:
        """Return the reach of a case's visitor by each channel, the preferred first."""
        (view,) = self.store.visitors.follow_each([Home(case.subject, case.partition)])
        known, planner = self._contact_facts(view), self.planner
        return planner.each(known, self.at) if planner and known else [CallReach("", self.at)]

    def _judged(self, case: Case, view: VisitorView) -> JudgedCase:
        state = self.store.state_reader.state(view.state)
        setup, policy = self.setup, self.setup.policy
        context = name_segments(setup.segments, state.context(self.at, setup.rhythm), self.at)
        facts = dict(case.facts)
        date = call_date(policy.dates, context, self.at, setup.calendar)
        known, planner = self._contact_facts(view), self.planner
        since = date.due if date else self.at
        reach = planner.best(known, since) if planner and known else CallReach("", since)
        return JudgedCase(
            case,
            reach,
            date,
            expected_gain(self.uplift, case_features(facts, context, case.rule)),
            worth_of(case, context, policy.value),
            mended_by(self.causes, facts),
        )

    def _contact_facts(self, view: VisitorView) -> ContactFacts | None:
        contact = self.setup.contact
        if contact is None:
            return None
        state = self.store.state_reader.state(view.state)
        return contact_facts_of(contact, view.assigned.values(), state, self.at)


def open_desk(store: Store, setup: WinbackSetup, at: float) -> WinbackDesk:
    """Return the desk of win-back as it is at a moment (seconds).

    Raises:
        StoreAwayError: no answer.
    """
    causes = tuple(standing_causes(store, setup.policy, at))
    return WinbackDesk(store, setup, causes, store.winback.uplift(), _planner(store, setup), at)


def _planner(store: Store, setup: WinbackSetup) -> CallPlanner | None:
    contact, policy = setup.contact, setup.policy
    if contact is None:
        return None
    channels = policy.channels or tuple(contact.channels)
    capacity = store.capacity.of_channels(contact, channels)
    return CallPlanner(contact, policy.purpose, channels, capacity, policy.ahead)


def standing_causes(store: Store, policy: WinbackPolicy, at: float) -> list[MendedCause]:
    """Return the causes that were mended: declared by people, or named by resolved alarms.

    One that was taken back does not stand, an alarm's neither.

    Raises:
        StoreAwayError: no answer.
    """
    declared = {one.id: one for one in store.winback.causes()}
    alarms = store.alarms.recent(at - policy.alarms_back)
    named = (alarm_cause(one.alarm, at) for one in alarms)
    every = {**{one.id: one for one in named if one is not None}, **declared}
    return [one for one in every.values() if not one.taken_back]
