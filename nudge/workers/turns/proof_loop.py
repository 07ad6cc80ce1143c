"""The loop that removes proofs of consent that were kept as long as the configuration says."""

from __future__ import annotations

import structlog

from nudge.clock import now
from nudge.flows.upkeep.proofs import ProofRemoval
from nudge.store.store import Store
from nudge.workers.configuration_follower import ConfigurationFollower
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.turn_loop import TurnLoop

log = structlog.get_logger()


class ProofLoop(TurnLoop):
    """The loop that removes proofs whose months are over."""

    look = 60.0
    failure = "proofs_not_removed"

    def __init__(
        self, store: Store, store_check: StoreCheck, follower: ConfigurationFollower
    ) -> None:
        super().__init__(store, store_check)
        self._follower = follower

    def turn(self) -> int:
        """Remove what is due in every partition; return how many proofs went.

        Raises:
            InvalidConfigError: the contact policy is wrong.
            StoreAwayError: the store does not answer.
        """
        configuration = self._follower.current()
        removal = ProofRemoval(self._store, configuration.settings.zone)
        removed = removal.run(now(), configuration.proof_months)
        if removed:
            log.info("proofs_removed", proofs=removed, months=configuration.proof_months)
        return removed
