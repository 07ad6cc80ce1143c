"""A follower of the configuration: a worker's loops read what is applied now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from nudge.clock import monotonic
from nudge.config.documents.configuration import Configuration, ConfigurationHolder
from nudge.domain.journal.records import JournalEntry
from nudge.domain.people.visitor import VisitorState
from nudge.flows.folds.plan_review import PlanReview
from nudge.settings.settings import Settings
from nudge.store.store import Store


class ConfigurationFollower:
    """A follower of one installation's configuration; safe to share between threads."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._every = store, settings.refresh_every
        self._holder = ConfigurationHolder(settings)
        self._lock = Lock()
        self._version: str | None = None
        self._due = 0.0

    def current(self) -> Configuration:
        """Return the configuration that is applied now, at most `refresh_every` old.

        Raises:
            StoreAwayError: no answer.
        """
        with self._lock:
            if monotonic() >= self._due:
                version = self._store.documents.version()
                if version != self._version:
                    self._holder.follow(self._store.documents.current())
                    self._version = version
                self._due = monotonic() + self._every
            return self._holder.current


@dataclass(frozen=True)
class FollowedPlanReview:
    """The review of visitors' plans under the contact policy of the moment."""

    store: Store
    follower: ConfigurationFollower

    def review(
        self, partition: int, entries: Iterable[JournalEntry], states: Mapping[str, VisitorState]
    ) -> None:
        """Review as `PlanReview.review` does; who has no contact policy plans nothing.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        configuration = self.follower.current()
        if configuration.plans_contacts:
            PlanReview(self.store, configuration.contact).review(partition, entries, states)
