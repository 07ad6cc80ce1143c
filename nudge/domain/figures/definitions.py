"""Definitions of figures: by kind of answer, each figure's name and the paragraph that defines it.

A number in an answer is defined by the longest name that the end of its path fits
(`lift.exposures.policy` by `exposures`, `change.interval` by itself); where none does, by that of
the figure that it is a part of (`estimate.low` by `estimate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

PAGE: Final = "/docs/statistics.md"
"""Path at which the service gives the paragraphs; `?lang=zh` in Chinese."""
_COUNTS: Final = {
    **{name: name for name in ("exposures", "conversions", "rate", "revenue")},
    "revenue_per_exposure": "revenue-per-exposure",
    "interval_level": "interval-level",
}
_PERFORMANCE: Final = _COUNTS | {
    **{name: name for name in ("open", "estimate", "interval", "always", "lift", "share")},
    **{name: name for name in ("degraded", "mismatch", "lead", "comparisons", "quarantined")},
    **{name: name for name in ("allocation", "delay", "guard", "revision")},
    "expected_conversions": "expected-conversions",
    "chance_to_be_best": "chance-to-be-best",
    "expected_loss": "expected-loss",
    "lift_since_revision": "lift-since-revision",
    "lift_usual": "lift-usual",
    "lift_usual_since_revision": "lift-usual",
    "usual_over_holdout": "lift-usual",
    "personal_gain": "personal-gain",
    "gain_over_fallback": "personal-gain",
    "since": "since",
    "change.rate": "slot-change",
    "change.revenue": "slot-change",
    "change.revenue_per_exposure": "slot-change",
    "since_revision": "revision",
    "share_now": "share-now",
    "left_out": "left-out",
    "capped": "capped",
    "capped.exposures": "capped",
    "verdict_alpha": "verdict-alpha",
    "prefill_kept": "prefilled",
    "prefill_edited": "prefilled",
    "version": "policy-version",
    "floor": "floor-drawn",
}
_EVALUATION: Final = {
    **{name: name for name in ("ess", "ips", "snips", "dm", "dr")},
    "n": "evaluation-rows",
    "max_weight": "max-weight",
    "on_policy": "on-policy",
    "left_out": "evaluation-left-out",
}
_FUNNEL: Final = {
    **{name: name for name in ("visits", "visitors", "lost", "excess", "change")},
    "interval_level": "interval-level",
    "share_of_all": "share-of-all",
    "went_on": "went-on",
    "lost_before": "lost",
    "loss_rate": "loss-rate",
    "rate": "loss-rate",
    "interval": "loss-rate",
    "seconds_to_next": "seconds-to-next",
    "change.loss_rate": "change",
    "change.interval": "change",
    "of_visits": "of-visits",
    "of": "of-visits",
    "usual_rate": "usual-rate",
    "payments_lost": "payments-lost",
    "share_of_lost": "share-of-lost",
    "share": "path-share",
    "disagreements.visits": "disagreements",
    "disagreements.payments": "disagreements",
}
_SHARED: Final = {
    "payments": "payments",
    "revenue": "payments-revenue",
    "conversions": "sharing-conversions",
    "shared_payments": "shared-payments",
    "shared_share": "shared-share",
    "share_of": "shared-share",
    "slots": "number-of-slots",
}
_EXPERIENCE: Final = {
    **dict.fromkeys(("scores", "people"), "scores"),
    **dict.fromkeys(("mean", "interval"), "mean-score"),
    **dict.fromkeys(("low", "low_share", "low_interval"), "low-share"),
    **dict.fromkeys(("change.score", "change.low_share"), "score-change"),
    **dict.fromkeys(("score", "level"), "score-change"),
    "interval_level": "interval-level",
    "number_of_cells": "number-of-cells",
    **dict.fromkeys(("people_low", "people_other", "phrases"), "low-words"),
    **dict.fromkeys(("phrases.people", "share_low", "share_other"), "low-words"),
    **dict.fromkeys(("log_odds", "phrases.interval"), "log-odds"),
}
_FACTORS: Final = {
    **dict.fromkeys(("people", "left", "people_known"), "leaving-people"),
    **dict.fromkeys(("rate", "other_rate"), "leaving-rate"),
    **dict.fromkeys(("odds", "interval"), "leaving-odds"),
    **dict.fromkeys(("p_adjusted", "alpha"), "leaving-p"),
    "interval_level": "interval-level",
    "needed": "leaving-needed",
    "expected": "leaving-expected",
    **dict.fromkeys(("base", "auc", "model.rules.odds"), "leaving-model"),
}
_HOLDOUT: Final = {
    **dict.fromkeys(("people", "people_held", "left_out"), "loop-holdout"),
    **dict.fromkeys(("kept", "kept_held", "difference", "level"), "loop-holdout"),
    **dict.fromkeys(("more_kept", "more_yuan", "yuan_per_contact"), "loop-added"),
}
_LOOP: Final = _HOLDOUT | {
    **dict.fromkeys(("cases", "of", "held_out", "not_over"), "loop-cases"),
    "whole.people": "loop-cases",
    "groups.people": "loop-cases",
    "number_of_groups": "loop-cases",
    **dict.fromkeys(("share", "steps.interval"), "loop-share"),
    **dict.fromkeys(("seconds_from_before", "seconds_from_opening"), "loop-times"),
    **dict.fromkeys(("cost", "contacts", "contact_cost", "time_cost"), "loop-money"),
    **dict.fromkeys(("grant_cost", "revenue"), "loop-money"),
    **dict.fromkeys(("against_held", "against_others", "expected", "rank"), "loop-agents"),
    **dict.fromkeys(("results.people", "results.cases", "results.kept"), "loop-agents"),
    "interval_level": "interval-level",
}
_WINBACK: Final = _HOLDOUT | {
    **dict.fromkeys(("cases", "held_out", "not_over", "number_of_groups"), "loop-cases"),
    "whole.people": "loop-cases",
    "groups.people": "loop-cases",
    **dict.fromkeys(("effect.people", "effect.held_out", "rate", "held_out_rate"), "uplift-people"),
    **dict.fromkeys(("increment", "interval", "next_interval"), "uplift-increment"),
    **dict.fromkeys(("needed", "alpha"), "uplift-verdict"),
    **dict.fromkeys(("top_fifth.people", "rest.people", "fifths.people"), "uplift-increment"),
    "effect.whole.people": "uplift-increment",
    "effect.interval_level": "interval-level",
    "interval_level": "interval-level",
}
_MODEL: Final = {
    **dict.fromkeys(("holdout", "usual", "policy_share"), "group-shares"),
    **dict.fromkeys(("exposures", "conversions", "effective", "visitors"), "learned-exposures"),
    **dict.fromkeys(("half_lives", "half_weight_days"), "half-lives"),
    **dict.fromkeys(("terms", "terms_in_all"), "policy-terms"),
    **dict.fromkeys(("shown", "shares"), "shown-shares"),
    **dict.fromkeys(("floor", "floor_configured"), "floor-served"),
    **dict.fromkeys(("rates", "revenue"), "expected-rewards"),
    "context": "cell-context",
    "page_share": "page-share",
    "learned_share": "learned-share",
    "draws": "posterior-draws",
    "width": "posterior-draws",
    "revision": "revision",
    "version": "policy-version",
}
_PREVIEW: Final = {
    **dict.fromkeys(("before", "after"), "seen-shares"),
    "moved": "moved-share",
    "visitors": "learned-exposures",
    "revision": "revision",
}
_SERVING: Final = {
    "guard": "guard",
    "revision": "revision",
    "since_revision": "revision",
    "policy_version": "policy-version",
    "stock": "stock",
    "floor": "floor-served",
}
_SEGMENT: Final = dict.fromkeys(("count", "joined", "left"), "segment-members")
_OFFERS: Final = _COUNTS | {"interval": "interval", "capacity": "channel-capacity"}
_NEXT: Final = {
    "expected": "expected-next",
    "priority": "expected-next",
    "version": "policy-version",
}
_AUDIENCE: Final = {
    **dict.fromkeys(("eligible", "share", "interval", "visitors"), "eligible-visitors"),
    **dict.fromkeys(("undecided", "sampled", "values", "days"), "eligible-visitors"),
    "exposures_a_day": "exposures-a-day",
}
_VISITOR: Final = {
    "alive": "alive",
    "expected_recharge": "expected-recharge",
}
_OVERVIEW: Final = {
    **dict.fromkeys(("conversion.rate", "hours.rate", "visits", "paid"), "visit-conversion"),
    **dict.fromkeys(("conversion.change", "hours.usual", "usual_days"), "usual-days"),
    **dict.fromkeys(("visitors", "compared_visitors", "money"), "recent-lift"),
    **dict.fromkeys(("holdout.rate", "usual.rate"), "recent-lift"),
    **dict.fromkeys(("alarms", "warnings", "warnings_due"), "waiting-counts"),
    **dict.fromkeys(("winback", "winback_due"), "waiting-counts"),
    **dict.fromkeys(("slots.lift",), "lift"),
    "exposures": "exposures",
    "lift_usual": "lift-usual",
    "share": "share-now",
}
_SENDS: Final = {
    **dict.fromkeys(("exposures", "people", "conversions"), "matured-sends"),
    **dict.fromkeys(("rate", "interval"), "send-rate"),
    **dict.fromkeys(("effective", "missing", "enough"), "effective-sends"),
    **dict.fromkeys(("day", "hour"), "send-day"),
    **dict.fromkeys(("waiting", "left_out"), "sends-left-out"),
    "interval_level": "interval-level",
}
_FORECAST: Final = {
    "planned": "planned-sends",
    **dict.fromkeys(("capacity", "most"), "channel-capacity"),
}
ANCHORS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "report": _PERFORMANCE,
        "evaluate": _EVALUATION,
        "funnel": _FUNNEL,
        "shared": _SHARED,
        "experience": _EXPERIENCE,
        "factors": _FACTORS,
        "loop": _LOOP,
        "winback_effect": _WINBACK,
        "model": _MODEL,
        "preview": _PREVIEW,
        "serving": _SERVING,
        "segment": _SEGMENT,
        "segment_offers": _OFFERS,
        "next": _NEXT,
        "visitor": _VISITOR,
        "overview": _OVERVIEW,
        "sms_effects": _SENDS,
        "sms_forecast": _FORECAST,
        "audience": _AUDIENCE,
    }
)
"""Kind of an answer -> figure in it -> anchor of the paragraph."""


def definitions(kind: str) -> dict[str, str]:
    """Return the link of each figure in the answers of a kind; empty for an unknown kind."""
    return {name: f"{PAGE}#{anchor}" for name, anchor in ANCHORS.get(kind, {}).items()}


def defined_by(known: Mapping[str, object], path: Sequence[str]) -> str | None:
    """Return the name that defines a number, or None.

    Args:
        known: names of figures.
        path: names of the fields that lead to the number, without places in lists.
    """
    for end in range(len(path), 0, -1):
        for start in range(end):
            name = ".".join(path[start:end])
            if name in known:
                return name
    return None
