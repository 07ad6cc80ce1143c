"""OpenFeature's clients for the tests: the Python SDK here, the JavaScript ones in node."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import playwright
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from places import ROOT

VENDOR: Final = ROOT / "tests" / "ofrep" / "vendor"
SCRIPT: Final = ROOT / "tests" / "ofrep" / "flag_client.cjs"
NODE: Final = Path(playwright.__file__).parent / "driver" / "node"
"""The node that Playwright carries: nothing else has to be installed."""
OLD_CORE: Final = "openfeature-ofrep-core-0.1.4.tgz"
"""Of the server provider, which is of an older line."""
DEFAULT_VISITOR: Final = "an-application-s-visitor"


class FlagClient(Protocol):
    """A client of flags, whatever its language.

    Attributes:
        name: for people.
    """

    name: str

    def details(self, kind: str, key: str, default: Any, context: Mapping[str, Any]) -> Any:
        """The details of an evaluation: value, reason, variant, error_code, metadata."""


@dataclass
class PythonClient:
    """The official Python provider with its SDK."""

    url: str
    key: str
    name: str = "python"
    timeout: float = 5.0

    def __post_init__(self) -> None:
        """Register the provider."""
        headers = {"Authorization": f"Bearer {self.key}"}
        self.provider = OFREPProvider(
            self.url, headers_factory=lambda: headers, timeout=self.timeout
        )
        api.set_provider(self.provider, self.url)
        self._client = api.get_client(self.url)

    def details(self, kind: str, key: str, default: Any, context: Mapping[str, Any]) -> Any:
        """The details of an evaluation."""
        rest = dict(context)
        visitor = rest.pop("targetingKey", None)
        ask = getattr(self._client, f"get_{kind.lower()}_details")
        found = ask(key, default, EvaluationContext(visitor, rest))
        return {
            "value": found.value,
            "reason": found.reason,
            "variant": found.variant,
            "errorCode": found.error_code.value if found.error_code else None,
            "flagMetadata": found.flag_metadata,
        }


class NodeClient:
    """An official JavaScript provider with its SDK, in a node of its own.

    Args:
        modules: directory with `node_modules`.
        kind: `web` or `server`.
        options: of the provider, besides address and key.
    """

    def __init__(self, modules: Path, kind: str, url: str, key: str, **options: Any) -> None:
        self.name = f"javascript-{kind}"
        self._process = subprocess.Popen(
            [str(NODE), str(SCRIPT)],
            cwd=modules,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"MODULES": str(modules)},
        )
        self.started = self.tell(op="start", kind=kind, url=url, key=key, options=options)

    def tell(self, **command: Any) -> Any:
        """The answer of the script to a command."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "node ended"
        return json.loads(line)

    def details(self, kind: str, key: str, default: Any, context: Mapping[str, Any]) -> Any:
        """The details of an evaluation."""
        return self.tell(op="details", type=kind, key=key, default=default, context=context)

    def close(self) -> None:
        """End the script."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()


def unpack(directory: Path, kind: str) -> Path:
    """Unpack the packages of a provider; return the directory for its script."""
    named = json.loads((VENDOR / "packages.json").read_text("utf-8"))
    for file, told in named.items():
        old = file == OLD_CORE
        if told["name"] == "@openfeature/ofrep-core" and old != (kind == "server"):
            continue
        data = (VENDOR / file).read_bytes()
        digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
        assert told["integrity"] == f"sha512-{digest}", file
        target = directory / "node_modules" / told["name"]
        with tarfile.open(VENDOR / file) as package:
            for one in package.getmembers():
                one.name = one.name.partition("/")[2]
                if one.name and not one.name.endswith((".map", ".md")):
                    package.extract(one, target, filter="data")
    return directory


@contextmanager
def node_client(
    directory: Path, kind: str, url: str, key: str, **options: Any
) -> Iterator[NodeClient]:
    """A JavaScript client, until the end of the block."""
    client = NodeClient(unpack(directory, kind), kind, url, key, **options)
    try:
        yield client
    finally:
        client.close()
