"""The catalogues are complete: each message of the pages is there in Chinese, and no other."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from nudge.pages.translation import CATALOGUES, read_catalogue

PAGES: Final = CATALOGUES.parent
METHODS: Final = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS: Final = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "lazy_gettext": None}
PLACEHOLDER: Final = re.compile(r"%\((\w+)\)")


@cache
def used() -> frozenset[object]:
    """The ids of all messages in the templates and modules of the pages."""
    found = extract_from_dir(PAGES, METHODS, OPTIONS, KEYWORDS)
    return frozenset(message for _file, _line, message, _comments, _context in found)


def test_every_message_is_there_in_chinese() -> None:
    """No message lacks its translation, and no translation its message."""
    catalogue = read_catalogue(CATALOGUES / "zh")
    known = {message.id for message in catalogue if message.id}
    assert sorted(map(str, used() - known)) == [], "used and not translated"
    assert sorted(map(str, known - used())) == [], "translated and not used"


def test_a_message_stands_once() -> None:
    """A message of several screens stands in `shared.po`, so that it is translated once."""
    found: dict[object, str] = {}
    for path in sorted((CATALOGUES / "zh").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                key = str(message.id)
                assert not message.id or key not in found, (key, found.get(key), path.name)
                found[key] = path.name


@pytest.mark.parametrize("path", sorted((CATALOGUES / "zh").glob("*.po")), ids=lambda p: p.stem)
def test_translations_are_whole(path: Path) -> None:
    """None is empty, in doubt or English, and each has the placeholders of its message."""
    with path.open("rb") as file:
        for message in read_po(file, locale="zh"):
            if not message.id:
                continue
            texts, ids = _texts(message.string), _texts(message.id)
            assert all(texts), message.id
            assert not message.fuzzy, message.id
            told = [set(PLACEHOLDER.findall(one)) for one in texts]
            assert all(one <= set(PLACEHOLDER.findall(ids[-1])) for one in told), message.id
            assert all(set(PLACEHOLDER.findall(ids[0])) <= one for one in told), message.id


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
