"""The check of one contact by what the store knows now: it plans nothing, and books no hour."""

from __future__ import annotations

from typing import NamedTuple

from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.pressure_rules import ContactKind
from nudge.domain.people.visitor import VisitorState
from nudge.domain.reports.sentences import Said
from nudge.domain.sms.check_sentences import check_sentence
from nudge.domain.sms.contact_check import ContactCheck, check_contact
from nudge.domain.sms.reason_details import ReasonDetails
from nudge.flows.plan.reach import read_facts
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorView


class CheckedContact(NamedTuple):
    """A check with its words.

    Attributes:
        check: judgement of the policy.
        why: each reason of the check as a clause, in its order.
        sentence: whole answer in words.
    """

    check: ContactCheck
    why: tuple[Said, ...]
    sentence: Said


class ContactQuestion(NamedTuple):
    """The question whether a contact may be made.

    Attributes:
        kind: purpose and channel, which the policy knows.
        at: seconds, now or later.
        who: the visitor, as the caller may see them in a sentence.
    """

    kind: ContactKind
    at: float
    who: Said


def find_check(
    store: Store,
    policy: ContactPolicy,
    visitor: tuple[VisitorView, VisitorState],
    asked: ContactQuestion,
    now: float,
) -> CheckedContact:
    """Find out whether a contact may be made, by everything that is known and planned now.

    Args:
        store: knows what is used of the gateways.
        policy: of contacts.
        visitor: view and state.
        asked: the question.
        now: seconds.

    Raises:
        StoreAwayError: no answer.
    """
    # Plans from now on count, also where a later moment is asked about.
    known = read_facts(policy, *visitor, now)
    used = store.capacity.of_channels(policy, [asked.kind.channel])
    check = check_contact(policy, known, asked.kind, asked.at, used)
    details = ReasonDetails(policy, known, asked.kind, asked.at)
    why = tuple(details.describe(reason) for reason in check.reasons)
    first = why[0] if why else None
    return CheckedContact(check, why, check_sentence(check, asked.who, first, now))
