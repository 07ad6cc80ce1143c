"""Examples and links of operations: a file for each, put into the finished document.

A file has `parameters` (name -> value), `requests` (content type -> name -> value), `answer` (of
the first status) and `links` (status -> name -> link of the OpenAPI document). Requests work on a
service with the shipped slots; ids that only a service gives show their form, and links say which
answer holds one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final

import orjson

METHODS: Final = ("get", "put", "post", "delete", "patch")
FOLDER: Final = resources.files("nudge.api").joinpath("static", "operations")


def operations(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each operation of the document with the path item that it belongs to."""
    for item in document["paths"].values():
        for method in METHODS:
            if method in item:
                yield item[method], item


def add_examples(document: dict[str, Any]) -> None:
    """Put the examples and links of all operations into the document, in place."""
    for operation, item in operations(document):
        path = FOLDER.joinpath(f"{operation['operationId']}.json")
        told = orjson.loads(path.read_bytes())
        for one in (*item.get("parameters", ()), *operation.get("parameters", ())):
            if one["name"] in told.get("parameters", {}):
                one["example"] = told["parameters"][one["name"]]
        for kind, examples in told.get("requests", {}).items():
            body = operation["requestBody"]["content"][kind]
            body["examples"] = {name: {"value": value} for name, value in examples.items()}
        answers = operation["responses"]
        if "answer" in told:
            first = next(iter(next(iter(answers.values()))["content"].values()))
            first["example"] = told["answer"]
        for status, links in told.get("links", {}).items():
            answers[status]["links"] = links
