"""Sentences of a first week, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.first_week.first_week import FirstWeek
from lab.first_week.week_figures import Spread, WeekFigures, WeekMoment
from lab.first_week.week_words import SOURCES, UNITS, WHY, WORDS
from nudge.domain.reports.sentences import Said, percent


def sentences(found: FirstWeek) -> list[Said]:
    """Return the sentences of an answer, the most important first."""
    if found.figures is None:
        return [_said("cannot", why=WHY[found.why or ""]), *_cure(found), _log(found)]
    return [*_week(found, found.figures), *_caveats(found), _log(found)]


def _said(key: str, **values: object) -> Said:
    """Return a sentence; values that are sentences stand in it by their language."""
    return {
        language: text.format_map(
            {name: one[language] if isinstance(one, dict) else one for name, one in values.items()}
        )
        for language, text in WORDS[key].items()
    }


def _log(found: FirstWeek) -> Said:
    return _said(
        "log",
        exposures=f"{found.log.visitors:,}",
        conversions=f"{found.log.conversions:,}",
        days=f"{found.log.days:,}",
        source=SOURCES[found.rule.source],
        rule=found.rule.text,
    )


def _cure(found: FirstWeek) -> list[Said]:
    needed = found.support.to_show if found.log.visitors else {}
    if not needed:
        return [_said("longer")]
    return [_said("show", names=_names({name: f"{n:,}" for name, n in needed.items()}))]


def _week(found: FirstWeek, figures: WeekFigures) -> Iterator[Said]:
    unit, worst = UNITS[found.unit], figures.worst_day
    yield _said(
        "week",
        days=found.terms.days,
        visitors=f"{found.terms.visitors:,}",
        unit=unit,
        rule=_spread(figures.rule),
        nudge=_spread(figures.nudge),
        difference=_spread(figures.difference, sign="+"),
    )
    yield _said(
        "pays",
        share=percent(figures.pays),
        single=figures.best_single,
        single_worth=f"{figures.single.mean:,.0f}",
        oracle=f"{figures.oracle.mean:,.0f}",
    )
    yield _said(
        "shortfall",
        most=f"{figures.shortfall.at_most:,.0f}",
        unit=unit,
        until=_moment(figures.surely_from, "until", "until_start", "until_end"),
        day=worst.day,
        worst=_spread(worst.difference, sign="+"),
    )
    yield _moment(figures.pays_from, "from", "always", "not_yet")
    yield _said("moved", share=percent(figures.moved.mean))


def _moment(moment: WeekMoment | None, some: str, start: str, end: str) -> Said:
    if moment is None:
        return _said(end)
    if not moment.visitors:
        return _said(start)
    return _said(some, day=moment.day, visitors=f"{moment.visitors:,}")


def _caveats(found: FirstWeek) -> Iterator[Said]:
    guessed = found.support.extrapolated
    if guessed:
        shares = {name: f"{percent(share)}%" for name, share in guessed.items()}
        yield _said("extrapolated", names=_names(shares))
        yield from _cure(found)
    if found.support.disagreeing:
        yield _said("disagrees", names=_names(dict.fromkeys(found.support.disagreeing, "")))
    if found.propensities != "known":
        yield _said(found.propensities)
    if found.log.delay is None:
        yield _said("no_delay")


def _names(values: Mapping[str, str]) -> Said:
    """Return a list of variants, each with its value."""
    zh = "、".join(f"{name}（{one}）" if one else name for name, one in values.items())
    en = ", ".join(f"{name} ({one})" if one else name for name, one in values.items())
    return {"zh": zh, "en": en}


def _spread(one: Spread, sign: str = "") -> Said:
    mean, low, high = (f"{value:{sign},.0f}" for value in (one.mean, one.low, one.high))
    return {"zh": f"{mean}（{low} 至 {high}）", "en": f"{mean} ({low} to {high})"}
