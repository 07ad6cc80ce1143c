"""The lookup of a visitor by an id of the caller's."""

from __future__ import annotations

from typing import NamedTuple

from nudge.api.service import Service
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
        visitor_hash = service.sealer.visitor_hash(name)
        home = service.sealer.partition(visitor_hash, service.store.keys.partitions)
        view = service.store.visitors.known_visitor(home, visitor_hash)
        if view is not None:
            return FoundVisitor(name, view, service.store.state_reader.state(view.state))
    raise NotFoundError("unknown visitor id")
