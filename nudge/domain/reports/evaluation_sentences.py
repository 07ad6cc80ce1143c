"""Sentences of an evaluation, Chinese and English: what another way would have got, or why not."""

from __future__ import annotations

from typing import Final

from bandits.evaluation import Evaluation
from nudge.domain.reports.sentences import Said, percent

BEST: Final = ("dr", "snips")
"""Estimators in the order in which they are told."""
FIGURES: Final = ("value", "low", "high", "done")
"""Figures of an answer."""


def evaluation_sentence(found: Evaluation, *, revenue: bool) -> Said:
    """Say what another policy would have got beside what was done, or why the log cannot tell.

    Args:
        found: the evaluation.
        revenue: the reward is yuan an exposure, not conversions.
    """
    if found.diagnostics.refusal() is not None:
        return _refused(found)
    told = next((one for name in BEST if (one := found.estimates.get(name))), None)
    if told is None or found.on_policy is None:
        return _CANNOT
    side = "more" if told.low > found.on_policy else "less"
    side = side if side == "more" or told.high < found.on_policy else "open"
    show = _yuan if revenue else _rate
    figures = dict(
        zip(FIGURES, map(show, (told.value, told.low, told.high, found.on_policy)), strict=True)
    )
    pattern = _ANSWERS["revenue" if revenue else "conversion", side]
    return {tongue: text.format(**figures) for tongue, text in pattern.items()}


def _rate(value: float) -> str:
    return f"{percent(value)}%"


def _yuan(value: float) -> str:
    return f"¥{value:,.2f}"


_ANSWERS: Final[dict[tuple[str, str], Said]] = {
    ("conversion", "more"): {
        "zh": "这种做法的转化率约为 {value}（95% 区间 {low} 至 {high}），高于实际的 {done}。",
        "en": "This way would have converted {value} of exposures (95% interval {low} to {high}): "
        "more than the {done} of what was done.",
    },
    ("conversion", "less"): {
        "zh": "这种做法的转化率约为 {value}（95% 区间 {low} 至 {high}），低于实际的 {done}。",
        "en": "This way would have converted {value} of exposures (95% interval {low} to {high}): "
        "less than the {done} of what was done.",
    },
    ("conversion", "open"): {
        "zh": "这种做法的转化率约为 {value}（95% 区间 {low} 至 {high}），与实际的 {done} "
        "分不出高下。",
        "en": "This way would have converted {value} of exposures (95% interval {low} to {high}), "
        "which cannot be told from the {done} of what was done.",
    },
    ("revenue", "more"): {
        "zh": "这种做法每次曝光约带来 {value}（95% 区间 {low} 至 {high}），高于实际的 {done}。",
        "en": "This way would have brought {value} an exposure (95% interval {low} to {high}): "
        "more than the {done} of what was done.",
    },
    ("revenue", "less"): {
        "zh": "这种做法每次曝光约带来 {value}（95% 区间 {low} 至 {high}），低于实际的 {done}。",
        "en": "This way would have brought {value} an exposure (95% interval {low} to {high}): "
        "less than the {done} of what was done.",
    },
    ("revenue", "open"): {
        "zh": "这种做法每次曝光约带来 {value}（95% 区间 {low} 至 {high}），与实际的 {done} "
        "分不出高下。",
        "en": "This way would have brought {value} an exposure (95% interval {low} to {high}), "
        "which cannot be told from the {done} of what was done.",
    },
}
"""Answers by the unit of the reward, and by the side of what was done on which they lie."""
_CANNOT: Final[Said] = {
    "zh": "日志里有不能使用的记录，无法回答。",
    "en": "The log has records that cannot be used, and gives no answer.",
}
_PLAIN: Final[dict[str, Said]] = {
    "no_rows": {
        "zh": "还没有可以用来判断的曝光：等观察期过后再问。",
        "en": "No exposure can be judged yet: ask again when their windows have closed.",
    },
    "bad_rows": _CANNOT,
    "weights_off": {
        "zh": "记录的展示概率与这种做法对不上，无法回答：它选择的内容可能从未试过。",
        "en": "The logged propensities do not fit this way, and give no answer: it may choose what "
        "was never tried.",
    },
}
"""Refusals without a figure."""


def _refused(found: Evaluation) -> Said:
    known = found.diagnostics
    refusal = known.refusal()
    code = "" if refusal is None else refusal.code
    if code in _PLAIN:
        return _PLAIN[code]
    if code == "unsupported":
        share = percent(known.unsupported or 0.0)
        return {
            "zh": f"这种做法有 {share}% 的选择在记录里不可能出现，无法回答：换一种接近现状的做法。",
            "en": f"{share}% of what this way would show could never have been drawn, and the log "
            "gives no answer: ask about a way nearer to what was done.",
        }
    if code == "few_subjects":
        people = known.sums.moments.clusters
        return {
            "zh": f"记录里只有 {people:,} 位访客，至少需要 30 位，还不能回答。",
            "en": f"The log has {people:,} visitors, and at least 30 are needed for an answer.",
        }
    return {
        "zh": f"对这种做法来说，{known.n:,} 次曝光只相当于 {known.ess:,.0f} 次，太少，还不能回答。",
        "en": f"For this way the {known.n:,} exposures are worth as much as {known.ess:,.0f}: too "
        "few for an answer.",
    }
