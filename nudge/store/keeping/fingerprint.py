"""The fingerprint of the store, in a file: by it another or an older store is recognised."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nudge.errors import InvalidConfigError


@dataclass(frozen=True)
class StoreFingerprint:
    """The fingerprint of the store that was seen last.

    Attributes:
        store: its id.
        positions: partition -> the last position that the archive has seen there.
    """

    store: str
    positions: Mapping[int, int] = field(default_factory=dict)

    def seen(self, positions: Mapping[int, int]) -> StoreFingerprint:
        """Return the fingerprint with these positions; none goes back."""
        higher = {p: max(n, self.positions.get(p, 0)) for p, n in positions.items()}
        return StoreFingerprint(self.store, {**self.positions, **higher})


def read_note(path: Path) -> StoreFingerprint | None:
    """Read the fingerprint; None where there is none yet.

    Raises:
        InvalidConfigError: the file cannot be read.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return StoreFingerprint(
            str(table["store"]), {int(p): int(n) for p, n in table["positions"].items()}
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        cure = (
            "restore it from the backup; remove it where you know that the store is the right one"
        )
        raise InvalidConfigError(
            [f"{path}: not a note of the store ({error!r}); {cure}"]
        ) from error


def write_note(path: Path, note: StoreFingerprint) -> None:
    """Write the fingerprint, whole or not at all.

    Raises:
        InvalidConfigError: the directory cannot be written.
    """
    positions = {str(p): n for p, n in sorted(note.positions.items())}
    text = json.dumps({"store": note.store, "positions": positions}, indent=1) + "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError as error:
        cure = "set NUDGE_DATA_DIR to a directory that this user can write"
        raise InvalidConfigError([f"{path}: cannot be written ({error}); {cure}"]) from error
