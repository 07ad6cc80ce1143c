"""The loop that removes proofs of consent follows the configuration that is applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from worker_site import Site

from bandits.units import DAY
from nudge.clock import now
from nudge.domain.identity.sealing import Home
from nudge.domain.people.consent_proof import ConsentProof
from nudge.wiring.worker import Worker, loops_of
from nudge.workers.configuration_follower import ConfigurationFollower
from nudge.workers.turns.proof_loop import ProofLoop


def test_a_worker_of_attribute_removes_what_was_kept_long_enough(
    site: Site, tmp_path: Path
) -> None:
    """A proof goes when the months of the configuration are over, and not before."""
    text = (site.settings.config_dir / "contact.toml").read_text()
    (tmp_path / "contact.toml").write_text(text.replace("proof_months = 36", "proof_months = 2"))
    own = replace(site.settings, config_dir=tmp_path)
    old, new = (Home("n" * 20 + one, 0) for one in "ab")
    proof = ConsentProof("server:consent:c", now() - 400 * DAY, "sms", given=True)
    site.store.proofs.keep_past(old, [proof], now() - 70 * DAY)
    site.store.proofs.keep_past(new, [proof], now() - 50 * DAY)
    worker = Worker(own, site.store, "test")
    loop = ProofLoop(site.store, worker.store_check, ConfigurationFollower(site.store, own))
    assert loop.turn() == 1
    assert loop.turn() == 0
    assert site.store.proofs.read_past(old) == ()
    assert len(site.store.proofs.read_past(new)) == 1


@pytest.mark.parametrize(("name", "runs"), [("attribute", True), ("learn", False)])
def test_the_loop_comes_with_attribute(site: Site, name: str, runs: bool) -> None:  # noqa: FBT001 - a case
    """Workers of `attribute` remove proofs: it is there in every installation."""
    worker = Worker(site.settings, site.store, "test")
    assert ("proofs" in loops_of(worker, [name])) is runs
