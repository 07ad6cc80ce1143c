"""Sentences about factors of leaving, Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nudge.domain.care.experience.leaving import SEEN as SEEN_IN_PAYMENTS
from nudge.domain.care.experience.leaving import TITLES, TOLD
from nudge.domain.care.factors.conditions import Condition
from nudge.domain.care.factors.findings import (
    SEEN,
    SMALL,
    Cut,
    CutEffects,
    Effect,
    FactorReport,
    PairRule,
    Reason,
    Shape,
    ToldRule,
    Verdict,
)
from nudge.domain.reports.sentences import Said


def headline(report: FactorReport) -> Said:
    """Put into words how many factors go with leaving, and the surest."""
    whole = report.whole
    people = f"{whole.people:,}"
    if whole.needed:
        return _too_few(whole)
    found = [one for one in whole.effects if one.found]
    if not found and not report.pairs:
        return {
            "zh": f"{people} 人中，没有发现与流失确实相关的因素。",
            "en": f"Among {people} people, no factor surely goes with leaving.",
        }
    zh, en = "、".join(e.factor for e in found[:3]), ", ".join(e.factor for e in found[:3])
    return {
        "zh": f"{people} 人中流失 {whole.left:,} 人；{len(found)} 个因素与流失相关"
        f"{'，最确定的是：' + zh if zh else ''}；另有 {len(report.pairs)} 个组合规则。",
        "en": f"{whole.left:,} of {people} people left; {len(found)} factors go with leaving"
        f"{', the surest: ' + en if en else ''}; and {len(report.pairs)} pairs of factors.",
    }


def _too_few(cut: CutEffects) -> Said:
    stayed = cut.people - cut.left
    return {
        "zh": f"暂时无法判断：流失 {cut.left:,} 人、留存 {stayed:,} 人，"
        f"各需至少 {cut.needed:,} 人。",
        "en": f"It cannot be told yet: {cut.left:,} left and {stayed:,} stayed; "
        f"{cut.needed:,} of each are needed.",
    }


def cut_sentence(cut: CutEffects) -> Said:
    """Put into words whose factors these are, and what was found."""
    zh, en = _whose(cut)
    if cut.needed:
        said = _too_few(cut)
        return {"zh": f"{zh}：{said['zh']}", "en": f"{en}: {said['en']}"}
    found = [one.factor for one in cut.effects if one.found]
    return {
        "zh": f"{zh}（{cut.people:,} 人，流失 {cut.left:,} 人）："
        + ("相关因素为 " + "、".join(found) if found else "没有确定的相关因素")
        + "。",
        "en": f"{en} ({cut.people:,} people, {cut.left:,} left): "
        + (", ".join(found) if found else "no factor for sure")
        + ".",
    }


def _whose(cut: CutEffects) -> tuple[str, str]:
    if cut.cut == Cut.SEGMENT:
        return f"客群 {cut.group}", f"Segment {cut.group}"
    if cut.cut == Cut.KIND:
        said = kind_title(cut.group)
        return f"流失类型 {said['zh']}", f"Kind of leaving {said['en']}"
    return "全部", "All people"


def kind_title(group: str) -> Said:
    """Name a kind of leaving: `told:need_gone` of the lake in words, one of a file as it is."""
    source, _, kind = group.partition(":")
    if source not in _SOURCES or kind not in TITLES:
        return {"zh": group, "en": group}
    title, how = TITLES[kind], _SOURCES[source]
    return {"zh": f"{title['zh']}（{how['zh']}）", "en": f"{title['en']} ({how['en']})"}


_SOURCES: Final[Mapping[str, Said]] = {
    TOLD: {"zh": "客户或客服告知", "en": "told"},
    SEEN_IN_PAYMENTS: {"zh": "从充值记录看出", "en": "seen in payments"},
}


def effect_sentence(effect: Effect) -> Said:
    """Put a factor into words: what goes with leaving and how much, or why it cannot be told."""
    name, contrast, odds = effect.factor, effect.contrast, effect.odds
    if effect.found and contrast and odds:
        first, other = contrast.first.said, contrast.other.said
        rates = f"{contrast.rate:.1%}", f"{contrast.other_rate:.1%}"
        between = f"{odds.low:.2f}", f"{odds.high:.2f}"
        more = effect.verdict == Verdict.RAISES
        return {
            "zh": f"{first['zh']} 的人流失率 {rates[0]}，{other['zh']} 的人为 {rates[1]}；"
            f"其他因素相同时，流失几率{'升' if more else '降'}为 {odds.value:.2f} 倍"
            f"（{between[0]}～{between[1]}）。",
            "en": f"Of those with {first['en']}, {rates[0]} leave; with {other['en']}, {rates[1]}. "
            f"All else equal the odds of leaving are {odds.value:.2f} times as high "
            f"({between[0]} to {between[1]}).",
        }
    if effect.verdict == Verdict.NONE:
        return {
            "zh": f"{name}：即使有影响也很小（几率比在 1/{SMALL} 到 {SMALL} 之间）。",
            "en": f"{name}: an effect, if there is one, is small (an odds ratio within 1/{SMALL} "
            f"to {SMALL}).",
        }
    return _cannot_tell(effect)


def _cannot_tell(effect: Effect) -> Said:
    reason = _REASONS[effect.reason or Reason.SAMPLE]
    needed = "" if effect.needed is None else f"{effect.needed:,}"
    words = {"partner": effect.partner, "needed": needed, "seen": SEEN}
    return {
        "zh": f"{effect.factor}：无法判断，{reason['zh'].format(**words)}。",
        "en": f"{effect.factor}: cannot tell; {reason['en'].format(**words)}.",
    }


_REASONS: Final[Mapping[Reason, Said]] = {
    Reason.FEW_LEFT: {"zh": "流失或留存的人数太少", "en": "too few people left, or stayed"},
    Reason.FEW_ON_A_SIDE: {
        "zh": "取值几乎都一样",
        "en": "nearly all people have the same value",
    },
    Reason.ENTANGLED: {
        "zh": "它与 {partner} 几乎同步变化，两者无法区分",
        "en": "it moves with {partner}, and the two cannot be told apart",
    },
    Reason.ALIKE: {
        "zh": "它可以由 {partner} 等其他因素推算出来",
        "en": "other factors, {partner} among them, make it up",
    },
    Reason.SAMPLE: {
        "zh": "要看清几率比 {seen} 的影响，约需 {needed} 人",
        "en": "about {needed} people would show an odds ratio of {seen}",
    },
    Reason.SMALL: {
        "zh": "若有影响，多半小于几率比 {seen}",
        "en": "an effect, if there is one, is probably below an odds ratio of {seen}",
    },
}


def pair_sentence(pair: PairRule) -> Said:
    """Put a pair into words: `contract is monthly and tenure up to 6: 58 % leave against 27 %`."""
    one, two = (c.said for c in pair.conditions)
    rate, other, alone = (f"{x:.1%}" for x in (pair.rate, pair.other_rate, pair.expected))
    return {
        "zh": f"{one['zh']} 且 {two['zh']}：流失率 {rate}，其他人 {other}；"
        f"若两者只是各自起作用，应为 {alone}（{pair.people:,} 人）。",
        "en": f"{one['en']} and {two['en']}: {rate} leave against {other} of the others; {alone} "
        f"would, if each only added its own ({pair.people:,} people).",
    }


def rule_sentence(rule: ToldRule) -> Said:
    """Put a rule of the told model into words."""
    zh = " 且 ".join(one.said["zh"] for one in rule.conditions)
    en = " and ".join(one.said["en"] for one in rule.conditions)
    odds = f"{rule.odds:.3g}"
    if rule.shape == Shape.STEP:
        return {"zh": f"{zh}：流失几率 × {odds}", "en": f"{en}: odds of leaving × {odds}"}
    name, bound = rule.conditions[0].factor, rule.conditions[0]
    if rule.shape == Shape.DOUBLING:
        return {
            "zh": f"{name} 每翻一番：流失几率 × {odds}",
            "en": f"each doubling of {name}: odds of leaving × {odds}",
        }
    upto = _upto(bound) if rule.shape == Shape.UNIT_UP_TO else {"zh": "", "en": ""}
    return {
        "zh": f"{name} 每增加 1{upto['zh']}：流失几率 × {odds}",
        "en": f"each unit of {name}{upto['en']}: odds of leaving × {odds}",
    }


def _upto(bound: Condition) -> Said:
    return {"zh": f"（到 {bound.value} 为止）", "en": f" up to {bound.value}"}
