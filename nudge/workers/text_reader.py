"""The reader of texts, as it is configured now: the lexicon's finder and the complaint model."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from nudge.config.documents.configuration import Configuration
from nudge.domain.care.text_reading import ComplaintModel, TextFinder, TextReader
from nudge.workers.configuration_follower import ConfigurationFollower

Finder = Callable[[Configuration], TextFinder | None]
"""Returns the finder of a configuration's lexicon; None where there is none."""
Model = Callable[[Configuration], ComplaintModel | None]
"""Returns the complaint model; None where there is none."""


def no_words(_: Configuration) -> None:
    """Return no finder and no model: texts are not read."""


class FollowedTextReader:
    """A reader of texts that follows the configuration; safe to share between threads.

    Attributes:
        finder: makes the finder; it is made once for each configuration.
        model: makes the complaint model.
    """

    def __init__(
        self,
        follower: ConfigurationFollower,
        finder: Finder = no_words,
        model: Model = no_words,
    ) -> None:
        self._follower, self._finder, self._model = follower, finder, model
        self._lock = Lock()
        self._made: tuple[Configuration, TextReader] | None = None

    def current(self) -> TextReader:
        """Return the reader of the configuration that is applied now.

        Raises:
            InvalidConfigError: the lexicon or the rules are wrong.
            StoreAwayError: no answer.
        """
        now = self._follower.current()
        with self._lock:
            if self._made is None or self._made[0] is not now:
                least = now.warnings.proposes_at
                made = TextReader(self._finder(now), self._model(now), least)
                self._made = now, made
            return self._made[1]
