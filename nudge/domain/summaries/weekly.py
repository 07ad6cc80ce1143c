"""The weekly summary of all slots: what a report says, in short, as data and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from nudge.domain.reports.sentences import Said, percent
from nudge.domain.summaries.care_week import care_lines
from nudge.domain.summaries.columns import cut, wrap

Language = Literal["zh", "en"]
Plain = Mapping[str, Any]
MOST: Final = 60
"""Most lines of the page."""
EDGE: Final = 21
"""Lines for title, funnel, freezes, warnings and the rest."""
LEAST: Final = 6
"""Lines that a slot needs at least."""
FREEZES: Final = 3
"""Freezes that are told one by one."""
_ADVICE: Final[Mapping[str, Said]] = {
    "too_close": {"zh": "任选其一即可。", "en": "Keep whichever is easier."},
    "mismatch": {
        "zh": "先排查实际占比与记录概率不符的原因，暂勿采信数据。",
        "en": "Find out why shares and probabilities differ; trust no figure until then.",
    },
    "nothing_shown": {
        "zh": "本周没有曝光，请检查页面是否仍在调用。",
        "en": "Nothing was shown: check whether pages still ask for it.",
    },
    "few_people": {"zh": "等待更多访客。", "en": "Wait for more visitors."},
    "no_comparison": {
        "zh": "检查各方案的投放条件，使其有共同的访客。",
        "en": "Check the variants' conditions: no visitor can see two of them.",
    },
}
_WAIT: Final[Said] = {"zh": "继续投放，暂不调整。", "en": "Let it run, change nothing yet."}
_WORDS: Final[Mapping[str, Said]] = {
    "title": {"zh": "一周小结 {} 至 {}（数据截至 {}）", "en": "Week {} to {} (data up to {})"},
    "unfinished": {"zh": "本周尚未结束。", "en": "The week is not over."},
    "none": {"zh": "还没有配置任何位置。", "en": "No slot is configured."},
    "empty": {"zh": "本周没有任何曝光。", "en": "Nothing was shown in this week."},
    "figures": {
        "zh": "曝光 {}，转化 {}（{}），收入 {} 元，相对对照组提升 {}",
        "en": "{} exposures, {} conversions ({}), {} yuan, lift over the holdout {}",
    },
    "exposures": {"zh": "曝光 {}", "en": "{} exposures"},
    "floor": {
        "zh": "策略的保底概率：{} 至 {}",
        "en": "The policy's floor: {} to {}",
    },
    "do": {"zh": "建议：{}", "en": "To do: {}"},
    "since": {"zh": "结论自 {} 起成立。", "en": " The verdict has held since {}."},
    "funnel": {"zh": "漏斗：{}", "en": "Funnel: {}"},
    "freeze": {"zh": "护栏冻结：{} 于 {}，{}", "en": "Frozen by the guard: {} at {}, {}"},
    "freezes": {"zh": "护栏冻结另有 {} 次。", "en": "{} more freezes by the guard."},
    "no_freeze": {"zh": "本周护栏没有冻结任何位置。", "en": "The guard froze no slot."},
    "more": {"zh": "其余位置：{}（见各自报告）", "en": "Other slots, see their reports: {}"},
}


def slot_summary(title: str, report: Plain) -> dict[str, Any]:
    """Return what a slot's report says in short.

    Args:
        title: of the slot.
        report: of the week, compared with the week before.
    """
    whole = report["whole"]
    names = ("exposures", "conversions", "rate", "revenue", "lift")
    return {
        "slot": report["slot"],
        "title": title,
        **{name: whole.get(name) for name in names},
        "hidden": whole["hidden"],
        "floor": report["floor"],
        "verdict": whole["verdict"],
        "change": whole.get("change"),
        "compared": {one: report["compare"][one] for one in ("zh", "en")},
        "advice": advice_of(whole),
    }


def advice_of(whole: Plain) -> Said:
    """Return what to do about a slot, by the verdict on it."""
    verdict = whole["verdict"]
    stopped = verdict["can_be_stopped"]
    if not stopped:
        return dict(_ADVICE.get(verdict["reason"], _WAIT))
    titles = {one["variant"]: one.get("title", {}) for one in whole.get("variants", ())}
    zh, en = (
        [titles.get(name, {}).get(language, name) for name in stopped] for language in ("zh", "en")
    )
    return {"zh": f"可停用 {'、'.join(zh)}。", "en": f"Stop {', '.join(en)}."}


def page(summary: Plain, language: Language) -> str:
    """Return a week's summary as plain text: at most 60 lines of 100 columns."""
    say = {name: said[language] for name, said in _WORDS.items()}
    head = say["title"].format(summary["from"], summary["to"], summary["as_of"] or "-")
    lines = [cut(head), "=" * 40]
    if not summary["over"]:
        lines.append(say["unfinished"])
    slots = sorted(summary["slots"], key=lambda one: -one["exposures"])
    if not any(one["exposures"] for one in slots):
        lines.append(say["empty" if slots else "none"])
    many = min(len(slots), (MOST - EDGE) // LEAST)
    for one in slots[:many]:
        lines += list(_slot(one, say, language))[: (MOST - EDGE) // many]
    if slots[many:]:
        lines += wrap(say["more"].format(", ".join(one["slot"] for one in slots[many:])), "", 2)
    lines += ["-" * 40, *wrap(say["funnel"].format(summary["funnel"][language]), "", 3)]
    lines += _freezes(summary["freezes"], say)
    lines += care_lines(summary["warnings"], language)
    return "\n".join(lines[:MOST]) + "\n"


def _slot(one: Plain, say: Mapping[str, str], language: Language) -> Iterator[str]:
    yield cut(f"[{one['slot']}] {one['title']}".rstrip())
    yield from wrap(_figures(one, say), "  ", 1)
    if not one["exposures"]:
        yield from wrap(say["do"].format(one["advice"][language]), "  ", 1)
        return
    verdict, since = wrap(one["verdict"][language], "  ", 2), one["verdict"].get("since")
    yield from verdict
    # A sentence that is cut has lost its end, where the day stands.
    cut_off = since and verdict[-1].endswith("...")
    tail = say["since"].format(since) if cut_off else ""
    yield from wrap(say["do"].format(one["advice"][language]) + tail, "  ", 1)
    yield from wrap(one["compared"][language], "  ", 3)
    ends = one["floor"]["lowest"], one["floor"]["highest"]
    if None not in ends:
        yield from wrap(say["floor"].format(*(f"{100.0 * end:.3g}%" for end in ends)), "  ", 1)


def _figures(one: Plain, say: Mapping[str, str]) -> str:
    if one["hidden"] or one["rate"] is None:
        return say["exposures"].format(f"{one['exposures']:,}")
    return say["figures"].format(
        f"{one['exposures']:,}",
        f"{one['conversions']:,}",
        f"{100.0 * one['rate']:.2f}%",
        f"{one['revenue']:,.2f}",
        _lift(one["lift"]),
    )


def _lift(lift: Plain | None) -> str:
    if not lift or lift.get("value") is None:
        return "-"
    ends = [lift.get(name) for name in ("low", "high")]
    told = " ~ ".join("?" if end is None else f"{percent(end)}%" for end in ends)
    return f"{percent(lift['value'])}% ({told})"


def _freezes(freezes: Sequence[Plain], say: Mapping[str, str]) -> list[str]:
    if not freezes:
        return [say["no_freeze"]]
    lines = [
        line
        for one in freezes[:FREEZES]
        for line in wrap(say["freeze"].format(one["slot"], one["at"], one["why"]), "", 2)
    ]
    rest = len(freezes) - FREEZES
    return [*lines, say["freezes"].format(rest)] if rest > 0 else lines
