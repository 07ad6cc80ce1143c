"""Single configuration values: tables, numbers, durations, and the text of a category."""

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from bandits.duration import parse_seconds
from bandits.errors import ConfigError

Table: TypeAlias = Mapping[str, object]

_LARGEST = 2**63  # a larger integer is not a category; Python may refuse to convert it to text


def as_table(value: object, key: str) -> Table:
    """Return the value, checked to be a table with text keys.

    Raises:
        ConfigError: the value is not a table with text keys.
    """
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ConfigError(key, "is not a table", "Give a table of named values")
    return value


def read_named_tables(value: object, key: str) -> list[tuple[str, Table]]:
    """Return (name, table) pairs, in order, from a list of tables or a mapping name -> table.

    Raises:
        ConfigError: a name is missing, empty or given twice.
    """
    if isinstance(value, Mapping):
        return [(str(name), as_table(table, f"{key}.{name}")) for name, table in value.items()]
    if not isinstance(value, list | tuple):
        raise ConfigError(key, "is neither a list nor a table", "Give a list of tables with names")
    tables = [as_table(item, f"{key}[{i}]") for i, item in enumerate(value)]
    names = [_name_of(table, f"{key}[{i}]") for i, table in enumerate(tables)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{key}.{twice[0]}", "is given twice", "Give each name once")
    return list(zip(names, tables, strict=True))


def _name_of(table: Table, key: str) -> str:
    name = table.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{key}.name", "is missing", 'Give a text, such as name = "a50"')
    return name


def read_number(value: object, key: str, low: float = -math.inf, high: float = math.inf) -> float:
    """Return the value, checked to be a finite number within [low, high].

    Raises:
        ConfigError: the value is not such a number.
    """
    good = isinstance(value, int | float) and not isinstance(value, bool)
    number = float(value) if good and isinstance(value, int | float) else math.nan
    if math.isfinite(number) and low <= number <= high:
        return number
    raise ConfigError(key, f"{value!r} cannot be used", f"Give a number from {low:g} to {high:g}")


def read_whole(value: object, key: str, low: int, high: int) -> int:
    """Return the value, checked to be an integer within [low, high].

    Raises:
        ConfigError: the value is not such an integer.
    """
    number = read_number(value, key, low, high)
    if not number.is_integer():
        raise ConfigError(key, f"{value!r} is not whole", f"Give a whole number of at least {low}")
    return int(number)


def read_duration(value: object, key: str) -> float:
    """Return a duration in seconds from a number, "90m", "36h", "7d", or "never" (infinite).

    Raises:
        ConfigError: the value is not a duration, or not positive.
    """
    seconds = parse_seconds(value)
    if seconds is not None and seconds > 0:
        return seconds
    raise ConfigError(key, f"{value!r} is not a duration", 'Give seconds, "36h", "7d" or "never"')


def text_of(value: object) -> str | None:
    """Return a category's value as text; None for a value that cannot be a category.

    `50`, `50.0` and `"50"` give the same text, so the type of a column in a file does not change
    its cells.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value)) if -_LARGEST < value < _LARGEST else None
    if isinstance(value, float | np.floating) and math.isfinite(value):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    return None
