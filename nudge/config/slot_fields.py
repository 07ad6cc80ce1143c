"""Field types of a slot's table; each message names the mistake, then the cure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypedDict

from marshmallow import RAISE, Schema, ValidationError
from marshmallow import fields as ma

from nudge.domain.basics.duration import parse_duration
from nudge.domain.basics.slot_values import json_problem, suggestion
from nudge.domain.slots.rule import Rule, RuleError, read_rule
from nudge.domain.values.instants import EARLIEST, LATEST, parse_instant
from nudge.domain.values.refusal import ValueRefusedError

_WRONG = {
    "required": "is missing",
    "null": "is empty",
    "invalid": "is of the wrong type",
    "type": "is of the wrong type",
    "special": "is not finite",
    "too_large": "is too large",
}


class FieldTexts(TypedDict):
    """The texts of a field: its messages, and its description in the API's document."""

    error_messages: dict[str, str | list[Any] | dict[Any, Any]]
    metadata: dict[str, str]


def field_texts(right: str) -> FieldTexts:
    """Build the messages of a field from a sentence that describes a right value."""
    # marshmallow formats messages: a brace that shows TOML must not be taken for a place.
    cure = right.replace("{", "{{").replace("}", "}}")
    return {
        "error_messages": {key: f"{wrong}; {cure}" for key, wrong in _WRONG.items()},
        "metadata": {"description": right},
    }


class StrictTable(Schema):
    """A table in which an unknown key is a mistake, answered with the likely right one."""

    error_messages = {"type": "is not a table; write a table of named values"}  # noqa: RUF012 (marshmallow's own form)

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_: Any) -> None:  # noqa: ANN401 (marshmallow's own signature)
        """Suggest the likely key for each unknown one."""
        del data, many
        messages = error.messages_dict
        for key in messages.keys() - self.fields.keys() - {"_schema"}:
            messages[key] = [f"is unknown; {suggestion(key, self.fields)}"]


class OneOf:
    """A validator that accepts certain words."""

    def __init__(self, *words: str) -> None:
        self.choices = words

    def __call__(self, value: str) -> None:
        """Raise ValidationError for any other word."""
        if value not in self.choices:
            raise ValidationError(f"{value!r} is not allowed; {suggestion(value, self.choices)}")


class Matches:
    """A validator that accepts text of a certain pattern."""

    def __init__(self, pattern: str, right: str) -> None:
        self.regex = re.compile(pattern)
        self.right = right

    def __call__(self, value: str) -> None:
        """Raise ValidationError for text of another form."""
        if not self.regex.fullmatch(value):
            raise ValidationError(f"{value!r} does not fit; {self.right}")


class FiniteNumber(ma.Float):
    """A field for a finite number; unlike Float it accepts no text."""

    def _validated(self, value: Any) -> float:  # noqa: ANN401 (marshmallow's own signature)
        if not isinstance(value, int | float):
            raise self.make_error("invalid")
        return super()._validated(value)


class Flag(ma.Boolean):
    """A field for true or false; unlike Boolean it accepts neither text nor number."""

    def _deserialize(self, value: object, *_: object, **__: object) -> bool:
        if isinstance(value, bool):
            return value
        raise self.make_error("invalid", input=value)


class Items(ma.List[Any]):
    """A field for a list; unlike List it accepts no table, whose keys would pass for items."""

    def _deserialize(self, value: Any, *more: Any, **named: Any) -> list[Any]:  # noqa: ANN401 (marshmallow's own signature)
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return super()._deserialize(value, *more, **named)


class Duration(ma.Field[float]):
    """A field for a duration in seconds, greater than 0 and at most `longest`."""

    def __init__(self, right: str, *, longest: float, required: bool = True) -> None:
        super().__init__(required=required, **field_texts(right))
        self.right = right
        self.longest = longest

    def _deserialize(self, value: object, *_: object, **__: object) -> float:
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if not (0 < seconds <= self.longest and math.isfinite(seconds)):
            raise ValidationError(f"{value!r} is out of range; {self.right}")
        return seconds


class Instant(ma.Field[float]):
    """A field for seconds since the epoch: a date and time with its zone, or a number.

    Attributes:
        bounds: first second, and the first that is refused again.
    """

    def __init__(self, bounds: tuple[float, float] = (EARLIEST, LATEST), **options: Any) -> None:  # noqa: ANN401 (marshmallow's own options)
        super().__init__(**options)
        self.bounds = bounds

    def _deserialize(self, value: object, *_: object, **__: object) -> float:
        try:
            return parse_instant(value, earliest=self.bounds[0], latest=self.bounds[1])
        except ValueRefusedError as error:
            raise ValidationError(str(error)) from error


class Json(ma.Raw):
    """A field for any JSON value."""

    def _deserialize(self, value: object, *_: object, **__: object) -> object:
        if (wrong := json_problem(value)) is not None:
            raise ValidationError(wrong)
        return value


class RuleTable(ma.Field[Rule]):
    """A field for a rule of `nudge.domain.slots.rule`; problems carry their place below it."""

    openapi: ClassVar[dict[str, str]] = {"type": "object"}

    def _deserialize(self, value: object, *_: object, **__: object) -> Rule:
        try:
            return read_rule(value)
        except RuleError as error:
            lines: dict[str, list[str]] = {}
            for key, text in error.problems:
                lines.setdefault(key or "_schema", []).append(text)
            raise ValidationError(dict(lines)) from error


class JsonTable(ma.Dict):
    """A field for a table of values, each checked by a function that names its problem."""

    def __init__(self, right: str, *, check: Callable[[object], str | None], **more: Any) -> None:  # noqa: ANN401 (marshmallow's own keywords)
        super().__init__(**field_texts(right), **more)
        self.check = check

    def _deserialize(self, value: object, *_: object, **__: object) -> dict[str, object]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self.make_error("invalid")
        wrong = {key: self.check(one) for key, one in value.items()}
        if problems := {key: [text] for key, text in wrong.items() if text is not None}:
            raise ValidationError(problems)
        return dict(value)
