"""The view of a rhythm for people and programs: parameters, sentences, and its check."""

from __future__ import annotations

from dataclasses import asdict

from nudge.domain.care.rhythm_sentences import rhythm_sentence
from nudge.domain.people.rhythm import LEVEL, Rhythm
from nudge.domain.reports.sentences import Said
from nudge.models.rhythm.backtest import RhythmCheck
from nudge.models.rhythm.fit import FEWEST

Plain = dict[str, object]


def rhythm_view(rhythm: Rhythm | None, gap: float | None) -> Plain:
    """Return a rhythm as plain JSON; the median gap stands in its place for too few people."""
    sentence = plain_sentence(gap) if rhythm is None else rhythm_sentence(rhythm)
    model = None if rhythm is None else asdict(rhythm)
    return {"rhythm": model, "median_gap": gap, "sentence": sentence}


def plain_sentence(gap: float | None) -> Said:
    """Put into words that there are too few people for a model."""
    if gap is None:
        return {
            "zh": "还没有人再次购买，无法判断。",
            "en": "Nobody has bought a second time: it cannot be told yet.",
        }
    return {
        "zh": f"再次购买的人不足 {FEWEST} 人，模型无法拟合；两次购买间隔的中位数为 {gap:,.0f} 天。",
        "en": f"Fewer than {FEWEST} people came back, too few for the model; the median gap "
        f"between two purchases is {gap:,.0f} days.",
    }


def check_view(found: RhythmCheck) -> Plain:
    """Return a check as plain JSON, with its sentence."""
    more = {"error": found.error, "naive_error": found.naive_error}
    return asdict(found) | more | {"sentence": check_sentence(found)}


def check_sentence(found: RhythmCheck) -> Said:
    """Put a check into words."""
    level = f"{LEVEL:.0%}".replace("%", " %")
    expected, real = f"{found.expected:,.0f}", f"{found.real:,}"
    off = "" if found.error is None else f"{100 * found.error:+.1f} %"
    auc = "" if found.auc is None else f"{found.auc:.3f}"
    dates = "" if found.dates_covered is None else f"{100 * found.dates_covered:.1f} %"
    covered = f"{100 * found.covered:.1f} %"
    return {
        "zh": f"随后 {found.days} 天：预计 {expected} 次，实际 {real} 次"
        f"{f'（{off}）' if off else ''}；{found.people:,} 人中有 {found.back:,} 人回来"
        f"{f'，排序 AUC 为 {auc}' if auc else ''}。{level} 的区间覆盖了 {covered} 的人的次数"
        f"{f'，以及 {dates} 的下次购买日期' if dates else ''}。",
        "en": f"The {found.days} days behind: {expected} purchases expected, {real} real"
        f"{f' ({off})' if off else ''}; {found.back:,} of {found.people:,} people came back"
        f"{f', ranked with AUC {auc}' if auc else ''}. Intervals of {level} hold the purchases of "
        f"{covered} of the people{f', and {dates} of the next dates' if dates else ''}.",
    }
