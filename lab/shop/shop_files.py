"""The shop's files: pages, what they load, and their words in two languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("zh", "en")
"""Languages of the shop, the one for everybody else first."""


@dataclass(frozen=True)
class ShopFiles:
    """The directory of the shop.

    Attributes:
        directory: holds `pages`, `files` and `words`.
    """

    directory: Path

    @property
    def pages(self) -> Path:
        """The directory of the pages, as templates."""
        return self.directory / "pages"

    @property
    def files(self) -> Path:
        """The directory of scripts and styles, served as they are."""
        return self.directory / "files"

    @property
    def there(self) -> bool:
        """True in a checkout; a wheel has no examples."""
        return self.pages.is_dir()


@cache
def find_shop_files() -> ShopFiles:
    """Return the shop of the repository."""
    return ShopFiles(Path(__file__).parents[2] / "examples" / "shop")


@cache
def read_words(language: str) -> Mapping[str, str]:
    """Read the words of the pages in a language, by name."""
    path = find_shop_files().directory / "words" / f"{language}.json"
    found: dict[str, str] = json.loads(path.read_text("utf-8"))
    return found
