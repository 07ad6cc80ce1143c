"""A walk over the request schemas of the OpenAPI document, to every place where a value stands."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nudge.api.schemas.examples import operations

Json = dict[str, Any]
PLACE: Final = "@@edge@@"
DEEP: Final = 6
SAMPLES: Final[Json] = {
    "visitor_id": "edge",
    "decision_id": "a" * 26,
    "channel": "sms",
    "purpose": "reminder",
    "slots": ["banner"],
    "zone": "Asia/Shanghai",
    "at": None,
    "window": "1d",
    "period": "1d",
}
"""Field -> value that fits where the schema's type does not say enough."""


@dataclass(frozen=True)
class Place:
    """A place of a body: an otherwise valid one, in which a value is written."""

    operation: str
    method: str
    path: str
    body: bytes
    name: str

    def with_edge(self, edge: bytes) -> bytes:
        """The body with this value in its place."""
        return self.body.replace(f'"{PLACE}"'.encode(), edge)


class Walker:
    """A walk over the request schemas of the document."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.targets = {
            item[method]["operationId"]: (method.upper(), path)
            for path, item in document["paths"].items()
            for method in item
            if method != "parameters"
        }

    def places(self) -> Iterator[Place]:
        """Every place of every JSON body, but for events."""
        for operation, _ in operations(self.document):
            name = operation["operationId"]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is None or name == "recordEvents":
                continue
            for example in body["examples"].values():
                method, path = self.targets[name]
                found = {*self.walk(body["schema"], example["value"], example["value"], ())}
                for raw, where in sorted(found):
                    yield Place(name, method, path, raw, where)

    def events(self) -> Iterator[tuple[str, Json]]:
        """Field and event of every field of every type, with the field's place marked."""
        batch = self.resolve({"$ref": "#/components/schemas/EventBatch"})
        for option in batch["properties"]["events"]["items"]["anyOf"]:
            schema = self.resolve(option)
            if "properties" not in schema:
                continue
            fields = schema["properties"]
            event = {name: self.sample(fields[name], name) for name in schema["required"]}
            event |= {"visitor_id": "edge"}
            for name in fields:
                yield f"{event['type']}.{name}", event | {name: PLACE}

    def walk(self, schema: Json, value: Any, base: Any, path: tuple[Any, ...]) -> Iterator[Any]:
        """Yield the base with each place marked, and where that is."""
        yield json.dumps(put(base, path, PLACE)).encode(), ".".join(map(str, path))
        for option in self.options(schema) if len(path) < DEEP else ():
            for name, inner in self.inner(option, value):
                held = value if isinstance(value, dict | list) else None
                missing = not (isinstance(held, dict) and name in held) and not (
                    isinstance(held, list) and held
                )
                found = self.sample(inner, str(name)) if missing else value[name]
                below = put(base, (*path, name), found) if missing else base
                yield from self.walk(inner, found, below, (*path, name))

    def inner(self, schema: Json, value: Any) -> Iterator[tuple[Any, Json]]:
        """Yield key and schema of what an object or a list holds."""
        if isinstance(value, list):
            if "items" in schema:
                yield 0, schema["items"]
        elif "properties" in schema:
            yield from schema["properties"].items()
        elif isinstance(schema.get("additionalProperties"), dict):
            yield next(iter(value or {"k": 0})), schema["additionalProperties"]

    def options(self, schema: Json) -> Iterator[Json]:
        """Yield a schema, or the ones of which it is one."""
        schema = self.resolve(schema)
        several = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
        yield schema
        for one in several:
            yield from self.options(one)

    def resolve(self, schema: Json) -> Json:
        """Follow a reference."""
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def sample(self, schema: Json, name: str) -> Any:
        """A value that fits, or nearly."""
        if name in SAMPLES:
            return SAMPLES[name]
        for one in self.options(schema):
            if one.get("enum"):
                return one["enum"][0]
            kind = one.get("type")
            kind = kind[0] if isinstance(kind, list) else kind
            if kind == "array":
                return [self.sample(one.get("items", {}), "")]
            if kind:
                return {"object": {}, "boolean": True, "string": "a"}.get(kind, 1)
        return "a"


def put(base: Any, path: Sequence[Any], value: Any) -> Any:
    """A copy with a value at a place."""
    if not path:
        return value
    whole = copy.deepcopy(base)
    held = whole
    for key in path[:-1]:
        held = held[key]
    if isinstance(held, list) and not held:
        held.append(value)
    elif isinstance(held, dict | list):
        held[path[-1]] = value
    return whole
