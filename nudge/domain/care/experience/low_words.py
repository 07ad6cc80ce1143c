"""The words that come with low scores: phrases that people use more often beside them. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bandits.inference.quantiles import normal_quantile
from bandits.inference.tables.log_odds import log_odds
from bandits.inference.tables.step_down import ALPHA
from nudge.domain.care.experience.phrases import (
    SAME,
    Run,
    count_phrases,
    phrase_text,
    runs_of,
)
from nudge.domain.reports.report_time import FEWEST

MOST: Final = 20
"""Most phrases of a report."""
COMPARED: Final = 300
"""Most phrases, the surest, of which it is looked whether one holds another."""


class ReadText(NamedTuple):
    """A text, as it is read for a report.

    Attributes:
        subject: who wrote it.
        is_low: whether the score beside it is low.
        text: in the clear.
    """

    subject: str
    is_low: bool
    text: str


class LowPhrase(NamedTuple):
    """A phrase that comes with low scores.

    Attributes:
        phrase: as it is read.
        people: who wrote it beside a low score.
        share_low: of the people who wrote something beside a low score.
        share_other: of those who did beside another score.
        log_odds: ratio of the two odds, as a logarithm, shrunken.
        low: end of its interval, which holds for all phrases together.
        high: the other end.
    """

    phrase: str
    people: int
    share_low: float
    share_other: float
    log_odds: float
    low: float
    high: float


class LowWords(NamedTuple):
    """The words that come with low scores.

    Attributes:
        people_low: people who wrote something beside a low score.
        people_other: people who did beside another score.
        phrases: the surest first; none where too few people wrote.
    """

    people_low: int
    people_other: int
    phrases: tuple[LowPhrase, ...] = ()

    @property
    def is_enough(self) -> bool:
        """True where enough people wrote beside scores of both kinds."""
        return min(self.people_low, self.people_other) >= FEWEST


def low_words(texts: Iterable[ReadText], alpha: float = ALPHA) -> LowWords:
    """Find the phrases that come with low scores.

    A person counts once for a phrase, so that nobody makes one alone, and no phrase is told that
    fewer than 20 people wrote beside a low score. The chance that any is named although none comes
    with low scores is at most `alpha`.

    Args:
        texts: of the period, in any order.
        alpha: chance of any wrong phrase.
    """
    written = _by_person(texts)
    low, other = ([set(runs) for runs in written[side].values()] for side in (True, False))
    found = LowWords(len(low), len(other))
    if not found.is_enough:
        return found
    known = count_phrases([*low, *other], FEWEST)
    order = sorted(known)
    counts = [_count(side, known) for side in (low, other)]
    return found._replace(phrases=tuple(_told(order, counts, found, alpha)))


def _by_person(texts: Iterable[ReadText]) -> dict[bool, dict[str, list[Run]]]:
    found: dict[bool, dict[str, list[Run]]] = {True: {}, False: {}}
    for one in texts:
        runs = runs_of(one.text)
        if runs:
            found[one.is_low].setdefault(one.subject, []).extend(runs)
    return found


def _count(people: Sequence[set[Run]], known: Counter[Run]) -> Counter[Run]:
    """Count the people who use each known phrase."""
    firsts: defaultdict[str, set[int]] = defaultdict(set)
    for run in known:
        firsts[run[0]].add(len(run))
    counted: Counter[Run] = Counter()
    for runs in people:
        counted.update(
            {
                run[i : i + n]
                for run in runs
                for i, unit in enumerate(run)
                for n in firsts.get(unit, ())
                if run[i : i + n] in known
            }
        )
    return counted


def _told(
    order: Sequence[Run], counts: Sequence[Counter[Run]], found: LowWords, alpha: float
) -> list[LowPhrase]:
    if not order:
        return []
    said = [[side[run] for run in order] for side in counts]
    sizes = found.people_low, found.people_other
    odds = log_odds(said[0], said[1], sizes)
    wide = normal_quantile(1.0 - alpha / len(order)) * odds.error
    lows, highs = odds.value - wide, odds.value + wide
    surest = sorted(range(len(order)), key=lambda i: (-float(odds.z[i]), order[i]))
    sure = [i for i in surest if lows[i] > 0.0 and said[0][i] >= FEWEST][:COMPARED]
    told = []
    for i in _readable(sure, order, said[0])[:MOST]:
        shares = (side[i] / n for side, n in zip(said, sizes, strict=True))
        figures = (float(x[i]) for x in (odds.value, lows, highs))
        told.append(LowPhrase(phrase_text(order[i]), said[0][i], *shares, *figures))
    return told


def _readable(sure: Sequence[int], order: Sequence[Run], people: Sequence[int]) -> list[int]:
    """Return the phrases of which none holds another: longer ones where they tell the whole.

    Args:
        sure: numbers of phrases, the surest first.
        order: all phrases.
        people: who wrote each beside a low score.
    """
    longer: list[int] = []
    for i in sorted(sure, key=lambda i: -len(order[i])):
        holding = [people[j] for j in longer if _overlap(order[i], order[j])]
        # Nearly all who wrote it wrote one of the longer phrases, which say more.
        if sum(holding) < SAME * people[i]:
            longer.append(i)
    told: list[int] = []
    for i in sorted(longer, key=sure.index):
        if not any(_overlap(order[i], order[j]) for j in told):
            told.append(i)
    return told


def _overlap(one: Run, other: Run) -> bool:
    """Return True where one of two runs holds the other."""
    short, long = sorted((one, other), key=len)
    return any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))
