"""Pages of the shop, rendered in the language that was asked for."""

from __future__ import annotations

from typing import Final

from flask import Response, render_template, request

from lab.shop.outcomes import METHODS, OUTCOMES
from lab.shop.shop_files import LANGUAGES, read_words
from nudge.api.sdk_files import read_sdk_files
from nudge.api.service import current

MAX_CITY: Final = 60


def render_page(name: str, **values: object) -> Response:
    """Return a page.

    Args:
        name: of the template.
        values: what this page shows besides its words.
    """
    language = find_language()
    sdk = read_sdk_files()
    text = render_template(
        f"{name}.html",
        w=read_words(language),
        language=language,
        city=request.args.get("city", "")[:MAX_CITY].strip(),
        other=LANGUAGES[1 - LANGUAGES.index(language)],
        key=current().settings.page_key or "",
        sdk=sdk.versions[sdk.current],
        methods=METHODS,
        outcomes=OUTCOMES,
        **values,
    )
    response = Response(text, mimetype="text/html")
    response.vary.add("Accept-Language")
    return response


def find_language() -> str:
    """Return the language that the page was asked in, or else the browser's."""
    asked = request.values.get("lang") or request.accept_languages.best_match(LANGUAGES)
    return asked if asked in LANGUAGES else LANGUAGES[0]
