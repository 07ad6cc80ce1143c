"""Desks, rows and the actor, as the operations of work lists share them."""

from __future__ import annotations

from typing import Any

from nudge.api.operation import caller
from nudge.api.service import Service
from nudge.clock import now
from nudge.domain.care.case import Case
from nudge.domain.identity.sealing import new_label
from nudge.domain.worklist.work_view import WorkViewer
from nudge.errors import ForbiddenError, InvalidRequestError
from nudge.flows.measures.measure_desk import MeasureDesk
from nudge.flows.serving.subject_decider import SubjectDecider
from nudge.flows.worklist.assignment_desk import AssignmentDesk
from nudge.flows.worklist.contact_desk import ContactDesk
from nudge.flows.worklist.work_rows import WorkRows


def contact_desk(service: Service) -> ContactDesk:
    """Return the desk that asks the contact policy."""
    configuration = service.configuration
    policy = configuration.contact if configuration.plans_contacts else None
    return ContactDesk(service.patient, policy, configuration.worklist.contacts)


def work_rows(service: Service) -> WorkRows:
    """Return the maker of rows, of now."""
    configuration = service.configuration
    viewer = WorkViewer(configuration.case_policy, configuration.worklist, service.calendar, now())
    return WorkRows(contact_desk(service), viewer, measure_desk(service))


def measure_desk(service: Service) -> MeasureDesk:
    """Return the desk that says which measure is due, by the configuration of now."""
    configuration, store = service.configuration, service.patient
    decider = SubjectDecider(
        store,
        service.sealer,
        service.settings.holdout,
        configuration.segments,
        configuration.rhythm,
    )
    policy = configuration.contact if configuration.plans_contacts else None
    slots = service.catalogue().slots
    return MeasureDesk(store, decider, slots, configuration.measures, policy)


def assignment_desk(service: Service) -> AssignmentDesk:
    """Return the desk of assignments."""
    configuration = service.configuration
    return AssignmentDesk(
        service.patient, configuration.warnings, configuration.worklist, service.calendar
    )


def view_of(service: Service, case: Case) -> dict[str, Any]:
    """Return one case as a row."""
    (row,) = work_rows(service).make([case])
    return row


def actor(service: Service, name: str | None) -> str:
    """Return who acts: an agent who is named, a user who is an agent, else the key or the user.

    Raises:
        ForbiddenError: a user who is no admin names somebody else.
        InvalidRequestError: the name is not an agent's.
    """
    agents, who = service.configuration.warnings.agents, caller()
    if name and name not in agents:
        wrong = "is not listed; use an agent of worklist.toml or of agents in warnings.toml"
        raise InvalidRequestError(f"by: {wrong}", {"by": [wrong]})
    check_own_name(name)
    return name or (who.user if who.user in agents else who.key_id)


def check_own_name(name: str | None) -> None:
    """Check that a user acts under the user's own name; an admin, and a key, acts for others.

    Raises:
        ForbiddenError: the name is another one's.
    """
    who = caller()
    if name and who.user and name != who.user and "admin" not in who.scopes:
        raise ForbiddenError(f"{who.user} may not act as another agent")


def action_name(service: Service, given: str | None) -> str:
    """Return the id of an action: the caller's without numbers, else a new one."""
    return service.sealer.hide_numbers(given or new_label())
