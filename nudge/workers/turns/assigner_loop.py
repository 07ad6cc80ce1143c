"""The loop that assigns cases by rules and loads, in one worker at a time."""

from __future__ import annotations

from typing import Final

import structlog

from nudge import clock
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.flows.worklist.assigner import Assigner
from nudge.store.folds.case_queues import DuePlace
from nudge.store.store import Store
from nudge.workers.configuration_follower import ConfigurationFollower
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.turn_loop import TurnLoop

log = structlog.get_logger()

MOST: Final = 4
"""Parts that one turn assigns before it asks again whether it is still its turn."""


class AssignerLoop(TurnLoop):
    """The loop of the assigner.

    A worker that loses the turn in the middle of it does no harm: a second step at one revision of
    a case is refused.
    """

    look = 1.0
    failure = "cases_not_assigned"

    def __init__(
        self,
        store: Store,
        store_check: StoreCheck,
        follower: ConfigurationFollower,
        owner: str,
        ttl: float,
    ) -> None:
        super().__init__(store, store_check)
        self._follower, self._owner, self._ttl = follower, owner, ttl
        self._after: DuePlace | None = None

    def turn(self) -> int:
        """Assign what rules say; return how many cases.

        Raises:
            InvalidConfigError: the work lists are wrong.
            StoreAwayError: the store does not answer.
        """
        configuration = self._follower.current()
        policy = configuration.worklist
        if not policy.rules or not self._store.work_notes.acquire(self._owner, self._ttl):
            return 0
        calendar = OperatorCalendar.named(configuration.settings.zone)
        assigner, assigned = Assigner(self._store, policy, calendar, self._ttl / 3), 0
        for _ in range(MOST):
            found = assigner.turn(clock.now(), self._after)
            assigned, self._after = assigned + found.assigned, found.after
            if found.after is None:
                break
        if assigned:
            log.info("cases_assigned", cases=assigned)
        return assigned
