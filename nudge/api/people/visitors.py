"""Endpoints GET and DELETE /v1/visitors/{id}: the data about a visitor, and its erasure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from flask import Response

from nudge.api.operation import EXTERNAL_ID, caller, operation, resource
from nudge.api.people.visitor_lookup import find_visitor
from nudge.api.provider import answer
from nudge.api.replies import defined
from nudge.api.schemas.visitors import ErasureSchema, VisitorViewSchema
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.basics.calendar import RECORD
from nudge.domain.basics.money import FEN
from nudge.domain.care.rhythm_sentences import outlook_sentence
from nudge.domain.contact.contact import DELIVERED, FAILED, Consent, Contact
from nudge.domain.contact.contact_reach import Reach
from nudge.domain.contact.contact_words import REASON_SENTENCES
from nudge.domain.identity.number import number_from_seal
from nudge.domain.identity.sealing import Home
from nudge.domain.people.consent_proof import ConsentProof, proof_row
from nudge.domain.people.recharges import outlook
from nudge.domain.people.refunds import WHOLE, Refund
from nudge.domain.people.spending import knows_payment
from nudge.domain.people.visitor import VisitorState
from nudge.domain.prefill.numbers import LAST, is_own
from nudge.domain.slots.segments import Member, members
from nudge.domain.values.ids import external_ids
from nudge.errors import CorruptRecordError
from nudge.flows.plan.reach import find_reach
from nudge.flows.serving.drain import drain
from nudge.flows.upkeep.proofs import find_subject_proofs
from nudge.store.vault.visitors import VisitorView

blueprint = resource("visitors", "Visitors: stored data, and erasure")
NAMED: Final = f"/v1/visitors/<{EXTERNAL_ID}:visitor_id>"
PATIENCE: Final = 2.0
"""Seconds that a request waits until the visitor's state is empty."""


@operation(
    blueprint,
    f"GET {NAMED}",
    name="getVisitor",
    scopes=("admin",),
    answers={200: VisitorViewSchema},
)
def one(visitor_id: str) -> Response:
    """Show the stored data about a visitor, and their segments with the reasons."""
    service = current()
    found = find_visitor(service, visitor_id)
    return answer(
        {"visitor_id": found.name} | visitor_view(service, found.view, found.state, now())
    )


@operation(
    blueprint,
    f"DELETE {NAMED}",
    name="eraseVisitor",
    scopes=("admin",),
    answers={200: ErasureSchema},
)
def forget(visitor_id: str) -> Response:
    """Erase a visitor: ids, numbers, texts, state. Sums and untraceable records stay."""
    service = current()
    _drain_spool(service)
    first, *others = external_ids(visitor_id)
    report = service.eraser.erase(first, caller().key_id, PATIENCE)
    for name in others if not report.found else ():
        report = service.eraser.erase(name, caller().key_id, PATIENCE)
    return answer(report)


def _drain_spool(service: Service) -> None:
    """Write this process's spool to the journal: it may hold records of this visitor."""
    service.spool.hand_over()
    drained = drain(service.store, service.spool)
    service.metrics.spool.drained.inc(drained)


def visitor_view(
    service: Service, found: VisitorView, state: VisitorState, at: float
) -> dict[str, object]:
    """Return the stored data about a visitor as JSON, without an id of the caller's."""
    context = state.context(at, service.configuration.rhythm)
    belongs = members(service.configuration.segments, context, at)
    policy = service.configuration.contact if service.configuration.plans_contacts else None
    reach = _reach(find_reach(service.store, policy, found, state, at)) if policy else []
    return {
        "subject": found.subject,
        "attributes": context,
        "segments": {kind: _member(member) for kind, member in belongs.items()},
        "channels": state.channels,
        "benefits": state.benefits,
        "expected_recharge": _expected(service, state, at),
        **defined("visitor"),
        "payments": [{"at": RECORD.label(x.at), "amount": x.amount / FEN} for x in state.payments],
        "assigned": {
            unit: {"decision_id": service.sealer.seal(kept.ref), "variant": kept.decision.variant}
            for unit, kept in found.assigned.items()
        },
        "open_exposures": len(state.open),
        "numbers": [_number(service, name, sealed, state) for name, sealed in _book(found)],
        "contacts": [_contact(x) for x in state.contacts],
        "reach": reach,
        "consents": [_consent(x) for x in state.consents],
        "proofs": [proof_row(x, RECORD.label) for x in _proofs(service, found)],
        "failures": [_entry(x.at, reason=x.reason, method=x.method) for x in state.failures],
        "texts": _texts(service, found),
        "dropped": _dropped(state),
        **({"refunds": [_refund(state, x) for x in state.refunds]} if state.refunds else {}),
    }


def _expected(service: Service, state: VisitorState, at: float) -> dict[str, object] | None:
    """Return when the next recharge is expected, and whether the visitor still comes."""
    found = outlook(state.payments, service.configuration.rhythm, at)
    if found is None:
        return None
    moments = {name: RECORD.label(getattr(found.expected, name)) for name in ("at", "low", "high")}
    return moments | {
        "alive": found.alive,
        "left": found.left,
        "source": found.source,
        "sentence": outlook_sentence(found, service.calendar),
    }


def _dropped(state: VisitorState) -> dict[str, dict[str, int]]:
    """Return what left the state for lack of room: kind -> source -> how many."""
    found: dict[str, dict[str, int]] = {}
    for one in state.dropped:
        found.setdefault(one.what, {})[one.source] = one.times
    return found


def _refund(state: VisitorState, one: Refund) -> dict[str, object]:
    amount = None if one.amount == WHOLE else one.amount / FEN
    known = knows_payment(state, one.refund_of)
    return _entry(one.at, refund_of=one.refund_of, amount=amount, payment_known=known)


def _entry(at: float, **more: object) -> dict[str, object]:
    return {"at": RECORD.label(at), **more}


def _contact(one: Contact) -> dict[str, object]:
    """Return a contact, with what was told of it besides."""
    told = {FAILED: "failed", DELIVERED: "delivered", FAILED | DELIVERED: "delivered"}
    more = {"content": one.content, "receipt": told.get(one.told)}
    known = {name: value for name, value in more.items() if value}
    return _entry(one.at, channel=one.channel, purpose=one.purpose, **known)


def _reach(found: Iterable[Reach]) -> list[dict[str, object]]:
    """Return what may reach the visitor until the end of their day, and why not."""
    return [
        {
            "purpose": one.purpose,
            "channel": one.channel,
            "from": None if one.start is None else RECORD.label(one.start),
            "reason": one.reason,
            "sentence": REASON_SENTENCES[one.reason] if one.reason else None,
        }
        for one in found
    ]


def _consent(one: Consent) -> dict[str, object]:
    """Return a consent; a file may have given it without a time."""
    at = RECORD.label(one.at) if one.at else None
    return {"at": at, "channel": one.channel, "given": one.given}


def _proofs(service: Service, found: VisitorView) -> tuple[ConsentProof, ...]:
    """Return the proofs of the visitor's consents."""
    return find_subject_proofs(service.store, Home(found.subject, found.partition))


def _book(found: VisitorView) -> list[tuple[str, bytes]]:
    """List the numbers in the visitor's book, the visitor's own number first."""
    listed = [(n, x) for n, x in found.numbers.items() if not n.startswith(f"{LAST}:")]
    return sorted(listed, key=lambda pair: (not is_own(pair[0]), pair[0]))


def _number(service: Service, name: str, sealed: bytes, state: VisitorState) -> dict[str, object]:
    """Return a masked number, as all but its own device may see it."""
    device, label = name.split(":", 1)
    used = next((x for x in state.numbers if (x.device, x.label) == (device, label)), None)
    text = _decrypt(service, sealed, device)
    return {
        "masked": number_from_seal(text).masked if text else None,
        "own": is_own(name),
        "times": used.times if used else 0,
        "last_at": RECORD.label(used.last_at) if used else None,
    }


SENDER: Final = re.compile(r"(page|server):[a-z_]+:")
"""Beginning of a text's name in the vault: class of the sender, and the event's type."""


def _texts(service: Service, found: VisitorView) -> dict[str, str | None]:
    """Return the texts that the visitor wrote, by event id; by more where an id has two texts."""
    kept = service.store.visitors.texts(Home(found.subject, found.partition))
    shown: dict[str, str | None] = {}
    for name, sealed in sorted(kept.items(), reverse=True):
        own = SENDER.sub("", name)
        shown[name if own in shown else own] = _decrypt(service, sealed, name)
    return shown


def _decrypt(service: Service, sealed: bytes, about: str) -> str | None:
    """Decrypt a sealed text; None if the vault's key is not configured any more."""
    try:
        return service.sealer.vault.open(sealed, about)
    except CorruptRecordError:
        return None


def _member(member: Member) -> dict[str, object]:
    segment = member.segment
    return {
        "name": segment.name,
        "title": dict(segment.title),
        "rule": segment.when.table,
        "because": dict(member.because),
    }
