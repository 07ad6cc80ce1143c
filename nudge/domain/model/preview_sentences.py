"""Sentences of a preview, Chinese and English: how many visitors would see something else."""

from __future__ import annotations

from nudge.domain.reports.sentences import percent

Said = dict[str, str]
"""A sentence by language, `zh` and `en`."""
NOTHING = 0.0005
"""Share of the visitors below which nothing is seen to change."""


def preview_sentence(moved: float | None) -> Said:
    """Say how many visitors would see something else.

    Args:
        moved: their share; None where the learner has yet to say what it would show.
    """
    if moved is None:
        return {
            "zh": "学习会继续；下一个策略版本发布后才知道有多少访客会看到不同的内容。",
            "en": "The learner goes on; how many visitors would see something else is known when "
            "it publishes its next version.",
        }
    if moved < NOTHING:
        return {
            "zh": "访客看到的内容不会马上变化。",
            "en": "No visitor would see anything else at once.",
        }
    share = percent(moved)
    return {
        "zh": f"{share}% 的访客会看到不同的内容。",
        "en": f"{share} % of visitors would see something else.",
    }
