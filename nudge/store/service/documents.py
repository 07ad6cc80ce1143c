"""Configuration documents in the store: the current ones, their revisions, who changed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from nudge.config.documents.document import ConfigDocument
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class Documents:
    """Configuration documents, their revisions and audits."""

    client: Client
    keys: Keys

    def current(self) -> dict[str, ConfigDocument]:
        """Return the current revision of every document, by name."""
        rows = self.client.read_hash(self.keys.config("documents"))
        return {name.decode(): _load(name.decode(), text) for name, text in sorted(rows.items())}

    def version(self) -> str:
        """Return what changes with every change of a document."""
        found = self.client.call("HGET", self.keys.config("versions"), "documents")
        return (found or b"").decode()

    def put(self, document: ConfigDocument, replaces: int, audit: Mapping[str, object]) -> bool:
        """Make a document current if its revision before still is; others get False.

        Args:
            document: at a revision beyond `replaces`.
            replaces: revision that the caller believes current; 0 without one.
            audit: who, when, what and why, kept beside the revision.
        """
        named = [self.keys.config(family, document.name) for family in ("kept", "edits")]
        names = [self.keys.config("documents"), *named, self.keys.config("versions")]
        value = orjson.dumps({"revision": document.revision, "text": document.text})
        told = orjson.dumps(dict(audit))
        args: list[Arg] = [document.name, replaces, document.revision, value, told]
        return bool(self.client.run("apply_document", names, args))

    def revision(self, name: str, number: int) -> ConfigDocument | None:
        """Return one revision of a document, or None where there is none."""
        text = self.client.call("HGET", self.keys.config("kept", name), number)
        return None if text is None else _load(name, text)

    def audits(self, name: str) -> list[dict[str, object]]:
        """Return the audit entries of a document, newest first, each with its `revision`."""
        rows = self.client.read_hash(self.keys.config("edits", name))
        found = sorted(((int(number), text) for number, text in rows.items()), reverse=True)
        return [{"revision": number} | orjson.loads(text) for number, text in found]


def _load(name: str, value: bytes) -> ConfigDocument:
    return ConfigDocument(name, **orjson.loads(value))
