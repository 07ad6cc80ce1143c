"""The report of what sends brought by day and hour. For a worker."""

from __future__ import annotations

from nudge.domain.people.rhythm import Rhythm
from nudge.domain.sms.effect_question import EffectQuestion
from nudge.domain.sms.effect_report import effect_report
from nudge.lake.engine.query import Backend
from nudge.lake.sms.send_effects import send_effects


def effects_answer(
    backend: Backend, question: EffectQuestion, rhythm: Rhythm | None
) -> dict[str, object]:
    """Return the report of the sends of the lake that a backend holds.

    Args:
        backend: from `connect`.
        question: that is answered.
        rhythm: of the crowd; None where none is known.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    return effect_report(question, send_effects(backend, question, rhythm))
