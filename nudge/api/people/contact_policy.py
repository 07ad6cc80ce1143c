"""Endpoint GET /v1/contact-policy: the contact policy in words and values."""

from __future__ import annotations

from flask import Response

from nudge.api.operation import operation, resource
from nudge.api.provider import answer
from nudge.api.schemas.contact_policy import ContactPolicySchema
from nudge.api.service import current
from nudge.clock import now
from nudge.config.documents.consent_tables import describe_consent
from nudge.config.table_file import ConfigTables
from nudge.domain.contact.contact_words import PolicyRule
from nudge.domain.sms.policy_view import policy_view

blueprint = resource("contact_policy", "The contact policy: its rules in words")


@operation(
    blueprint,
    "GET /v1/contact-policy",
    name="getContactPolicy",
    scopes=("read", "admin"),
    answers={200: ContactPolicySchema},
)
def contact_policy() -> Response:
    """Show the contact policy in force: each rule in words, its values, and the closed days."""
    service, at = current(), now()
    policy = service.configuration.contact
    consent = _consent_rules(service.configuration.tables)
    return answer({"as_of": service.calendar.label(at)} | policy_view(policy, consent, at))


def _consent_rules(tables: ConfigTables) -> list[PolicyRule]:
    """Return the rules on replies and proofs, which the policy itself does not hold."""
    told = zip(*(describe_consent(tables, language) for language in ("zh", "en")), strict=True)
    return [PolicyRule("consent", {"zh": zh, "en": en}) for zh, en in told]
