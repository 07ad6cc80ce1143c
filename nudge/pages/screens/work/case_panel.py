"""The panel of a case: what is known, what may be offered, what was tried, and what to do now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nudge import clock
from nudge.domain.figures.titles import attribute_title
from nudge.pages.access import door, may
from nudge.pages.api_door import api_path
from nudge.pages.screens.work.case_row import CaseRow, Gain, gain_of, work_row
from nudge.pages.screens.work.case_words import actor_word, step_sentence, titled
from nudge.pages.screens.work.work_setup import WorkSetup
from nudge.pages.translation import gettext as _
from nudge.pages.translation import language, spoken

NOT_FOUND: Final = 404
FACTS: Final = ("stage", "reason", "method", "channel", "city")
"""Facts of a case that have titles."""


@dataclass(frozen=True)
class StepLine:
    """A line of a case's history.

    Attributes:
        at: moment.
        sentence: of what was done.
        who: did it.
        note: free words; empty for none.
    """

    at: str
    sentence: str
    who: str
    note: str = ""


@dataclass(frozen=True)
class ReachLine:
    """A line about a channel: whether the person may be contacted by it now.

    Attributes:
        channel: its title.
        now: a contact is allowed now.
        start: first moment that is allowed; empty where none is.
        text: why not now; empty where it is allowed.
    """

    channel: str
    now: bool
    start: str
    text: str


@dataclass(frozen=True)
class CasePanel:
    """The panel of a case.

    Attributes:
        row: of the case.
        text: that began it; empty where there is none, or nobody may see it.
        numbers: of the person, masked.
        facts: name of an attribute and its value in words.
        amount: yuan that were wanted; None where that is not known.
        reach: by channel.
        measure: that is due, as the API tells it; None where the role may not see it.
        gain_text: what a contact is expected to add, in words; empty where it is not asked.
        whys: further sentences: a known date, a mended cause.
        steps: history, the latest first.
    """

    row: CaseRow
    text: str
    numbers: Sequence[str]
    facts: Sequence[tuple[str, str]]
    amount: float | None
    reach: Sequence[ReachLine]
    measure: Mapping[str, Any] | None
    gain_text: str
    whys: Sequence[str]
    steps: Sequence[StepLine]

    @property
    def who(self) -> str:
        """The person, masked; by the beginning of the subject where no number is known."""
        if self.numbers:
            return self.numbers[0]
        return _("visitor %(subject)s", subject=self.row.subject[:8])

    @property
    def gain(self) -> Gain | None:
        """The expected gain of a contact."""
        return self.row.gain

    @property
    def last(self) -> StepLine | None:
        """The latest step."""
        return self.steps[0] if self.steps else None


def read_panel(case: str, setup: WorkSetup) -> CasePanel | None:
    """Return the panel of a case; None where no case has this id.

    Args:
        case: its id, as a URL has it.
        setup: for titles.
    """
    found = door().get(api_path("/v1/worklist/{}", case), expect={NOT_FOUND})
    if found.status == NOT_FOUND:
        return None
    told = found.body
    measure = winback = None
    if may("getMeasure"):
        path = api_path("/v1/worklist/{}/measure", case)
        measure = door().get(path, expect={NOT_FOUND}).body
    if told["kind"] == "winback" and may("getWinback"):
        winback = door().get(api_path("/v1/winback/{}", case)).body
    return panel_of(told, measure, winback, setup, clock.now())


def panel_of(
    told: Mapping[str, Any],
    measure: Mapping[str, Any] | None,
    winback: Mapping[str, Any] | None,
    setup: WorkSetup,
    at: float,
) -> CasePanel:
    """Return the panel of a case.

    Args:
        told: the case, as the work list tells it.
        measure: that is due; None where the role may not see it.
        winback: the same case as the win-back list tells it; None for other kinds.
        setup: for titles.
        at: seconds, now.
    """
    row = work_row(told, at)
    whys = [spoken(winback[name]) for name in ("due_why", "mended_why")] if winback else []
    return CasePanel(
        row if winback is None else replace(row, gain=gain_of(winback)),
        told.get("text") or "",
        told.get("numbers") or (),
        list(_facts(told)),
        _amount(told["facts"].get("amount")),
        [_reach_line(one) for one in told["reach"]],
        measure,
        spoken(winback["gain_text"]) if winback else "",
        [one for one in whys if one],
        [_step_line(one, setup) for one in reversed(told["steps"])],
    )


def _facts(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the case tells, as attribute and value in words."""
    facts = told["facts"]
    if told["kind"] == "measure":  # its stage is one of the segments, not of the funnel
        names = (("stage", _("Lifecycle stage")), ("tier", _("Value tier")))
        yield from ((title, str(facts[name])) for name, title in names if facts.get(name))
        return
    for name in FACTS:
        if facts.get(name):
            yield attribute_title(name, language()), titled(name, facts[name])
    if facts.get("offer"):
        yield _("Offer that was seen"), str(facts["offer"])
    if told["scene"]:
        yield attribute_title("scene", language()), told["scene"]
    if told["score"] is not None:
        yield _("Score that was given"), f"{told['score']:g}"
    if told["words"]:
        yield _("Words that were used"), ("、" if language() == "zh" else ", ").join(told["words"])


def _amount(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _reach_line(one: Mapping[str, Any]) -> ReachLine:
    text = "" if one["allowed"] else spoken(one["text"])
    return ReachLine(titled("channel", one["channel"]), one["allowed"], one["from"] or "", text)


def _step_line(step: Mapping[str, Any], setup: WorkSetup) -> StepLine:
    return StepLine(
        step["at"],
        step_sentence(step, setup.names),
        actor_word(step["who"]),
        step.get("note", ""),
    )
