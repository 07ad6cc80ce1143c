"""The view of a decision in the panel: reason and distribution, of the visitor's own only."""

from __future__ import annotations

from collections.abc import Mapping

from lab.shop.shop_files import read_words
from nudge.api.people.visitor_lookup import find_visitor
from nudge.api.service import Service
from nudge.domain.basics.calendar import RECORD
from nudge.errors import NotFoundError
from nudge.flows.serving.explain import explain


def view_decision(
    service: Service, decision_id: str, visitor: str, language: str
) -> dict[str, object]:
    """Return what led to a decision, with its words in a language.

    Args:
        service: of this process.
        decision_id: of the decision.
        visitor: who asks, by the id that the decision was made for.
        language: of the words.

    Raises:
        NotFoundError: no such decision, or another visitor's: both look the same.
        StoreAwayError: the store does not answer.
    """
    found = explain(service.store, service.sealer, decision_id, RECORD)
    if found["subject"] != find_visitor(service, visitor).view.subject:
        raise NotFoundError(f"decision {decision_id!r} is not known")
    served = service.catalogue().slots.get(str(found["slot"]))
    titles = {n: t.get(language, n) for n, t in served.slot.titles.items()} if served else {}
    told = {name: found[name] for name in ("slot", "page", "policy_version", "u", "reproduced")}
    reason = str(found["reason"])
    return told | {
        "variant": titles.get(str(found["variant"]), found["variant"]),
        "propensity": found["propensity"],
        "reason": reason,
        "reason_text": read_words(language).get(f"reason_{reason}", reason),
        "distribution": _shares(found, titles),
    }


def _shares(found: Mapping[str, object], titles: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the eligible variants with their shares, in the slot's order."""
    distribution = found["distribution"]
    if not isinstance(distribution, dict):
        return []
    return [
        {"title": titles.get(name, name), "share": share, "drawn": name == found["variant"]}
        for name, share in distribution.items()
    ]
