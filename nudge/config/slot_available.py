"""The limits of a single variant, read from the table `available` that slots write."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from marshmallow import ValidationError

from nudge.config.slot_schema import AvailableSchema
from nudge.config.slot_table import availability_of
from nudge.config.table_file import problems_of
from nudge.domain.slots.slot import Availability
from nudge.errors import InvalidRequestError


def parse_available(table: Mapping[str, object]) -> Availability:
    """Read the limits of a variant.

    Args:
        table: as slots write it below `available`.

    Raises:
        InvalidRequestError: each problem by its dotted key, such as `when.all[1].at_least`.
    """
    try:
        return availability_of(_schema().load(table))
    except ValidationError as error:
        errors: dict[str, list[str]] = {}
        for key, text in problems_of(error.messages, table):
            errors.setdefault(key, []).append(text)
        raise InvalidRequestError("the limits do not fit", errors) from error


@cache
def _schema() -> AvailableSchema:
    return AvailableSchema()  # one instance: making it costs more than using it
