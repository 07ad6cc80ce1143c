"""The lookup of a visitor by an id of the caller's, or by their number."""

from __future__ import annotations

from typing import NamedTuple

from nudge.api.service import Service
from nudge.domain.identity.number import Number
from nudge.domain.people.visitor import VisitorState
from nudge.domain.values.ids import external_ids
from nudge.errors import NotFoundError
from nudge.store.vault.visitors import VisitorView


class FoundVisitor(NamedTuple):
    """A visitor as the store knows them.

    Attributes:
        name: id under which they are known.
        view: of the visitor.
        state: of the visitor.
    """

    name: str
    view: VisitorView
    state: VisitorState


def find_visitor(service: Service, visitor_id: str) -> FoundVisitor:
    """Find a visitor without making one.

    Raises:
        NotFoundError: nobody has this id.
        StoreAwayError: no answer.
    """
    for name in external_ids(visitor_id):
        found = _find_known(service, name, service.sealer.visitor_hash(name))
        if found is not None:
            return found
    raise NotFoundError("unknown visitor id")


def find_owner(service: Service, number: Number) -> FoundVisitor:
    """Find the visitor whose own number it is; their name is the masked number.

    Raises:
        NotFoundError: nobody is known by this number.
        StoreAwayError: no answer.
    """
    found = _find_known(service, number.masked, service.sealer.number_hash(number))
    if found is None:
        raise NotFoundError("unknown number")
    return found


def _find_known(service: Service, name: str, hashed: str) -> FoundVisitor | None:
    home = service.sealer.partition(hashed, service.store.keys.partitions)
    view = service.store.visitors.known_visitor(home, hashed)
    if view is None:
        return None
    return FoundVisitor(name, view, service.store.state_reader.state(view.state))
