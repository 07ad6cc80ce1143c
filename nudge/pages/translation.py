"""Translation of the pages: gettext messages from the catalogues, and the reader's language.

The ids of messages are the English sentences. Chinese stands in `catalogue/zh`, a `.po` file a
screen, read when the pages are made: there are no compiled files beside them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request, session
from flask_babel import Babel, Domain, get_locale, refresh
from flask_babel import gettext as translate
from flask_babel import ngettext as translate_plural
from flask_login import current_user

LANGUAGES: Final = ("zh", "en")
"""Languages of the pages; the first is for who has not chosen."""
TAGS: Final[Mapping[str, str]] = {"zh": "zh-CN", "en": "en"}
"""Language -> tag for browsers."""
CATALOGUES: Final = Path(__file__).parent / "catalogue"


class PageDomain(Domain):  # type: ignore[misc]  # the library publishes no types
    """The messages of all catalogues of a language, as one domain of gettext."""

    def __init__(self) -> None:
        super().__init__()
        self._messages = {
            name: read_translations(CATALOGUES / name) for name in LANGUAGES if name != "en"
        }

    def get_translations(self) -> NullTranslations:
        """Return the messages of the reader's language; English ones are their own ids."""
        return self._messages.get(language(), NullTranslations())


def register_translation(app: Flask) -> None:
    """Have the pages of an app translated for the reader of each request."""
    app.config["BABEL_DEFAULT_LOCALE"] = LANGUAGES[0]
    babel = Babel(app, locale_selector=_chosen)
    # Instead of the one that reads compiled files.
    babel.domain_instance = PageDomain()
    app.before_request(_keep_choice)


def language() -> str:
    """Return the language of this request's reader, `zh` or `en`."""
    found = get_locale()
    return found.language if found and found.language in LANGUAGES else LANGUAGES[0]


def gettext(text: str, **values: object) -> str:
    """Return a message in the reader's language.

    Args:
        text: the message id: a whole English sentence with named placeholders, `%(people)s`.
        values: of the placeholders.
    """
    return str(translate(text, **values))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Return a message that depends on a number, which is its placeholder `%(num)s`."""
    return str(translate_plural(one, many, num, **values))


def spoken(sentence: Mapping[str, str] | str | None) -> str:
    """Return the reader's sentence of the two that the API gives; a plain text as it is."""
    if sentence is None or isinstance(sentence, str):
        return sentence or ""
    return sentence.get(language()) or next(iter(sentence.values()), "")


def read_catalogue(directory: Path) -> Catalog:
    """Return all messages of a language as one catalogue.

    A message that two screens say stands in `shared.po`; a test finds one that stands twice.

    Args:
        directory: with the language's `.po` files.
    """
    whole = Catalog(locale=directory.name)
    for path in sorted(directory.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=directory.name):
                if message.id:
                    whole.add(message.id, message.string, flags=message.flags)
    return whole


def read_translations(directory: Path) -> Translations:
    """Return the messages of a language for gettext."""
    file = io.BytesIO()
    write_mo(file, read_catalogue(directory))
    file.seek(0)
    return Translations(file)


def _chosen() -> str:
    own = current_user.language if current_user.is_authenticated else ""
    chosen = session.get("language") or own
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def _keep_choice() -> None:
    """Keep the language and the theme that a link of the page's head asks for."""
    if request.args.get("lang") in LANGUAGES:
        session["language"] = request.args["lang"]
        refresh()
    if request.args.get("theme") in {"light", "dark", "auto"}:
        session["theme"] = request.args["theme"]
