"""The experience report: scores by scene, touch point and time, and the words. For a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from nudge.domain.care.experience.experience_query import ExperienceQuestion
from nudge.domain.care.experience.experience_report import experience_report
from nudge.domain.care.experience.low_words import LowWords, ReadText, low_words
from nudge.domain.care.experience.text_ref import TextRef
from nudge.domain.identity.sealing import Sealer
from nudge.domain.reports.report_time import lake_of
from nudge.errors import StoreError
from nudge.lake.engine.query import DUCKDB, Backend, connect_contents
from nudge.lake.experience.score_counts import rated_scores
from nudge.lake.files.reader import Lake
from nudge.store.store import Store
from nudge.store.vault.text_book import TextPlace

ReadTexts = Callable[[Sequence[TextRef]], Iterable[ReadText]]
"""Function that reads texts where they are kept; what was erased is left out.

It raises `StoreError` where the store does not answer."""


def text_reader(store: Store, sealer: Sealer) -> ReadTexts:
    """Return the function that reads texts of the vault.

    Args:
        store: that keeps them, encrypted.
        sealer: that opens them.
    """

    def read(refs: Sequence[TextRef]) -> Iterable[ReadText]:
        places = (TextPlace(ref.partition, ref.subject, ref.name) for ref in refs)
        for ref, sealed in zip(refs, store.texts.read(places), strict=True):
            if sealed is not None:
                yield ReadText(ref.subject, ref.is_low, sealer.vault.open(sealed, ref.name))

    return read


def no_texts(refs: Sequence[TextRef]) -> Iterable[ReadText]:
    """Tell that the texts cannot be read: a report that has no store.

    Raises:
        StoreError: always.
    """
    raise StoreError(f"{len(refs)} texts cannot be read without the store")


def experience(
    lake: Lake,
    question: ExperienceQuestion,
    attributes: Mapping[str, str],
    read: ReadTexts = no_texts,
    engine: str = DUCKDB,
) -> dict[str, object]:
    """Return the experience report, as plain JSON, from the lake as it is now.

    Args:
        lake: of the installation.
        question: what is asked.
        attributes: other name of a dimension -> its context attribute.
        read: reads the texts.
        engine: that counts; see `connect`.

    Raises:
        InvalidRequestError: the question names no dimension.
        BrokenLakeError: the lake cannot be read.
        EngineMissingError: the engine is not installed.
    """
    contents = lake.contents()
    until, calendar = min(contents.watermarks().values(), default=0.0), question.calendar
    found = experience_answer(connect_contents(contents, engine), question, attributes, read)
    head = {"as_of": calendar.label_or_none(until or None)}
    return head | lake_of(contents.since(), calendar) | found


def experience_answer(
    backend: Backend, question: ExperienceQuestion, attributes: Mapping[str, str], read: ReadTexts
) -> dict[str, object]:
    """Return the experience report of the lake that a backend holds.

    Args:
        backend: from `connect`.
        question: what is asked.
        attributes: other name of a dimension -> its context attribute.
        read: reads the texts.

    Raises:
        InvalidRequestError: the question names no dimension.
        BrokenLakeError: the lake cannot be read.
    """
    with rated_scores(backend, question, attributes) as scores:
        counts, refs = scores.count(), scores.texts()
    return experience_report(question, counts, _words(refs, read))


def _words(refs: Sequence[TextRef], read: ReadTexts) -> LowWords | None:
    """Return the words that come with low scores; None where the store does not answer."""
    if not refs:
        return LowWords(0, 0)
    try:
        return low_words(read(refs))
    except StoreError:
        return None
