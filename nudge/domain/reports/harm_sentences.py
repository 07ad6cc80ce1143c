"""The guard's findings in plain sentences, Chinese and English, for the audit and for reports."""

from __future__ import annotations

from nudge.domain.reports.harm_guard import IN_YUAN, HarmFinding, MetricFinding
from nudge.domain.reports.sentences import Said, capped_phrase


def frozen(look: HarmFinding) -> Said:
    """Explain in a sentence why a slot was frozen."""
    harms = [_harm(one, paid=look.slot.terms.event == "paid") for one in look.harms]
    zh, en = ("；".join(x["zh"] for x in harms), "; ".join(x["en"] for x in harms))
    return {
        "zh": f"已冻结：{zh}（自第 {look.since} 次修订起统计）。"
        "模式改回 live 之前，一律展示默认方案。",
        "en": f"Frozen: {en} (counted since revision {look.since}). "
        "The fallback is shown until the mode is set to live.",
    }


def _harm(one: MetricFinding, *, paid: bool) -> Said:
    return _downgrade(one) if IN_YUAN[one.metric] else _abandonment(one, paid=paid)


def _abandonment(one: MetricFinding, *, paid: bool) -> Said:
    policy, holdout = (f"{100.0 * (1.0 - mean):.1f}" for mean in one.means or ())
    rise = one.rise
    if rise is None:
        raise ValueError("no harm to report")
    more, low, high = (f"{100.0 * x:.1f}" for x in (rise.value, rise.low, rise.high))
    who, held = one.exposures
    left, zh_left = ("paying", "未支付") if paid else ("a conversion", "未转化")
    return {
        "zh": f"策略组 {policy}% 的曝光{zh_left}，对照组为 {holdout}%，高出 {more} 个百分点"
        f"（区间 {low}～{high}，随时查看均有效；曝光量 {who:,} 对 {held:,}）",
        "en": f"{policy} % of the policy's exposures ended without {left}, of the holdout's "
        f"{holdout} %; that is {more} points more ({low} to {high}, whenever one looks; "
        f"{who:,} and {held:,} exposures)",
    }


def _downgrade(one: MetricFinding) -> Said:
    policy, holdout = (f"{mean:.2f}" for mean in one.means or ())
    rise = one.rise
    if rise is None:
        raise ValueError("no harm to report")
    less, low, high = (f"{x:.2f}" for x in (rise.value, rise.low, rise.high))
    who, held = one.exposures
    cut = capped_phrase(one.capped)
    return {
        "zh": f"策略组平均每次曝光收入 {policy} 元，对照组为 {holdout} 元，低 {less} 元"
        f"（区间 {low}～{high}，随时查看均有效；曝光量 {who:,} 对 {held:,}）{cut['zh']}",
        "en": f"the policy brought {policy} yuan an exposure, the holdout {holdout}; that is "
        f"{less} yuan less ({low} to {high}, whenever one looks; {who:,} and {held:,} exposures)"
        f"{cut['en']}",
    }
