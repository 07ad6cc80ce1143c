"""Configuration files as tables, with every problem named by file and dotted key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nudge.config.slot_rules import Problem
from nudge.errors import InvalidConfigError

_AT_LINE = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)


@dataclass(frozen=True)
class ConfigTables:
    """The files of a configuration as tables: what was applied counts, else the file.

    Attributes:
        directory: of the files.
        texts: name -> text of what was applied.
    """

    directory: Path
    texts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, place: Path | ConfigTables) -> ConfigTables:
        """Return the tables of a directory; tables are returned as they are."""
        return cls(place) if isinstance(place, Path) else place

    def place(self, name: str) -> Path:
        """Return the path of a file, for messages."""
        return self.directory / name

    def has(self, name: str) -> bool:
        """Return whether there is such a file."""
        return name in self.texts or self.place(name).exists()

    def read(self, name: str) -> dict[str, Any]:
        """Read a file's table.

        Raises:
            InvalidConfigError: the file cannot be read, or is not TOML; with the line.
        """
        if name in self.texts:
            return parse_text(self.texts[name], str(self.place(name)))
        return read_table(self.place(name))


def read_table(path: Path) -> dict[str, Any]:
    """Read the table of a TOML file.

    Raises:
        InvalidConfigError: the file cannot be read, or is not TOML; with the line.
    """
    return parse_text(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Read the text of a TOML file.

    Raises:
        InvalidConfigError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfigError([f"{path}: cannot be read ({error}); save as UTF-8"]) from error


def parse_text(text: str, source: str) -> dict[str, Any]:
    """Parse TOML; `source` names it in messages.

    Raises:
        InvalidConfigError: it is not TOML; with the line.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidConfigError([f"{source}: {_syntax(str(error))}"]) from error


def problems_of(messages: object, raw: object, key: str = "") -> Iterator[Problem]:
    """Yield the leaves of marshmallow's messages, each with its dotted key.

    Args:
        messages: of a ValidationError.
        raw: the table that was checked; messages name its list entries by their names.
        key: of the table itself.
    """
    if not isinstance(messages, dict):
        lines = messages if isinstance(messages, list) else [messages]
        yield from ((key or "(whole table)", str(line)) for line in lines)
        return
    for part, inner in messages.items():
        below = _below(raw, part)
        yield from problems_of(
            inner, below, key if part == "_schema" else _joined(key, part, below)
        )


def _syntax(message: str) -> str:
    found = _AT_LINE.fullmatch(message)
    if found is None:
        return f"is not TOML: {message}; correct its syntax"
    return f"line {found[2]}, column {found[3]}: is not TOML: {found[1]}; correct its syntax"


def _below(raw: object, part: object) -> object:
    if isinstance(raw, list) and isinstance(part, int):
        return raw[part]
    return raw.get(part) if isinstance(raw, Mapping) else raw


def _joined(key: str, part: object, raw: object) -> str:
    """Join a key: `variants.coffee` where the entry has a name, otherwise `variants[2]`."""
    if isinstance(part, int):
        name = raw.get("name") if isinstance(raw, Mapping) else None
        return f"{key}.{name}" if isinstance(name, str) and name else f"{key}[{part}]"
    return f"{key}.{part}" if key else str(part)
