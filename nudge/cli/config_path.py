"""A path of slots and configuration, as `nudge apply` reads it beside what is in service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nudge.config.documents.document import (
    ConfigDocument,
    DocumentChange,
    find_documents,
    plan_documents,
)
from nudge.config.slot_change import Change, plan
from nudge.config.slot_file import load_slot, load_slots
from nudge.config.table_file import ConfigTables
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError
from nudge.settings.settings import FILE_NAME as SETTINGS
from nudge.store.store import Store

SLOTS: Final = "slots"
"""Directory of slot files in the directory of the configuration."""


@dataclass(frozen=True)
class ConfigPath:
    """The changes that a path brings.

    Attributes:
        directory: of the configuration files.
        current: documents that are applied now.
        documents: their changes.
        slots: changes of slots.
    """

    directory: Path
    current: Mapping[str, ConfigDocument]
    documents: Sequence[DocumentChange]
    slots: Sequence[Change]


def read_path(path: Path, store: Store) -> ConfigPath:
    """Read a file or directory, and compute what it changes; nothing is written.

    Raises:
        InvalidConfigError: a file is invalid, or there is nothing to apply.
        StoreAwayError: no answer.
    """
    current = store.documents.current()
    texts = find_documents(path, current)
    directory = path if path.is_dir() else path.parent
    changes = plan_documents(current, texts, ConfigTables(directory))
    slots = plan(store.slots.current(), _slots(path, texts))
    return ConfigPath(directory, current, changes, slots)


def _slots(path: Path, documents: Mapping[str, str]) -> dict[str, Slot]:
    if not path.is_dir():
        if documents:
            return {}
        if path.name == SETTINGS:
            cure = "restart the processes; `nudge check` validates it"
            raise InvalidConfigError([f"{path}: holds settings, which are not applied; {cure}"])
        slot = load_slot(path)
        return {slot.name: slot}
    if documents:
        return load_slots(path / SLOTS) if (path / SLOTS).is_dir() else {}
    return load_slots(path)
