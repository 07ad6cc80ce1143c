"""The lexicon: groups of words and phrases by which visitors complain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

GAP: Final = "..."
"""The gap in a phrase as it is listed: 等了...小时, won't let ... cancel."""


@dataclass(frozen=True)
class WordGroup:
    """A group of phrases about one thing.

    Attributes:
        name: such as "speed".
        title: language -> words for people.
        weight: of a hit, where hits are added up.
        curable: a complaint is over where the text says that it was cured: 断网了，已经修好了.
        complaints: phrases that complain unless they are negated.
        praise: phrases that complain where they are negated.
        short: phrases that complain as `complaints` do, and only as a predicate: 太卡 and 卡死
            complain, 换卡 does not.
        missing: phrases that complain of what does not come, and negate a phrase behind them:
            没收到退款 complains, 没收到垃圾短信 does not.
        hints: weak complaints, which count where nothing in the text speaks against them: 凭什么.
        topics: troubles that are only named: they complain beside a word of degree or another
            sign: 老停机 complains, 办停机 does not.
    """

    name: str
    title: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0
    curable: bool = False
    complaints: tuple[str, ...] = ()
    praise: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Phrases of the group."""
        strong = len(self.complaints) + len(self.praise) + len(self.short) + len(self.missing)
        return strong + len(self.hints) + len(self.topics)


@dataclass(frozen=True)
class Lexicon:
    """A lexicon of complaints.

    Attributes:
        groups: of phrases.
        neutral: phrases that hide the shorter ones that they contain.
        spelt: words that look or sound like a typo of a phrase, and are none.
        calm: words of thanks, satisfaction and plain report: no hint counts beside them.
        asking: words that ask for information: a trouble named in their clause is no complaint.
    """

    groups: tuple[WordGroup, ...] = ()
    neutral: tuple[str, ...] = ()
    spelt: tuple[str, ...] = ()
    calm: tuple[str, ...] = ()
    asking: tuple[str, ...] = ()

    @property
    def phrases(self) -> int:
        """Phrases of all groups."""
        return sum(one.size for one in self.groups)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each group, by its name."""
        return {one.name: one.weight for one in self.groups}
