"""Sentences of a slot's model, Chinese and English: what is shown to whom, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from nudge.domain.reports.sentences import LANGUAGES, percent, title_of, visitors_phrase

Said = dict[str, str]
"""A sentence by language, `zh` and `en`."""
Plain = Mapping[str, Any]
Titles = Mapping[str, Mapping[str, str]]
"""Variant -> its title by language, of those that have one."""

FEW: Final = 100
"""Exposures below which a value counts as hardly known."""
SAME: Final = 0.05
"""Difference of shares from which on an attribute changes what is shown."""
MOST_SAID: Final = 12
"""Sentences about values and about combinations of them, at most."""
_MODES: Final[Mapping[str, Said]] = {
    "live": {"zh": "正常学习", "en": "live: it learns and draws by its policy"},
    "shadow": {"zh": "影子模式：只展示默认方案", "en": "in shadow mode: the fallback is shown"},
    "off": {"zh": "已关闭：只展示默认方案", "en": "off: the fallback is shown"},
}


def variant_name(name: str, titles: Titles) -> Said:
    """Name a variant in a sentence: by its title, or by its name where it has none."""
    if name not in titles:
        return {"zh": name, "en": name}
    return {tongue: f"“{title_of(name, tongue, titles)}”" for tongue in LANGUAGES}


def model_sentences(model: Plain) -> list[Said]:
    """Put a slot's model, as `slot_model` returns it, into sentences."""
    # Chinese has no space beside its quotation marks.
    return [
        one | {"zh": one["zh"].replace(" “", "“").replace("” ", "”")} for one in _sentences(model)
    ]


def _sentences(model: Plain) -> Iterator[Said]:
    yield _mode(model)
    if model["learned"] is None:
        yield {
            "zh": "还没有发布学到的策略：目前按起始规则分配。",
            "en": "No learned policy has been published yet: the first rule decides.",
        }
        yield _shown({}, model["shown"], model["titles"])
        yield _floor(model)
        return
    yield _source(model["learned"], model["revision"], model["policy"]["version"])
    yield from _forgetting(model)
    if model["page_share"] is not None:
        share = percent(model["page_share"])
        yield {
            "zh": f"仅由页面上报的数据最多影响 {share}% 的概率，其余只依据服务器确认的事实。",
            "en": f"What only pages say moves at most {share} % of a probability; the rest comes "
            "from what servers said.",
        }
    yield from _bound(model["learned_share"])
    yield _shown({}, model["shown"], model["titles"])
    yield _floor(model)
    if model["visitors"] is None:
        yield {
            "zh": "该快照由旧版本发布，没有记录各类访客的分布；下次发布后可见。",
            "en": "An older version published this snapshot and did not note what is shown to "
            "whom; the next snapshot will.",
        }
    yield from _values(model["values"], model["titles"])
    yield from _cells(model["cells"], model["titles"])
    yield from _unknown(model["values"])


def _mode(model: Plain) -> Said:
    frozen = {"zh": "已冻结：不再更新策略", "en": "frozen: its policy is not updated"}
    said = _MODES.get(model["mode"], frozen)
    fallback = variant_name(model["fallback"], model["titles"])
    if model["serves"] == "fallback":
        return {
            "zh": f"决策位 {model['slot']} {said['zh']}（{fallback['zh']}）；"
            "以下是策略本来会展示的内容。",
            "en": f"Slot {model['slot']} is {said['en']} ({fallback['en']} by default); below is "
            "what the policy would show.",
        }
    held, rest = percent(model["holdout"]), percent(model["policy_share"])
    zh = en = ""
    if model["usual"]:
        zh = f"，{percent(model['usual'])}% 沿用现行规则"
        en = f", {percent(model['usual'])} % get the operator's own rule"
    return {
        "zh": f"决策位 {model['slot']} {said['zh']}：{rest}% 的访客由策略决定{zh}，"
        f"{held}% 在对照组，始终看到默认方案（{fallback['zh']}）。",
        "en": f"Slot {model['slot']} is {said['en']}. {rest} % of its visitors get what the policy "
        f"draws{en}, {held} % are held out and always get the fallback ({fallback['en']}).",
    }


def _source(learned: Plain, revision: int, version: int) -> Said:
    # A label has its zone behind the minutes: the operator's, as everywhere.
    at = str(learned["at"])[:16].replace("T", " ")
    zh, en = f"策略版本 {version}，发布于 {at}", f"Policy version {version} is of {at}"
    if learned["exposures"] is not None:
        zh += f"，依据 {learned['exposures']:,} 次曝光"
        en += f" and rests on {learned['exposures']:,} exposures"
    if learned["effective"] is not None:
        zh += f"，按新旧加权后相当于 {learned['effective']:,.0f} 次"
        en += f", which weigh as much as {learned['effective']:,.0f} of this moment"
    if learned["revision"] != revision:
        zh += f"；它属于第 {learned['revision']} 次修订，当前为第 {revision} 次"
        en += f"; it is of revision {learned['revision']}, and the slot has {revision} now"
    return {"zh": zh + "。", "en": en + "."}


def _forgetting(model: Plain) -> Iterator[Said]:
    days = model["half_weight_days"]
    if days is not None:
        told = f"{days:.2g}" if days < 10 else f"{days:,.0f}"  # noqa: PLR2004 - two digits
        yield {
            "zh": f"一次观测在 {told} 天后只剩一半的权重。",
            "en": f"Half of an observation's weight is gone after {told} days.",
        }
    elif model["half_lives"]:
        yield {
            "zh": "没有发现效果随时间变化：旧的观测仍然保留一半以上的权重。",
            "en": "No drift was found: old observations keep more than half of their weight.",
        }


def _bound(share: float) -> Iterator[Said]:
    if share < 1.0:
        zh, en = percent(share), percent(1.0 - share)
        yield {
            "zh": f"学到的策略目前只决定 {zh}% 的展示，其余 {en}% 沿用现行规则："
            "在它被证明更好之前，效果不会明显低于现行规则。",
            "en": f"What was learned decides {zh} % of the draws, and the baseline {en} %: the "
            "slot stays near the operator's own rule until something better has proved itself.",
        }


def _shown(
    segment: Mapping[str, str],
    shares: Mapping[str, float],
    titles: Titles,
    why: Said | None = None,
) -> Said:
    """Tell the distribution for some visitors, the largest shares first; for all without any."""
    listed = sorted(shares.items(), key=lambda one: -one[1])[:3]
    where = visitors_phrase(segment) if segment else {"zh": "全部访客：", "en": "All visitors: "}
    names = [(variant_name(name, titles), percent(share)) for name, share in listed]
    zh = "，".join(f"{share}% 的概率展示 {name['zh']}" for name, share in names)
    en = ", ".join(f"{share} % {name['en']}" for name, share in names)
    why = why or {"zh": "", "en": ""}
    return {"zh": f"{where['zh']}{zh}{why['zh']}。", "en": f"{where['en']}{en}{why['en']}."}


def _floor(model: Plain) -> Said:
    """Tell the floor that is served now beside the configured one."""
    now, set_to = (f"{100.0 * model[name]:.3g}" for name in ("floor", "floor_configured"))
    return {
        "zh": f"每个可展示的方案目前至少有 {now}% 的概率（配置为 {set_to}%）。",
        "en": f"Each variant that may be shown has at least {now} % now ({set_to} % configured).",
    }


def _values(values: Sequence[Plain], titles: Titles) -> Iterator[Said]:
    """Tell the values of the attributes that change what is shown, the strongest first."""
    found = [list(rows) for _, rows in groupby(values, key=lambda one: one["attribute"])]
    known = [[one for one in rows if not _is_few(one)] for rows in found]
    strong = sorted((rows for rows in known if _spread(rows) >= SAME), key=_spread, reverse=True)
    same = [rows[0]["attribute"] for rows in known if rows and _spread(rows) < SAME]
    for one in [row for rows in strong for row in rows][:MOST_SAID]:
        yield _shown(_segment({one["attribute"]: one["value"]}), one["shares"], titles)
    if same:
        yield {
            "zh": f"{'、'.join(same)} 对展示内容几乎没有影响。",
            "en": f"What is shown hardly differs by {', '.join(same)}.",
        }


def _spread(rows: Sequence[Plain]) -> float:
    """Return the largest difference between values in the share of any variant."""
    columns = zip(*(one["shares"].values() for one in rows), strict=True)
    return max((max(column) - min(column) for column in columns), default=0.0)


def _cells(cells: Sequence[Plain], titles: Titles) -> Iterator[Said]:
    """Tell the most frequent combinations with the rates or revenue that are the reason."""
    for one in cells[: MOST_SAID // 2]:
        expected = one["rates"] or one["revenue"]
        shares = {name: share for name, share in one["shares"].items() if share > 0}
        if expected and one["context"] and len(shares) > 1:
            best = sorted(shares, key=expected.__getitem__, reverse=True)[:2]
            say = _because_rates if one["rates"] else _because_revenue
            named = [variant_name(name, titles) for name in best]
            why = say(named, [expected[name] for name in best])
            yield _shown(_segment(one["context"]), shares, titles, why)


def _because_rates(best: Sequence[Said], rates: Sequence[float]) -> Said:
    (first, second), (high, low) = best, map(percent, rates)
    return {
        "zh": f"，因为 {first['zh']} 的预期转化率为 {high}%，其次 {second['zh']} 为 {low}%",
        "en": f", because {first['en']} is expected to convert {high} %, and {second['en']}, the "
        f"next, {low} %",
    }


def _because_revenue(best: Sequence[Said], yuan: Sequence[float]) -> Said:
    (first, second), (high, low) = best, (f"{one:,.2f}" for one in yuan)
    return {
        "zh": f"，因为 {first['zh']} 每次曝光的预期收入为 {high} 元，"
        f"其次 {second['zh']} 为 {low} 元",
        "en": f", because {first['en']} is expected to bring {high} yuan an exposure, and "
        f"{second['en']}, the next, {low}",
    }


def _unknown(values: Sequence[Plain]) -> Iterator[Said]:
    few = [one for one in values if _is_few(one) and one["value"] is not None][:MOST_SAID]
    if few:
        listed = [f"{one['attribute']} = {one['value']}" for one in few]
        yield {
            "zh": f"所知甚少（不足 {FEW} 次曝光）：{'、'.join(listed)}。",
            "en": f"Hardly anything is known (fewer than {FEW} exposures) of {', '.join(listed)}.",
        }


def _is_few(one: Plain) -> bool:
    return bool(one["hidden"] or one["visitors"] < FEW)


def _segment(context: Mapping[str, object]) -> dict[str, str]:
    """Return a context as the dimensions that phrases are made of."""
    return {
        name if name == "channel" else f"context.{name}": _text(value)
        for name, value in context.items()
    }


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
