"""Settings: config/nudge.toml, overridden by NUDGE_* variables. Only this module reads these.

One marshmallow schema checks both sources. (environs, which is built on the same library, can
read `os.environ` only, and would need a second table for the file.)
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.errors import InvalidConfigError
from nudge.keyfile import Secrets, load_or_create_secrets

__all__ = ["Secrets", "Settings", "load", "load_or_create_secrets", "stray_variables"]

PREFIX = "NUDGE_"
FILE_NAME = "nudge.toml"
SECRET_NAMES = tuple(one.name for one in fields(Secrets))
MIN_SECRET = 16
MAX_SOCKET_PATH = 100
"""Bytes: the kernel's limit is 107 on Linux and 103 on macOS."""

Aof = Literal["everysec", "always"]


@dataclass(frozen=True)
class Settings:
    """Everything that an operator may set; durations in seconds, sizes in bytes.

    Attributes:
        secret_key: key material for ids, the vault and the draws, at least 16 bytes.
        admin_key: API key with every scope; None has none.
        page_key: API key with the scope `decide`, for pages; None has none.
        redis_url: the store; None starts the embedded one.
        data_dir: store, lake, spool and secrets; absolute.
        config_dir: what an operator edits; absolute.
        host: address that the web listens on.
        port: TCP port that the web listens on.
        partitions: of the journal; fixed with the first record.
        namespace: prefix of every store key.
        holdout: global share of visitors who are never personalised.
        aof: when the embedded store syncs its log to disk.
        web_workers: web processes.
        web_threads: threads of each web process.
        hot_timeout: longest that a page waits for the store.
        publish_every: least time between two snapshots of a slot.
        archive_every: longest time that a record waits for the lake.
        refresh_every: how often a web process looks for new snapshots and slots.
        cors_origins: origins that may call with a page key; `*` is any.
        max_body: largest body of a decision request.
        max_events_body: largest body of a batch of events.
    """

    secret_key: bytes = field(repr=False)
    admin_key: str | None = field(default=None, repr=False)
    page_key: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    data_dir: Path = Path("data")
    config_dir: Path = Path("config")
    host: str = "127.0.0.1"
    port: int = 8000
    partitions: int = 8
    namespace: str = "nudge"
    holdout: float = 0.05
    aof: Aof = "everysec"
    web_workers: int = 2
    web_threads: int = 8
    hot_timeout: float = 0.05
    publish_every: float = 5.0
    archive_every: float = 30.0
    refresh_every: float = 0.5
    cors_origins: tuple[str, ...] = ("*",)
    max_body: int = 1024 * 1024
    max_events_body: int = 4 * 1024 * 1024

    @property
    def lake_dir(self) -> Path:
        """Where the lake's Parquet files and manifests lie."""
        return self.data_dir / "lake"

    @property
    def store_dir(self) -> Path:
        """Where the embedded store keeps its log."""
        return self.data_dir / "store"

    @property
    def socket_path(self) -> Path:
        """The embedded store's unix socket; a short one elsewhere where data_dir is too long."""
        near = self.store_dir / "store.sock"
        if len(os.fsencode(near)) <= MAX_SOCKET_PATH:
            return near
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"nudge-{digest}" / "store.sock"

    @property
    def store_url(self) -> str:
        """The store that every client connects to."""
        return self.redis_url or f"unix://{quote(str(self.socket_path))}"

    def masked(self) -> dict[str, object]:
        """Field -> value, in a form that may be printed: no secret, no password."""
        shown: dict[str, object] = {one.name: getattr(self, one.name) for one in fields(self)}
        shown |= {name: "set" if shown[name] else None for name in SECRET_NAMES}
        shown["redis_url"] = None if self.redis_url is None else _without_password(self.redis_url)
        shown |= {"data_dir": str(self.data_dir), "config_dir": str(self.config_dir)}
        return shown | {"store_url": _without_password(self.store_url)}

    def to_environ(self) -> dict[str, str]:
        """The variables from which `load` makes these settings again, for child processes.

        They hold the secrets: give them to Nudge's own processes only.
        """
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        host = f"[{self.host}]" if ":" in self.host else self.host
        given |= {"bind": f"{host}:{self.port}", "secret_key": self.secret_key.decode()}
        given["cors_origins"] = ",".join(self.cors_origins)
        del given["host"], given["port"]
        return {PREFIX + name.upper(): str(v) for name, v in given.items() if v is not None}


def _number(low: float, high: float) -> ma.Float:
    return ma.Float(validate=validate.Range(low, high))


def _whole(low: int, high: int) -> ma.Integer:
    return ma.Integer(validate=validate.Range(low, high))


_STORE_URL = re.compile(r"(rediss?|redis\+cluster)://[^/].*|unix://.+")
_BIND = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:\s]+)):(?P<port>\d{1,5})")


class _Schema(Schema):
    """What may stand in nudge.toml; each key is also a variable."""

    redis_url = ma.String(
        validate=validate.Regexp(
            _STORE_URL,
            error="write redis://, rediss://, unix:// or redis+cluster://host:port",
        ),
    )
    data_dir = ma.String(validate=validate.Length(min=1))
    bind = ma.String(
        validate=validate.Regexp(_BIND, error="write HOST:PORT, such as 127.0.0.1:8000"),
    )
    partitions = _whole(1, 1024)
    namespace = ma.String(
        validate=validate.Regexp(
            r"[A-Za-z0-9_.-]{1,64}\Z",
            error="use letters, digits and _ . - only: it becomes part of every key",
        ),
    )
    holdout = _number(0, 0.9)
    aof = ma.String(validate=validate.OneOf(("everysec", "always")))
    web_workers = _whole(1, 256)
    web_threads = _whole(1, 256)
    hot_timeout = _number(0.001, 10)
    publish_every = _number(0.05, 3600)
    archive_every = _number(0.05, 3600)
    refresh_every = _number(0.05, 60)
    cors_origins = ma.List(ma.String())
    max_body = _whole(1024, 64 * 1024 * 1024)
    max_events_body = _whole(1024, 64 * 1024 * 1024)


class _EnvironSchema(_Schema):
    """What may stand in the environment: secrets too, which do not belong in a shared file."""

    config_dir = ma.String(validate=validate.Length(min=1))
    secret_key = ma.String(
        validate=validate.Length(
            min=MIN_SECRET,
            error=f"at least {MIN_SECRET} characters: `openssl rand -base64 32` makes a good one",
        ),
    )
    admin_key = ma.String(validate=validate.Regexp(r"[!-~]+\Z", error="visible ASCII only"))
    page_key = ma.String(validate=validate.Regexp(r"[!-~]+\Z", error="visible ASCII only"))


_FILE = _Schema()
_ENVIRON = _EnvironSchema()


def load(environ: Mapping[str, str] | None = None, config_file: Path | None = None) -> Settings:
    """Read the settings, and make the secrets that are not given.

    Args:
        environ: variables; None is the process's own. An empty value counts as unset.
        config_file: None is `nudge.toml` in the configuration directory, which may be missing.

    Raises:
        InvalidConfigError: every problem with its file or variable, key and cure.
    """
    given = _from_environ(os.environ if environ is None else environ)
    path = config_file or Path(given.get("config_dir", "config")).expanduser() / FILE_NAME
    _check_present(path, required=config_file is not None or "config_dir" in given)
    values = (_from_file(path) if path.exists() else {}) | given
    values.setdefault("config_dir", str(path.parent))
    return _with_secrets(_settings(values), values)


def stray_variables(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """NUDGE_* variables that mean nothing -> the one that was meant, or an empty text.

    They are no error: orchestrators inject such names of their own (`NUDGE_SERVICE_HOST`).
    """
    names = os.environ if environ is None else environ
    known = {PREFIX + name.upper() for name in _ENVIRON.fields}
    stray = sorted(name for name in names if name.startswith(PREFIX) and name not in known)
    return {name: _closest(name, known) for name in stray}


def _check_present(path: Path, *, required: bool) -> None:
    if required and not path.parent.is_dir():
        cure = "start in the project's directory, or set NUDGE_CONFIG_DIR to its config directory"
        raise InvalidConfigError([f"{path.parent}: no such configuration directory; {cure}"])


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    names = {name: PREFIX + name.upper() for name in _ENVIRON.fields}
    given: dict[str, Any] = {n: environ[var] for n, var in names.items() if environ.get(var)}
    if "cors_origins" in given:
        parts = [one.strip() for one in given["cors_origins"].split(",")]
        given["cors_origins"] = [one for one in parts if one]
    return _checked(_ENVIRON, given, lambda name: names[name])


def _from_file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidConfigError([f"{path}: cannot be read as TOML: {error}"]) from error
    unknown = [_unknown(path, name) for name in table if name not in _FILE.fields]
    if unknown:
        raise InvalidConfigError(unknown)
    # Numbers go through text, as in the environment: 2.5 is then no whole number, true no 1.
    plain = {name: v if isinstance(v, list | dict) else str(v) for name, v in table.items()}
    return _checked(_FILE, plain, lambda name: f"{path}: {name}")


def _unknown(path: Path, name: str) -> str:
    if name in SECRET_NAMES:
        return f"{path}: {name}: secrets do not belong in this file; set {PREFIX}{name.upper()}"
    meant = _closest(name, _FILE.fields)
    cure = f"did you mean {meant}?" if meant else f"known keys: {', '.join(sorted(_FILE.fields))}"
    return f"{path}: {name}: no such setting; {cure}"


def _closest(name: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, list(known), 1, 0.75)), "")


def _checked(
    schema: Schema, given: Mapping[str, Any], where: Callable[[str], str]
) -> dict[str, Any]:
    try:
        return dict(schema.load(given))
    except ValidationError as error:
        found = error.messages_dict
        raise InvalidConfigError([f"{where(n)}: {_flat(m)}" for n, m in found.items()]) from error


def _flat(messages: object) -> str:
    if isinstance(messages, dict):
        return " ".join(map(_flat, messages.values()))
    return " ".join(map(_flat, messages)) if isinstance(messages, list) else str(messages)


def _settings(values: dict[str, Any]) -> Settings:
    plain = {name: v for name, v in values.items() if name not in (*SECRET_NAMES, "bind")}
    for name in ("data_dir", "config_dir"):
        # Absolute, so that a child process with another working directory means the same place.
        plain[name] = Path(values.get(name, name.removesuffix("_dir"))).expanduser().absolute()
    if "cors_origins" in plain:
        plain["cors_origins"] = tuple(plain["cors_origins"])
    if match := _BIND.fullmatch(values.get("bind", "")):
        plain |= {"host": match["six"] or match["host"], "port": int(match["port"])}
    return Settings(secret_key=b"", **plain)


def _with_secrets(settings: Settings, values: Mapping[str, Any]) -> Settings:
    given = {name: values[name] for name in SECRET_NAMES if name in values}
    if len(given) < len(SECRET_NAMES):
        given = vars(load_or_create_secrets(settings.data_dir)) | given
    return replace(settings, **given | {"secret_key": given["secret_key"].encode()})


def _without_password(url: str) -> str:
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url
