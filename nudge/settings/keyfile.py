"""The secrets that Nudge makes for itself on first start, kept in the data directory."""

from __future__ import annotations

import os
import secrets
import tempfile
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from nudge.errors import InvalidConfigError

FILE_NAME = "secrets.toml"
_BYTES = 32
_HEADER = """\
# Made by Nudge on first start. Without secret_key the journal's ids and the vault cannot be read:
# back this file up together with the data, and give it to nobody.
"""


@dataclass(frozen=True)
class Secrets:
    """The secrets in the file; all three are ASCII.

    Attributes:
        secret_key: key material for ids, the vault and the draws.
        admin_key: API key with every scope.
        page_key: API key with the scope `decide`, public by nature.
    """

    secret_key: str = field(repr=False)
    admin_key: str = field(repr=False)
    page_key: str = field(repr=False)


NAMES = tuple(one.name for one in fields(Secrets))


@dataclass(frozen=True)
class KeyOrigin:
    """The origin of the keys of a process.

    Attributes:
        in_file: names of those from DATA_DIR/secrets.toml; the others are variables.
        made: whether this process has just made the file.
    """

    in_file: frozenset[str] = frozenset()
    made: bool = False


def load_or_create_secrets(data_dir: Path) -> Secrets:
    """Return the data directory's secrets, making them first where there are none.

    Args:
        data_dir: created (mode 0700) where missing.

    Raises:
        InvalidConfigError: the directory cannot be written, or the file is damaged.
    """
    return find_secrets(data_dir)[0]


def find_secrets(data_dir: Path) -> tuple[Secrets, bool]:
    """Return the data directory's secrets, and whether this very call has made them.

    Processes that start at the same time all return the same secrets, one of them True.

    Args:
        data_dir: created (mode 0700) where missing.

    Raises:
        InvalidConfigError: the directory cannot be written, or the file is damaged.
    """
    path, made = data_dir / FILE_NAME, False
    try:
        if not path.exists():
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = _publish(path, _generated())
        return _parsed(path, path.read_text(encoding="ascii")), made
    except (OSError, UnicodeDecodeError) as error:
        cure = "set NUDGE_DATA_DIR to a directory that this user can write"
        raise InvalidConfigError([f"{path}: cannot keep secrets here ({error}); {cure}"]) from error


def _generated() -> str:
    lines = [f'{name} = "{secrets.token_urlsafe(_BYTES)}"' for name in NAMES]
    return _HEADER + "\n".join(lines) + "\n"


def _publish(path: Path, text: str) -> bool:
    # A link, unlike a rename, fails where the name exists: the first of two starts wins, and
    # nobody ever sees half a file. mkstemp gives mode 0600.
    handle, draft = tempfile.mkstemp(prefix=FILE_NAME, dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return False  # another process was first
        return True
    finally:
        Path(draft).unlink()


def _parsed(path: Path, text: str) -> Secrets:
    cure = "restore it from the backup; delete it only where the data directory holds no data yet"
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfigError([f"{path}: not valid TOML ({error}); {cure}"]) from error
    found = {n: v for n, v in table.items() if n in NAMES and isinstance(v, str) and v}
    if len(found) < len(NAMES):
        missing = [name for name in NAMES if name not in found]
        raise InvalidConfigError([f"{path}: {name}: not a text; {cure}" for name in missing])
    return Secrets(**found)
