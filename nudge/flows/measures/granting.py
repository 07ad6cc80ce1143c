"""The grant of a measure: decided in its slot, reserved, and taken down as a step; it happens once.

The order of the writes: the decision, which sticks; the reservation of the group of benefits; the
step on the case. Whoever dies between them finds the same decision and the same reservation again.
What the grant makes true, exposure and benefit, the fold `care` writes with the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from nudge import faults
from nudge.domain.care.case import Case, CaseAction, CaseState, CaseStep, facts_of
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import DecisionReason
from nudge.domain.measures.measure import Measure
from nudge.domain.measures.measure_options import cost_of
from nudge.domain.measures.measure_reasons import MeasureReason, same_text
from nudge.domain.measures.measure_state import MeasureState
from nudge.domain.measures.measure_view import Label, why_not
from nudge.domain.slots.slot import Scalar, Variant
from nudge.errors import MeasureRefusedError, NotFoundError
from nudge.flows.measures.measure_desk import PAGE, CaseVisitor, MeasureDesk


class CaseActor(Protocol):
    """The desk at which people act on cases: `CaseDesk`."""

    def act(self, name: str, step: CaseStep, note: str = "", revision: int | None = None) -> Case:
        """Take a step on a case; return it as it stands."""
        ...


class GrantOrder(NamedTuple):
    """The order of a person to grant the measure of a case.

    Attributes:
        case: id.
        who: name of the person, or of the API key.
        action_id: of the caller: a repeated call changes nothing.
        note: free words without numbers; empty for none.
        revision: of the case as the person saw it; None where that does not matter.
        source: id of the API key; empty for a command.
    """

    case: str
    who: str
    action_id: str
    note: str = ""
    revision: int | None = None
    source: str = ""


@dataclass(frozen=True)
class GrantDesk:
    """The desk that grants measures.

    Attributes:
        desk: says which measure is due.
        actor: takes the step.
        label: formats a moment in seconds, for words.
    """

    desk: MeasureDesk
    actor: CaseActor
    label: Label

    def grant(self, order: GrantOrder, at: float) -> Case:
        """Grant the measure of a case; return the case with the grant, also of an earlier call.

        Args:
            order: of a person.
            at: seconds, now.

        Raises:
            NotFoundError: no case has this id.
            MeasureRefusedError: no measure may be granted now; it says why.
            InvalidRequestError: the step does not fit the case.
            ChangedMeanwhileError: somebody else acted since.
            StoreAwayError: no answer; the same call goes on.
        """
        case = self._find(order.case)
        if case.grant is not None:
            return case
        visitor, state = self.desk.look(case, at)
        if not state.may:
            # Another call may have granted it between the two reads.
            again = self._find(order.case)
            if again.grant is None:
                raise self._refusal(state)
            return again
        return self._granted(case, visitor, state, order, at)

    def _find(self, name: str) -> Case:
        found = self.desk.store.cases.read(name)
        if found is None:
            raise NotFoundError("no case has this id")
        return found

    def _refusal(self, state: MeasureState) -> MeasureRefusedError:
        said = why_not(state, self.label)
        return MeasureRefusedError(said["en"], {"measure": [said["en"], said["zh"]]})

    def _granted(
        self, case: Case, visitor: CaseVisitor, state: MeasureState, order: GrantOrder, at: float
    ) -> Case:
        measure, contact = state.measure, state.contact
        assert measure is not None  # noqa: S101 - what may be granted has a measure
        channel = contact.channel if contact else measure.channels[0]
        request = DecisionRequest(visitor.view.subject, channel, PAGE, (measure.slot,))
        faults.point("grant.before_decide")
        made = self.desk.decider.decide(self.desk.slots, visitor.view, request, at, order.source)
        faults.point("grant.after_decide")
        shown = self._shown(measure, made)
        home = Home(visitor.view.subject, visitor.view.partition)
        if shown.availability.exclusive:
            self._reserve(home, shown.availability.exclusive, case)
        faults.point("grant.after_reserve")
        step = CaseStep(
            at,
            CaseAction.GRANT.value,
            order.who,
            action_id=order.action_id,
            noted=bool(order.note),
            facts=facts_of(self._facts(measure, shown, made)),
            decision=made.ref,
        )
        return self.actor.act(case.id, step, order.note, order.revision)

    def _shown(self, measure: Measure, made: StandingDecision) -> Variant:
        """Return the variant that is told: in the mode `shadow` the fallback."""
        slot, decision = self.desk.slots[measure.slot].slot, made.decision
        shadow = decision.reason == DecisionReason.SHADOW
        found = slot.variant(slot.fallback_for(PAGE) if shadow else decision.variant)
        if found is None:
            raise self._refusal(MeasureState(measure, MeasureReason.NOT_ELIGIBLE))
        return found

    def _reserve(self, home: Home, group: str, case: Case) -> None:
        """Reserve a group of benefits; a case that will not grant any more gives it up.

        Raises:
            MeasureRefusedError: another case of the visitor is granting one.
        """
        grants, cases = self.desk.store.grants, self.desk.store.cases
        holder = grants.reserve(home, group, case.id)
        if holder == case.id:
            return
        other = cases.read(holder)
        idle = other is None or (other.state is CaseState.CLOSED and other.grant is None)
        if idle and (other is None or cases.pending(other).revision <= other.revision):
            holder = grants.reserve(home, group, case.id, instead_of=holder)
        if holder != case.id:
            detail = same_text(holder)
            raise self._refusal(MeasureState(None, MeasureReason.GRANTED_ELSEWHERE, detail))

    def _facts(self, measure: Measure, shown: Variant, made: StandingDecision) -> dict[str, Scalar]:
        group = shown.availability.exclusive
        facts: dict[str, Scalar] = {
            "measure": measure.name,
            "slot": measure.slot,
            "variant": shown.name,
            "decision_id": self.desk.decider.seal(made),
            "amount": cost_of(shown),
        }
        return facts | ({"group": group} if group else {})
