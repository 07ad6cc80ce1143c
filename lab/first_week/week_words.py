"""Words of a first week, Chinese and English: the one place where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lab.first_week.support import FEW_CONVERSIONS
from nudge.domain.reports.sentences import Said

WHY: Final[Mapping[str, Said]] = {
    "no_rows": {
        "zh": "日志里没有可用的行",
        "en": "the log has no row that can be used",
    },
    "few_conversions": {
        "zh": f"日志里的转化不足 {FEW_CONVERSIONS} 次",
        "en": f"the log has fewer than {FEW_CONVERSIONS} conversions",
    },
    "one_variant": {
        "zh": "日志里只展示过一个选项，看不出别的选项效果如何",
        "en": "the log shows one variant only, and says nothing of the others",
    },
    "no_variation": {
        "zh": "同一类用户在日志里看到的几乎总是同一个选项，无从比较",
        "en": "visitors who are alike nearly always saw the same variant, so nothing can be "
        "compared",
    },
    "rule_unseen": {
        "zh": "现行规则会展示的选项，日志里展示得太少",
        "en": "the log hardly shows what the operator's own rule would show",
    },
    "mostly_extrapolated": {
        "zh": "多数用户会看到日志不了解的选项，结果大半要靠推测",
        "en": "most visitors would see variants that the log does not know for them",
    },
}
"""Reason for which there is no answer -> its sentence."""
UNITS: Final[Mapping[str, Said]] = {
    "conversions": {"zh": "次转化", "en": "conversions"},
    "yuan": {"zh": "元", "en": "yuan"},
}
SOURCES: Final[Mapping[str, Said]] = {
    "comparison": {"zh": "[comparison] 的规则", "en": "the rule of [comparison]"},
    "prior": {"zh": "[policy] 的 prior", "en": "the prior of [policy]"},
    "fallback": {"zh": "各页面的默认选项", "en": "each page's fallback"},
}
"""Source of the operator's own rule -> its name."""
WORDS: Final[Mapping[str, Said]] = {
    "log": {
        "zh": "日志：{exposures} 次展示，{conversions} 次转化，{days} 天。"
        "现行规则取自{source}（{rule}）。",
        "en": "The log: {exposures} exposures, {conversions} conversions, {days} days. "
        "The operator's own rule is {source} ({rule}).",
    },
    "cannot": {"zh": "无法回答：{why}。", "en": "Cannot answer: {why}."},
    "longer": {"zh": "请提供更长的日志。", "en": "Give a longer log."},
    "show": {
        "zh": "请先随机选一些用户，让他们看到这些选项，再来问：{names}。",
        "en": "Show these variants to more visitors, chosen by chance, and ask again: {names}.",
    },
    "week": {
        "zh": "前 {days} 天、{visitors} 位用户：按现行规则 {rule} {unit}，"
        "用 Nudge {nudge} {unit}，相差 {difference}。",
        "en": "{days} days, {visitors} visitors: {rule} {unit} under the operator's own rule, "
        "{nudge} under Nudge: a difference of {difference}.",
    },
    "pays": {
        "zh": "在日志所允许的情形中，有 {share}% 不亏。人人都看同一个选项，最好是 {single}，"
        "得 {single_worth}；人人都看到最合适的，得 {oracle}。",
        "en": "It pays in {share}% of the worlds that the log allows. The best single variant "
        "({single}) brings {single_worth}, the best one for each visitor {oracle}.",
    },
    "shortfall": {
        "zh": "途中最多落后 {most} {unit}（100 种情形中 95 种不超过），{until}。"
        "最差的是第 {day} 天：{worst}。",
        "en": "On the way it is behind by at most {most} {unit} (in 95 of 100 worlds), {until}. "
        "The worst day is day {day}: {worst}.",
    },
    "from": {
        "zh": "半数情形从第 {day} 天（{visitors} 位用户之后）起不再落后。",
        "en": "In half of the worlds it is ahead for good from day {day}, after {visitors} "
        "visitors.",
    },
    "not_yet": {
        "zh": "半数以上的情形到期末仍然落后。",
        "en": "In more than half of the worlds it is still behind at the end.",
    },
    "always": {
        "zh": "半数情形从一开始就不落后。",
        "en": "In half of the worlds it is never behind.",
    },
    "until": {
        "zh": "最迟第 {day} 天（{visitors} 位用户之后）追平",
        "en": "until day {day} ({visitors} visitors) at the latest",
    },
    "until_end": {"zh": "到期末还未必追平", "en": "and may still be behind at the end"},
    "until_start": {"zh": "从一开始就不落后", "en": "and never for long"},
    "moved": {
        "zh": "{share}% 的用户看到的选项与现行规则不同。",
        "en": "{share}% of the visitors see another variant than the rule's.",
    },
    "extrapolated": {
        "zh": "以下选项对一部分用户只能推测：{names}。推测的选项不会被当作好于已知的选项。",
        "en": "Variants that are extrapolated for some visitors: {names}. An extrapolated variant "
        "is never taken as better than the known ones.",
    },
    "disagrees": {
        "zh": "按展示概率与按用户分组估计的结果对不上：{names}。"
        "当时的选择另有依据，而分组看不到，结果会有偏差。",
        "en": "The log's propensities contradict its cells: {names}. The logged policy chose by "
        "something that the slot's context does not hold, and the answer is biased.",
    },
    "partly": {
        "zh": "部分行没有展示概率，按用户分组估计。",
        "en": "Some rows lack their propensity: the logged policy is estimated by cell.",
    },
    "estimated": {
        "zh": "日志没有展示概率，按用户分组估计；如果当时的选择另有依据，而分组看不到，"
        "结果会有偏差。",
        "en": "The log has no propensities: the logged policy is estimated by cell. If it chose by "
        "something that the slot's context does not hold, the answer is biased.",
    },
    "no_delay": {
        "zh": "日志没有付费时间，按立即付费计算。",
        "en": "The log has no time of payment: conversions are taken to come at once.",
    },
}
"""Sentence -> its text, with places for its values."""
