"""Sentences of the experience report, Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bandits.inference.tables.step_down import StepAnswer
from nudge.domain.care.experience.experience_change import CellChange, is_comparable
from nudge.domain.care.experience.experience_counts import (
    LOW,
    MOST_SCORE,
    ExperienceCounts,
    ScoreCell,
)
from nudge.domain.care.experience.leaving import LEAVING, TITLES
from nudge.domain.care.experience.low_words import LowWords
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.reports.sentences import Said

NAMED: Final = 3
"""Most cells that the headline names."""
_NAMES: Final[Mapping[str, Said]] = {
    "scene": {"zh": "场景", "en": "scene"},
    "touch_point": {"zh": "触点", "en": "touch point"},
    "source": {"zh": "来源", "en": "source"},
    "channel": {"zh": "渠道", "en": "channel"},
    "page": {"zh": "页面", "en": "page"},
    "day": {"zh": "日期", "en": "day"},
    "week": {"zh": "周", "en": "week of"},
    "month": {"zh": "月份", "en": "month of"},
    "hour": {"zh": "时段", "en": "hour"},
    "weekday": {"zh": "星期", "en": "weekday"},
    "leaving": {"zh": "离网类型", "en": "leaving"},
    "leaving_source": {"zh": "离网依据", "en": "leaving, by"},
}
_VALUES: Final[Mapping[str, Mapping[str, Said]]] = {
    LEAVING: TITLES,
    "leaving_source": {
        "told": {"zh": "明确告知", "en": "what was told"},
        "seen": {"zh": "缴费推断", "en": "what payments show"},
    },
    "source": {"page": {"zh": "页面", "en": "pages"}, "server": {"zh": "服务端", "en": "servers"}},
}
_UNKNOWN: Final[Said] = {"zh": "未知", "en": "unknown"}
_BEFORE: Final[Mapping[str, Said]] = {
    "before": {"zh": "前一个等长时段", "en": "the period before"},
    "week": {"zh": "上一周", "en": "the week before"},
    "month": {"zh": "上一月", "en": "the month before"},
    "quarter": {"zh": "上一季度", "en": "the quarter before"},
}


def cell_name(by: Sequence[str], values: Sequence[str]) -> Said:
    """Return the name of a cell: its dimensions and their values."""
    pairs = list(zip(by, values, strict=True))
    zh, en = (
        [f"{_name(name, language)} {_value(name, value, language)}" for name, value in pairs]
        for language in ("zh", "en")
    )
    return {"zh": "、".join(zh), "en": ", ".join(en)}


def _name(dimension: str, language: str) -> str:
    return _NAMES.get(dimension, {}).get(language, dimension)


def _value(dimension: str, value: str, language: str) -> str:
    if not value:
        return _UNKNOWN[language]
    return _VALUES.get(dimension, {}).get(value, {}).get(language, value)


def change_sentence(cell: ScoreCell, change: CellChange | None) -> Said:
    """Put what changed in a cell into words: the figure that is sure, else that none is."""
    if change is None:
        side = (
            {"zh": "上期", "en": "in the period before"}
            if cell.people >= FEWEST
            else {"zh": "本期", "en": "in this period"}
        )
        return {
            "zh": f"{side['zh']}评分人数不足 {FEWEST} 人，无法判断是否变化",
            "en": f"fewer than {FEWEST} people gave a score {side['en']}: cannot tell",
        }
    sure = [
        said
        for answer, said in ((change.score, _mean(change.score)), (change.low, _low(change.low)))
        if answer.is_sure
    ]
    if sure:
        zh, en = ([one[language] for one in sure] for language in ("zh", "en"))
        return {"zh": f"{'；'.join(zh)}，变化属实", "en": f"{'; '.join(en)}: real"}
    ends = _ends(change.score, 1.0)
    return {
        "zh": f"平均分变化 {change.score.estimate.value:+.1f} 分（{ends['zh']}），无法判断是否变化",
        "en": f"mean {change.score.estimate.value:+.1f} points ({ends['en']}): cannot tell",
    }


def _mean(answer: StepAnswer) -> Said:
    rose, ends = answer.estimate.value > 0.0, _sizes(answer, 1.0)
    by = f"{abs(answer.estimate.value):.1f}"
    return {
        "zh": f"平均分{'上升' if rose else '下降'} {by} 分（{ends['zh']}）",
        "en": f"the mean {'rose' if rose else 'fell'} by {by} points ({ends['en']})",
    }


def _low(answer: StepAnswer) -> Said:
    rose, ends = answer.estimate.value > 0.0, _sizes(answer, 100.0)
    by = f"{abs(100.0 * answer.estimate.value):.1f}"
    return {
        "zh": f"低分（{LOW} 分及以下）占比{'上升' if rose else '下降'} {by} 个百分点"
        f"（{ends['zh']}）",
        "en": f"scores of {LOW} and below {'rose' if rose else 'fell'} by {by} percentage points "
        f"({ends['en']})",
    }


def _sizes(answer: StepAnswer, scale: float) -> Said:
    """Return the ends of a sure change as sizes, the smaller one first."""
    low, high = sorted(abs(scale * end) for end in (answer.estimate.low, answer.estimate.high))
    return {"zh": f"{low:.1f}～{high:.1f}", "en": f"{low:.1f} to {high:.1f}"}


def _ends(answer: StepAnswer, scale: float) -> Said:
    low, high = scale * answer.estimate.low, scale * answer.estimate.high
    return {"zh": f"{low:+.1f}～{high:+.1f}", "en": f"{low:+.1f} to {high:+.1f}"}


def headline(
    by: Sequence[str], found: ExperienceCounts, changes: Sequence[CellChange | None], compare: str
) -> Said:
    """Put the report into a few sentences: how it is, and the surest and largest changes.

    Args:
        by: the question's dimensions.
        found: counts of the question.
        changes: of the whole, then of each cell.
        compare: of the question; empty for none.
    """
    whole = found.whole
    if not whole.score.now.rows:
        return {"zh": "该时段内没有评分。", "en": "Nobody gave a score in this period."}
    if whole.people < FEWEST:
        return {
            "zh": f"该时段内评分人数不足 {FEWEST} 人，不显示数据。",
            "en": f"Fewer than {FEWEST} people gave a score: no figures are told.",
        }
    said = [_level(whole)]
    if compare:
        said += list(_changes(by, found, changes, compare))
    return {language: _joined(said, language) for language in ("zh", "en")}


def _joined(said: Sequence[Said], language: str) -> str:
    return ("" if language == "zh" else " ").join(one[language] for one in said)


def _level(whole: ScoreCell) -> Said:
    scores, people = f"{whole.score.now.rows:,}", f"{whole.people:,}"
    mean = f"{MOST_SCORE * (whole.score.now.mean or 0.0):.1f}"
    share = f"{100.0 * (whole.low.now.mean or 0.0):.1f}%"
    return {
        "zh": f"{people} 人共评分 {scores} 次，平均 {mean} 分，{LOW} 分及以下占 {share}。",
        "en": f"{people} people gave {scores} scores: {mean} on average, {share} of them {LOW} or "
        "below.",
    }


def _changes(
    by: Sequence[str], found: ExperienceCounts, changes: Sequence[CellChange | None], compare: str
) -> Iterator[Said]:
    before = _BEFORE[compare]
    whole = change_sentence(found.whole, changes[0])
    yield {
        "zh": f"与{before['zh']}相比，整体{whole['zh']}。",
        "en": f"Against {before['en']}, overall: {whole['en']}.",
    }
    if not by or not any(map(is_comparable, found.cells)):
        return
    pairs = zip(found.cells, changes[1:], strict=True)
    sure = [(cell, one) for cell, one in pairs if one is not None and one.verdict != "unclear"]
    if not sure:
        yield {"zh": "各分组没有可确认的变化。", "en": "No group changed for sure."}
        return
    # Falls first: somebody should look at them.
    sure.sort(key=lambda pair: (pair[1].verdict != "worse", -abs(pair[1].score.estimate.value)))
    for cell, one in sure[:NAMED]:
        name, said = cell_name(by, cell.values), change_sentence(cell, one)
        yield {"zh": f"{name['zh']}：{said['zh']}。", "en": f"{name['en']}: {said['en']}."}
    rest = len(sure) - NAMED
    if rest > 0:
        yield {"zh": f"另有 {rest} 个分组有变化。", "en": f"{rest} more groups changed."}


def words_sentence(found: LowWords | None) -> Said:
    """Put the words that come with low scores into a sentence.

    Args:
        found: the words; None where the texts could not be read.
    """
    if found is None:
        return {
            "zh": "暂时无法读取评论原文（存储不可用），没有统计用词。",
            "en": "The texts could not be read (the store does not answer): no words are told.",
        }
    if not found.is_enough:
        return {
            "zh": f"写下评论的人太少（低分与其他评分各需 {FEWEST} 人），无法判断哪些词与低分有关。",
            "en": f"Too few people wrote something (it takes {FEWEST} beside low and {FEWEST} "
            "beside other scores): cannot tell which words come with low scores.",
        }
    if not found.phrases:
        return {
            "zh": "没有哪个词在低分评论中明显更常见。",
            "en": "No words come more often with low scores for sure.",
        }
    names = [one.phrase for one in found.phrases[:5]]
    return {
        "zh": f"低分评论中明显更常见的说法：{'、'.join(f'“{name}”' for name in names)}。",
        "en": f"Words that come with low scores: {', '.join(names)}.",
    }
