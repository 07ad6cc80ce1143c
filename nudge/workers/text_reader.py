"""The reader of texts, as it is configured now: the lexicon's finder and the complaint model."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from nudge.config.documents.configuration import Configuration
from nudge.domain.care.text_reading import ComplaintModel, TextFinder, TextReader
from nudge.workers.configuration_follower import ConfigurationFollower

Finder = Callable[[Configuration], TextFinder | None]
"""Returns the finder of a configuration's lexicon; None where there is none."""
Model = Callable[[], ComplaintModel | None]
"""Returns the complaint model of now; None where there is none."""


class FollowedTextReader:
    """A reader of texts that follows configuration and model; safe to share between threads.

    Attributes:
        finder: makes the finder; it is made once for each configuration.
        model: asked where the configuration has proposals.
    """

    def __init__(self, follower: ConfigurationFollower, finder: Finder, model: Model) -> None:
        self._follower, self._finder, self._model = follower, finder, model
        self._lock = Lock()
        self._made: tuple[Configuration, TextReader] | None = None

    def current(self) -> TextReader:
        """Return the reader of the configuration and the model that are in force now.

        Raises:
            InvalidConfigError: the lexicon or the rules are wrong.
            StoreAwayError: no answer.
        """
        now = self._follower.current()
        with self._lock:
            least = now.warnings.proposes_at
            model = self._model() if least <= 1.0 else None
            if self._made is None or self._made[0] is not now:
                self._made = now, TextReader(self._finder(now), model, least)
            elif self._made[1].model is not model:
                self._made = now, TextReader(self._made[1].finder, model, least)
            return self._made[1]
