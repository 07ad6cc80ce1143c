"""The report of factors as plain JSON, and as a table for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from io import StringIO
from typing import Any, Final

from nudge.domain.care.factors.factor_sentences import (
    cut_sentence,
    effect_sentence,
    headline,
    pair_sentence,
    rule_sentence,
)
from nudge.domain.care.factors.findings import (
    ALPHA,
    LEVEL,
    Contrast,
    CutEffects,
    Effect,
    FactorReport,
    Interval,
    PairRule,
    ToldModel,
)
from nudge.domain.reports.report_table import BOM

Plain = dict[str, Any]
COLUMNS: Final = (
    *("row", "cut", "group", "scene", "factor", "verdict", "reason", "partner", "needed"),
    *("people", "left", "rate", "other_rate", "expected", "odds", "odds_low", "odds_high"),
    *("p_adjusted", "zh", "en"),
)
"""Columns of the table. `row`: `effect`, `pair` or `rule`."""


def factor_report(report: FactorReport) -> Plain:
    """Return the report as plain JSON."""
    return {
        "people": report.whole.people,
        "left": report.whole.left,
        "alpha": ALPHA,
        "interval_level": LEVEL,
        "headline": headline(report),
        "cuts": [_cut(one) for one in report.cuts],
        "pairs": [_pair(one) for one in report.pairs],
        "model": _model(report.model),
        "known_late": list(report.known_late),
    }


def of_scene(report: Plain, scene: str) -> Plain:
    """Return the plain report with the effects of one scene's scores; of all for an empty scene."""
    if not scene:
        return report
    cuts = [
        cut | {"effects": [one for one in cut["effects"] if one["scene"] == scene]}
        for cut in report["cuts"]
    ]
    return report | {"cuts": cuts}


def factor_csv(report: Mapping[str, Any]) -> str:
    """Return the plain report as CSV: effects of every cut, pairs, and the model's rules."""
    target = StringIO()
    target.write(BOM)
    writer = csv.DictWriter(target, COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    for row in _rows(report):
        plain = {name: "" if value is None else value for name, value in row.items()}
        writer.writerow({name: _harmless(value) for name, value in plain.items()})
    return target.getvalue()


def _harmless(value: object) -> object:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


def _rows(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for cut in report["cuts"]:
        head = {name: cut[name] for name in ("cut", "group", "left")}
        for one in cut["effects"]:
            yield head | {"row": "effect"} | one | _flat(one) | one["sentence"]
    for one in report["pairs"]:
        yield (
            {"row": "pair", "cut": "all", "factor": _names(one)}
            | one
            | _flat(one)
            | one["sentence"]
        )
    for one in report["model"]["rules"]:
        yield {"row": "rule", "cut": "all", "factor": _names(one)} | one | one["sentence"]


def _names(one: Mapping[str, Any]) -> str:
    return " + ".join(condition["factor"] for condition in one["conditions"])


def _flat(one: Mapping[str, Any]) -> Plain:
    odds = one["odds"]
    low, high = (None, None) if one["interval"] is None else one["interval"]
    return {"odds": odds, "odds_low": low, "odds_high": high}


def _cut(one: CutEffects) -> Plain:
    return {
        "cut": one.cut.value,
        "group": one.group,
        "people": one.people,
        "left": one.left,
        "needed": one.needed,
        "sentence": cut_sentence(one),
        "effects": [_effect(effect) for effect in one.effects],
    }


def _effect(one: Effect) -> Plain:
    return {
        "factor": one.factor,
        "scene": one.scene,
        "verdict": one.verdict.value,
        "reason": one.reason and one.reason.value,
        "partner": one.partner or None,
        "needed": one.needed,
        **_contrast(one.contrast),
        **_odds(one.odds),
        "p_adjusted": one.p_adjusted,
        "sentence": effect_sentence(one),
    }


def _contrast(one: Contrast | None) -> Plain:
    names = ("first", "other", "people", "rate", "other_rate")
    if one is None:
        return dict.fromkeys(names)
    sides = {"first": one.first.plain, "other": one.other.plain}
    return sides | {name: getattr(one, name) for name in names[2:]}


def _odds(one: Interval | None) -> Plain:
    if one is None:
        return {"odds": None, "interval": None}
    return {"odds": one.value, "interval": [one.low, one.high]}


def _pair(one: PairRule) -> Plain:
    names = ("people", "rate", "other_rate", "expected", "p_adjusted")
    return {
        "conditions": [condition.plain for condition in one.conditions],
        **{name: getattr(one, name) for name in names},
        **_odds(one.odds),
        "sentence": pair_sentence(one),
    }


def _model(one: ToldModel) -> Plain:
    rules = [
        {
            "shape": rule.shape.value,
            "conditions": [condition.plain for condition in rule.conditions],
            "odds": rule.odds,
            "sentence": rule_sentence(rule),
        }
        for rule in one.rules
    ]
    return asdict(one) | {"rules": rules}
