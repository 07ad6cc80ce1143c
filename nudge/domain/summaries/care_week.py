"""The warnings of a week: what was opened and closed, in which time, and what people complained of.

Pure. Each case is taken once, so that a week of any size needs memory for its counts alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final, NamedTuple

from bandits.units import HOUR, MINUTE
from nudge.domain.care.case import Case, CaseAction, CaseState
from nudge.domain.care.case_view import PROPOSAL_TITLE, took
from nudge.domain.care.warning_rule import PROPOSAL, CaseLevel, WarningPolicy
from nudge.domain.reports.sentences import Said
from nudge.domain.summaries.columns import wrap

TOP: Final = 3
"""Rules, and groups of words, that are told one by one."""
TIMES: Final = (CaseState.ASSIGNED, CaseState.CONTACTED, CaseState.CLOSED)
Titles = Mapping[str, Mapping[str, str]]
"""Name -> language -> title."""
_LEVELS: Final[Mapping[str, Said]] = {
    CaseLevel.CRITICAL: {"zh": "严重", "en": "critical"},
    CaseLevel.WARNING: {"zh": "警告", "en": "warning"},
    CaseLevel.INFO: {"zh": "提示", "en": "info"},
    CaseLevel.PROPOSAL: {"zh": "建议", "en": "proposed"},
}
_STATES: Final[Mapping[str, Said]] = {
    CaseState.ASSIGNED: {"zh": "分派", "en": "assigned"},
    CaseState.CONTACTED: {"zh": "联系", "en": "contacted"},
    CaseState.CLOSED: {"zh": "关闭", "en": "closed"},
}
_WORDS: Final[Mapping[str, Said]] = {
    "head": {
        "zh": "流失预警：新开 {} 单（{}），关闭 {} 单，目前未关闭 {} 单",
        "en": "Warnings: {} opened ({}), {} closed, {} not closed by now",
    },
    "none": {
        "zh": "流失预警：本周没有新开的预警单，目前未关闭 {} 单。",
        "en": "Warnings: none was opened; {} are not closed by now.",
    },
    "times": {"zh": "从开单起，中位用时：{}", "en": "Median time from the opening: {}"},
    "outcomes": {"zh": "处理结果：{}", "en": "Outcomes: {}"},
    "rules": {"zh": "命中最多：{}", "en": "Most opened by: {}"},
    "words": {"zh": "抱怨最多：{}", "en": "Most complained of: {}"},
    "people": {"zh": "{} {} 人", "en": "{} ({} people)"},
    "count": {"zh": "{} {} 单", "en": "{} ({})"},
    "hours": {"zh": "{} {:.1f} 小时", "en": "{} {:.1f} h"},
    "minutes": {"zh": "{} {:.0f} 分钟", "en": "{} {:.0f} min"},
}
_COMMA: Final = {"zh": "，", "en": ", "}


class CareTitles(NamedTuple):
    """The titles of what a week tells by name.

    Attributes:
        policy: rules and outcomes.
        groups: of the lexicon's words.
    """

    policy: WarningPolicy
    groups: Titles


@dataclass
class CareWeek:
    """The counts of a week while cases are taken.

    Attributes:
        start: seconds.
        end: seconds.
        opened: level -> cases that were opened in the week.
        rules: rule -> the same.
        closed: cases that were closed in the week.
        outcomes: outcome -> these.
        people: group of words -> subjects whose cases were opened in the week.
        times: state -> seconds from the opening, of cases that came to it in the week.
    """

    start: float
    end: float
    opened: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    closed: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    people: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def take(self, case: Case) -> None:
        """Take a case that was opened in the week, or followed in it."""
        if self._has(case.opened):
            self.opened[case.level] += 1
            self.rules[case.rule] += 1
            for group in case.groups:
                self.people[group].add(case.subject)
        if any(x.action == CaseAction.CLOSE and self._has(x.at) for x in case.steps):
            self.closed += 1
            self.outcomes[case.outcome] += 1
        for state, seconds in took(case).items():
            if self._has(case.opened + seconds):
                self.times[state].append(seconds)

    def plain(self, titles: CareTitles, unclosed: int) -> dict[str, Any]:
        """Return the week as plain JSON.

        Args:
            titles: of rules, outcomes and groups.
            unclosed: cases that are not closed now.
        """
        people = Counter({group: len(who) for group, who in self.people.items()})
        rules = {one.name: one.title for one in titles.policy.rules} | {PROPOSAL: PROPOSAL_TITLE}
        return {
            "opened": self.opened.total(),
            "levels": {level.value: self.opened[level] for level in CaseLevel},
            "closed": self.closed,
            "unclosed": unclosed,
            "hours": {state.value: _hours(self.times[state]) for state in TIMES},
            "outcomes": list(_named(self.outcomes, titles.policy.outcomes)),
            "rules": list(_named(self.rules, rules)),
            "complained_of": list(_named(people, titles.groups)),
        }

    def _has(self, at: float) -> bool:
        return self.start <= at < self.end


def care_week(cases: Iterable[Case], start: float, end: float) -> CareWeek:
    """Return the counts of a week.

    Args:
        cases: that were opened in it, or followed; each once.
        start: seconds.
        end: seconds.
    """
    week = CareWeek(start, end)
    for case in cases:
        week.take(case)
    return week


def care_lines(plain: Mapping[str, Any], language: str) -> Iterator[str]:
    """Yield a week's warnings as lines of the page: five at most."""
    say = {name: said[language] for name, said in _WORDS.items()}
    comma = _COMMA[language]
    if plain["opened"]:
        told = ((name[language], plain["levels"][level]) for level, name in _LEVELS.items())
        levels = comma.join(f"{name} {count:,}" for name, count in told if count)
        counts = (f"{plain[name]:,}" for name in ("closed", "unclosed"))
        yield from wrap(say["head"].format(f"{plain['opened']:,}", levels, *counts), "", 1)
    else:
        yield from wrap(say["none"].format(f"{plain['unclosed']:,}"), "", 1)
    hours = plain["hours"].items()
    times = [_time(_STATES[state][language], h, say) for state, h in hours if h is not None]
    lists = (("outcomes", "count"), ("rules", "count"), ("complained_of", "people"))
    parts = {"times": times} | {
        name: [
            say[form].format(one["title"].get(language, one["name"]), f"{one['count']:,}")
            for one in plain[name][:TOP]
        ]
        for name, form in lists
    }
    for name, rows in parts.items():
        if rows:
            text = say["words" if name == "complained_of" else name]
            yield from wrap(text.format(comma.join(rows)), "  ", 1)


def _time(name: str, hours: float, say: Mapping[str, str]) -> str:
    if hours < 1.0:
        return say["minutes"].format(name, hours * HOUR / MINUTE)
    return say["hours"].format(name, hours)


def _named(counts: Counter[str], titles: Titles) -> Iterator[dict[str, Any]]:
    """Yield counts with their titles, the largest first."""
    for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        yield {"name": name, "title": dict(titles.get(name, {})), "count": count}


def _hours(seconds: list[float]) -> float | None:
    return round(median(seconds) / HOUR, 2) if seconds else None
