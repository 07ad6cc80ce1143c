"""The mapping of `nudge import` as a file: names the columns of a historical log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError
from marshmallow import fields as ma

from nudge.config.slot_fields import FiniteNumber, StrictTable, field_texts
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import ATTRIBUTE, NAME
from nudge.config.table_file import problems_of, read_table
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.credit.log_import import CLOSE, OWN, ROW_ID, ImportRules
from nudge.errors import InvalidConfigError

_COLUMN: Final = "name a column of the file"


class ImportFileSchema(StrictTable):
    """The whole mapping file."""

    slot = ma.String(required=True, validate=NAME, **field_texts("name the slot"))
    columns = ma.Dict(
        keys=ma.String(),
        values=ma.String(**field_texts(_COLUMN)),
        load_default=dict,
        **field_texts('write a table such as variant = "arm"'),
    )
    context = ma.Dict(
        keys=ma.String(validate=ATTRIBUTE),
        values=ma.String(**field_texts(_COLUMN)),
        load_default=dict,
        **field_texts('write a table such as city_tier = "city"'),
    )
    distribution = ma.Dict(
        keys=ma.String(validate=NAME),
        values=FiniteNumber(**field_texts("give a probability")),
        load_default=dict,
        **field_texts("write a table such as a = 0.5, b = 0.5"),
    )
    series = ma.String(load_default="", **field_texts("write a name"))
    teach_only = ma.Boolean(load_default=False, **field_texts("use true or false"))


def load_rules(path: Path) -> ImportRules:
    """Load the mapping of a file.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    table = read_table(path)
    try:
        data: dict[str, Any] = _schema().load(table)
        found = list(_problems(data))
    except ValidationError as error:
        found, data = list(problems_of(error.messages, table)), {}
    if found:
        raise InvalidConfigError([f"{path}: {key}: {wrong}" for key, wrong in found])
    return ImportRules(**data)


@cache
def _schema() -> ImportFileSchema:
    return ImportFileSchema()


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    known = (*OWN, ROW_ID)
    for name in data["columns"].keys() - set(known):
        yield f"columns.{name}", f"is unknown; {suggestion(name, known)}"
    if data["teach_only"] and data["distribution"]:
        yield "teach_only", "contradicts the distribution; leave one of them out"
    shares = data["distribution"].values()
    if shares and (min(shares) < 0 or abs(sum(shares) - 1) > CLOSE):
        yield "distribution", f"sums to {sum(shares):g}; give probabilities that sum to 1"
