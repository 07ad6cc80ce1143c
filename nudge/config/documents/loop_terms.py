"""The terms of the closed loop, from the configuration: what outcomes tell, and what steps cost."""

from __future__ import annotations

from nudge.config.documents.configuration import Configuration
from nudge.domain.loop.loop_question import LoopTerms


def loop_terms(configuration: Configuration) -> LoopTerms:
    """Return the terms by which the closed loop's steps are read and costed.

    Args:
        configuration: of now.

    Raises:
        InvalidConfigError: the warnings or the work lists are wrong.
    """
    warnings, work = configuration.warnings, configuration.worklist
    return LoopTerms(
        warnings.reached,
        warnings.kept,
        frozenset(work.team_by_name),
        tuple(sorted(work.costs.contacts.items())),
        work.costs.hour,
    )
