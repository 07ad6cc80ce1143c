"""Sentences of the closed loop, Chinese and English: the one place where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bandits.inference.interval import Estimate
from nudge.domain.basics.duration import format_duration
from nudge.domain.loop.agent_results import AgentResult
from nudge.domain.loop.holdout import HoldoutEffect, NoComparison
from nudge.domain.loop.loop_steps import LoopStep, StepFigures
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.reports.sentences import Said

STEP_NAMES: Final[dict[LoopStep, Said]] = {
    LoopStep.FOUND: {"zh": "发现", "en": "found"},
    LoopStep.ASSIGNED: {"zh": "分派", "en": "assigned"},
    LoopStep.CONTACTED: {"zh": "联系", "en": "contacted"},
    LoopStep.REACHED: {"zh": "接通", "en": "reached"},
    LoopStep.GRANTED: {"zh": "给予措施", "en": "granted a measure"},
    LoopStep.SAID: {"zh": "表示留下", "en": "said to stay"},
    LoopStep.KEPT: {"zh": "挽留（已缴费）", "en": "kept (paid)"},
}
_NOTHING: Final[dict[NoComparison, Said]] = {
    NoComparison.NOBODY_HELD: {
        "zh": "没有对照组：这些单全部可以联系，无法判断不联系会怎样。请为规则设置 held_share。",
        "en": "Nobody is held out, so nothing tells what would have come without contact. "
        "Give the rules a held_share.",
    },
    NoComparison.NOT_OVER: {
        "zh": "时间未到：还没有单的观察期结束，暂不评判。",
        "en": "It is too early: no case on both sides has its horizon over yet.",
    },
    NoComparison.FEW: {
        "zh": f"人数不足：两边同类的单各需至少 {FEWEST} 人，暂不评判。",
        "en": f"Too few people: at least {FEWEST} of a kind are needed on both sides.",
    },
}
_ALL: Final[Said] = {"zh": "全部", "en": "all"}
_UNKNOWN: Final[Said] = {"zh": "未知", "en": "unknown"}


def group_name(by: str, value: str) -> Said:
    """Name a group of cases."""
    if not by:
        return _ALL
    return {"zh": value or _UNKNOWN["zh"], "en": value or _UNKNOWN["en"]}


def headline(steps: Sequence[StepFigures], kept_within: float) -> Said:
    """Put into words how many cases were found, and how far they came."""
    counts = {one.step: one.cases for one in steps}
    found, within = counts[LoopStep.FOUND], format_duration(kept_within)
    if not found:
        return {"zh": "这段时间没有发现任何单。", "en": "No case was found in this time."}
    parts = [one for one in LoopStep if one is not LoopStep.FOUND]
    zh = "，".join(f"{STEP_NAMES[one]['zh']} {counts[one]:,}" for one in parts)
    en = ", ".join(f"{counts[one]:,} {STEP_NAMES[one]['en']}" for one in parts)
    return {
        "zh": f"共发现 {found:,} 单：{zh}。发现后 {within} 内缴费算挽留。",
        "en": f"{_cases(found)} found: {en}. A payment within {within} of the opening keeps.",
    }


def no_comparison(why: NoComparison) -> Said:
    """Put into words why nothing is compared with the holdout."""
    return _NOTHING[why]


def effect_sentence(one: HoldoutEffect) -> Said:
    """Put into words what acting on cases added, against the holdout."""
    difference, (with_, without) = one.kept.estimate, one.shares
    zh = f"挽留率 {with_.value:.1%}，对照组 {without.value:.1%}，相差 {_points(difference, 'zh')}"
    en = (
        f"{with_.value:.1%} were kept, {without.value:.1%} of the held out: a difference of "
        f"{_points(difference, 'en')}"
    )
    if not one.kept.is_sure:
        zh, en = f"{zh}：看不出差别。", f"{en}. No difference can be told."
    elif difference.value > 0.0:
        zh = f"{zh}：联系有效，多留住约 {one.more_kept.value:,.0f} 单。"
        en = f"{en}. Acting helps: about {one.more_kept.value:,.0f} more were kept."
    else:
        zh = f"{zh}：联系有害，请停止。"
        en = f"{en}. Acting harms: stop it."
    if one.left_out:
        zh += f"另有 {one.left_out:,} 单没有可比的对照组，未计入。"
        en += f" {_cases(one.left_out)} without a comparison left out."
    return {"zh": zh, "en": en}


def agent_sentence(one: AgentResult) -> Said:
    """Put into words what an agent or a team achieved with like cases."""
    if one.people < FEWEST:
        return {
            "zh": f"不足 {FEWEST} 人，暂不评判。",
            "en": f"Fewer than {FEWEST} people: not judged.",
        }
    held, others = _against_held(one), _against_others(one)
    return {"zh": held["zh"] + others["zh"], "en": f"{held['en']} {others['en']}"}


def _against_held(one: AgentResult) -> Said:
    if one.against_held is None:
        return {"zh": "没有同类的对照组可比。", "en": "No like cases are held out."}
    told = one.against_held.estimate
    zh, en = (f"{_points(told, language)}" for language in ("zh", "en"))
    if not one.against_held.is_sure:
        return {
            "zh": f"与同类对照组相差 {zh}：看不出差别。",
            "en": f"Against like cases held out {en}: no difference can be told.",
        }
    more = told.value > 0.0
    return {
        "zh": f"与同类对照组相差 {zh}：{'有效' if more else '有害'}。",
        "en": f"Against like cases held out {en}: {'it helps' if more else 'it harms'}.",
    }


def _against_others(one: AgentResult) -> Said:
    if one.against_others is None:
        return {"zh": "没有他人的同类单可比。", "en": "The others have no like cases."}
    told = one.against_others.estimate
    zh, en = (f"{_points(told, language)}" for language in ("zh", "en"))
    if not one.against_others.is_sure:
        return {
            "zh": f"与他人的同类单相差 {zh}：分不出高下。",
            "en": f"Against like cases of the others {en}: none can be called better.",
        }
    more = told.value > 0.0
    return {
        "zh": f"与他人的同类单相差 {zh}：{'更好' if more else '更差'}。",
        "en": f"Against like cases of the others {en}: {'better' if more else 'worse'}.",
    }


def ranking_sentence(results: Sequence[AgentResult], word: str) -> Said:
    """Put into words whether agents or teams can be ranked."""
    zh, en = {"agent": ("坐席", "agents"), "team": ("团队", "teams")}[word]
    if any(one.rank is not None for one in results):
        return {
            "zh": f"{zh}之间有能分出的差别；名次按向总体收缩后的差值排列。只与同类的单相比，"
            "分派不是随机的，规则看不到的差别仍可能存在。",
            "en": f"Some {en} can be told apart; ranks go by the difference drawn to the middle "
            "of all. Like cases are compared, but chance did not assign them: what the strata do "
            "not know may remain.",
        }
    return {
        "zh": f"{zh}之间分不出高下，因此不排名。",
        "en": f"No {en} can be told apart, so there is no ranking.",
    }


def _points(one: Estimate, language: str) -> str:
    value, low, high = (f"{100.0 * number:+.1f}" for number in (one.value, one.low, one.high))
    if language == "zh":
        return f"{value} 个百分点（{low} 至 {high}）"
    return f"{value} points ({low} to {high})"


def _cases(count: int) -> str:
    return f"{count:,} case" if count == 1 else f"{count:,} cases"
