"""An answer of GET /v1/overview on a busy day, for the tests of its page."""

from __future__ import annotations

import math
from typing import Any, Final

HOURS: Final = 24


def estimate(value: float, half: float) -> dict[str, float]:
    """A figure with an even interval."""
    return {"value": value, "low": value - half, "high": value + half}


def hour(number: int) -> dict[str, Any]:
    """An hour of the day: more come in the evening; the last one is still open."""
    usual = 0.21 + 0.03 * math.sin(number / 4)
    rate = usual * (0.3 if number in {14, 15} else 1.04)
    visits = 600 + int(400 * math.sin(number / 4))
    is_open = number >= HOURS - 2
    rate *= 0.5 if is_open else 1.0
    return {
        "from": f"2026-11-{28 + (number + 11) // 24:02d}T{(number + 11) % 24:02d}:00:00+08:00",
        "visits": visits,
        "paid": round(visits * rate),
        "rate": estimate(rate, 0.02),
        "usual": estimate(usual, 0.03),
        "open": is_open,
        "quarantined": number in {14, 15},
    }


def share(name: str, zh: str, en: str, part: float) -> dict[str, Any]:
    """A variant's share of the traffic."""
    return {"variant": name, "title": {"zh": zh, "en": en}, "share": part}


def line(slot: str, state: str, lift: dict[str, float] | None, zh: str, en: str) -> dict[str, Any]:
    """A slot's line."""
    return {
        "slot": slot,
        "title": slot.title(),
        "mode": "frozen" if state == "frozen" else "live",
        "state": state,
        "shares": [
            share("data_draw", "充值抽流量", "Recharge and draw data", 0.71),
            share("coffee", "充值送咖啡", "Recharge and have a coffee", 0.21),
            share("video", "充值送视频会员", "Recharge and watch", 0.08),
        ],
        "as_of": "2026-11-29T10:20:00+08:00",
        "exposures": 12000,
        "since": None,
        "lift": lift,
        "lift_usual": None,
        "zh": zh,
        "en": en,
    }


def change(
    at: str, slot: str | None, named: str, action: str, zh: str, en: str, why: str = ""
) -> dict[str, Any]:
    """A change since yesterday."""
    told = {"at": at, "slot": slot, "object": named, "action": action, "zh": zh, "en": en}
    return told | {"who": "user:li_na" if why else "", "why": why}


def busy_overview() -> dict[str, Any]:
    """The whole answer."""
    conversion = {
        "zh": "过去 24 小时的转化率为 21%，比平时高 4%（区间 1%～7%）。",
        "en": "In the last 24 hours 21 % of visits paid, 4 % more than on usual days (1-7 %).",
    }
    lift = {
        "zh": "与对照组相比，智能策略最近 30 天多带来 ¥182,400（区间 ¥141,000 至 ¥223,000）。",
        "en": "The policies brought ¥182,400 more in 30 days than the holdout's experience would "
        "have (¥141,000 to ¥223,000).",
    }
    money = {"value": 182400.0, "low": 141000.0, "high": 223000.0}
    sums = {"hidden": False, "visitors": 41200, "compared_visitors": 2150}
    usual = {
        "zh": "与现行规则相比，智能策略最近 30 天多带来 ¥12,300（区间 ¥2,100 至 ¥22,600）。",
        "en": "The policy brought ¥12,300 more in 30 days than today's rule would have (¥2,100 to "
        "¥22,600).",
    }
    return {
        "at": "2026-11-29T10:24:00+08:00",
        "as_of": "2026-11-29T10:20:00+08:00",
        "from": "2026-10-31T00:00:00+08:00",
        "job": None,
        "definition": {},
        "zh": conversion["zh"] + lift["zh"],
        "en": f"{conversion['en']} {lift['en']}",
        "conversion": conversion
        | {
            "verdict": "above",
            "rate": estimate(0.21, 0.01),
            "change": estimate(0.04, 0.03),
            "usual_days": 14,
            "visits": 18000,
            "paid": 3780,
            "hours": [hour(number) for number in range(HOURS)],
        },
        "lift": lift
        | {
            "holdout": sums | {"money": money, "rate": estimate(0.074, 0.017)},
            "usual": [
                sums
                | usual
                | {"slot": "denomination", "money": money, "rate": estimate(0.02, 0.01)}
            ],
        },
        "counts": {
            "alarms": 1,
            "warnings": 31,
            "warnings_due": 12,
            "winback": 412,
            "winback_due": 40,
        },
        "slots": [
            line(
                "banner",
                "too_early",
                estimate(0.016, 0.08),
                "暂无定论：“充值抽流量”暂时领先“充值送咖啡”，但差距的区间为 -2%～6%。",
                "It is too early to tell: “Recharge and draw data” leads for now, but the "
                "difference may be anything from -2 % to 6 %.",
            ),
            line(
                "denomination",
                "winner",
                estimate(0.074, 0.017),
                "“50 元”优于其他所有方案，该结论自 11 月 9 日起成立。",
                "“50 yuan” beats every other variant, as has been clear since 9 November.",
            ),
            line("prefill", "frozen", None, "人数不足 20 人，为保护隐私不展示数据。", "Too few."),
        ],
        "changes": [
            change(
                "2026-11-29T09:58:00+08:00",
                "prefill",
                "slot:prefill",
                "slot_changed",
                "已冻结。",
                "It was frozen.",
                "=投诉 <b>",
            ),
            change(
                "2026-11-29T08:00:00+08:00",
                "denomination",
                "slot:denomination",
                "policy_updated",
                "策略更新 41 次。",
                "The policy was updated 41 times.",
            ),
            change(
                "2026-11-29T01:04:00+08:00",
                None,
                "alarm:a-1",
                "alarm_open",
                "支付宝支付成功率从 92% 降到 11%，其他支付方式没有变化。",
                "Payments by Alipay succeed in 11 % instead of 92 %; others have not changed.",
            ),
        ],
    }
