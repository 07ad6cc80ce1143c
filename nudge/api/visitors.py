"""GET /v1/visitors/{id}: what is known of a person."""

from __future__ import annotations

from flask import Response

from nudge.api.operation import operation, resource
from nudge.api.provider import answer
from nudge.api.service import Service, current
from nudge.api.visitor_schemas import PersonSchema
from nudge.clock import now
from nudge.domain.report_time import iso
from nudge.domain.segments import Member, members
from nudge.domain.visitor import VisitorState
from nudge.domain.visitor_codec import decode_state
from nudge.errors import NotFoundError
from nudge.store.visitors import Opened, known_visitor

blueprint = resource("visitors", "What is known of a person")


@operation(
    blueprint,
    "GET /v1/visitors/<string(maxlength=200):visitor_id>",
    scopes=("admin",),
    answers={200: PersonSchema},
    errors=(404,),
)
def one(visitor_id: str) -> Response:
    """Tell what is known of a visitor, and to which segments they belong and why."""
    service = current()
    visitor_hash = service.sealer.visitor_hash(visitor_id)
    home = service.sealer.partition(visitor_hash, service.keys.partitions)
    found = known_visitor(service.client, service.keys, home, visitor_hash)
    if found is None:
        raise NotFoundError("nobody of this id is known")
    state = decode_state(found.state) if found.state else VisitorState()
    return answer({"visitor_id": visitor_id} | _plain(service, found, state, now()))


def _plain(service: Service, found: Opened, state: VisitorState, at: float) -> dict[str, object]:
    context = state.context(at)
    belongs = members(service.decider.segments, context, at)
    return {
        "subject": found.subject,
        "attributes": context,
        "segments": {kind: _member(member) for kind, member in belongs.items()},
        "channels": state.channels,
        "benefits": state.benefits,
        "payments": [{"at": iso(x.at), "amount": x.amount / 100} for x in state.payments],
        "assigned": {
            unit: {"decision_id": service.sealer.seal(kept.ref), "variant": kept.decision.variant}
            for unit, kept in found.assigned.items()
        },
        "open_exposures": len(state.open),
    }


def _member(member: Member) -> dict[str, object]:
    segment = member.segment
    return {
        "name": segment.name,
        "title": dict(segment.title),
        "rule": segment.when.table,
        "because": dict(member.because),
    }
