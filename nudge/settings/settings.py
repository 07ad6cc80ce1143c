"""Settings: config/nudge.toml, overridden by NUDGE_* variables. Only this module reads these."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from nudge.errors import InvalidConfigError
from nudge.settings import schema
from nudge.settings.flag_terms import FlagTerms, dump_flags
from nudge.settings.keyfile import FILE_NAME as SECRETS_FILE
from nudge.settings.keyfile import NAMES as SECRET_NAMES
from nudge.settings.keyfile import KeyOrigin, Secrets, find_secrets, load_or_create_secrets
from nudge.settings.rate import NO_LIMIT, Rate
from nudge.settings.schema import (
    BIND,
    FIRST_VAULT_KEY,
    LISTS,
    MIN_KEY,
    NEW_KEY,
    PREFIX,
    Values,
    from_environ,
    from_file,
    vault_keys,
)

__all__ = [
    "Secrets",
    "Settings",
    "child_environ",
    "load",
    "load_or_create_secrets",
    "stray_variables",
]

FILE_NAME = "nudge.toml"
DEMO = "-demo"
"""End of the names of a demonstration's data directory and namespace."""
MAX_SOCKET_PATH = 100
"""Bytes: the kernel's limit is 107 on Linux and 103 on macOS."""

Aof = Literal["everysec", "always"]
LogFormat = Literal["console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
IMPOSSIBLE_IDS = (
    *("undefined", "null", "none", "nil", "nan", "n/a", "#n/a", "0", "-1", "true", "false"),
    *("[object object]", "anonymous", "guest", "unknown", "游客", "访客", "匿名", "未知", "无"),
    *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
)
"""Words that programs, spreadsheets and people write where there is no id, in any case."""
IMPOSSIBLE_NUMBERS = ("13800138000",)
"""Numbers of examples, which people type to get on."""


@dataclass(frozen=True)
class Settings:
    """The operator's settings; durations in seconds, sizes in bytes.

    Attributes:
        secret_key: key material for ids, the vault and the draws.
        admin_key: API key with every scope; None has none.
        page_key: API key with the scope `decide`, for pages; None has none.
        vault_keys: further keys of the vault, `1=SECRET,2=SECRET`; the last one encrypts. Key 1 is
            made of `secret_key` where it is not given.
        redis_url: the store; None starts the embedded one.
        data_dir: store, lake, spool and secrets; absolute.
        config_dir: what an operator edits; absolute.
        host: address that the web listens on.
        port: TCP port that the web listens on.
        partitions: of the journal; fixed with the first record.
        namespace: prefix of every store key.
        region: country of phone numbers that name none, two letters.
        holdout: global share of visitors who are never personalised.
        aof: when the embedded store syncs its log to disk.
        web_workers: web processes.
        web_threads: threads of each web process.
        web_head_timeout: how long a client may take for the headers of a request.
        web_body_timeout: how long it may take for the body.
        web_max_connections: of each web process; the oldest that waits is closed for a new one.
        hot_timeout: longest that a page waits for the store.
        publish_every: time after which a slot's changes are published at the latest; a tenth of it
            lies between two snapshots of a slot about which little is known.
        archive_every: longest time that a record waits for the lake.
        lake_engine: answers funnel, reports and evaluations from the lake: `duckdb`, `spark` or the
            URL of a Spark master.
        lake_keep_days: how many days the lake keeps, at least as long as the journal; 0 is all.
        journal_keep: how long a record stays in the store, besides the lake.
        journal_max_bytes: memory of the store that the journal may take; 0 is any amount.
        store_max_memory: memory of the embedded store; 0 is half of what this machine lets us have.
        stock_hold: how long a unit of stock that a page took waits until it is shown.
        refresh_every: how often a web process looks for new snapshots and slots.
        cors_origins: origins that may call with a page key; `*` is any.
        max_body: largest body of a decision request.
        max_events_body: largest body of a batch of events.
        zone: IANA name of the time zone of every day, period and label.
        attribution_skew: how far a server's clock may be behind: its event still credits an
            exposure that is later by as much.
        learning_page_share: most by which pages' words alone may move a variant's probability.
        learning_page_claims: rewarding events of pages that count, from one block of addresses.
        identity_impossible_ids: ids that stand for nobody, such as `undefined`; they are refused.
        identity_impossible_numbers: numbers that stand for nobody.
        identity_most_visitors: the most ids that one visitor may gather.
        identity_number_ranges: numbers that exist besides those that the library knows.
        limits_key: unknown visitors that a page key may bring, over all addresses.
        limits_address: the same from one address, of one key.
        limits_list: of these, those that come in lists of `visitors`, which no page needs.
        limits_gateway: the same from one address of `limits_gateways`.
        limits_device: decisions of a known device, which the limits above leave alone.
        limits_key_events: like `limits_key`, for events that name no known device or decision.
        limits_address_events: the same from one address, of one key.
        limits_gateway_events: the same from one address of `limits_gateways`.
        limits_device_events: events of one known device, or about one page's decisions.
        limits_server: calls with one key that is not for pages.
        limits_failures: calls from one address whose key is missing or unknown.
        limits_trusted_proxies: networks whose word about addresses counts, and `unix`.
        limits_gateways: networks of which each address stands for many people.
        log_format: form of the log's lines: text for people, or one JSON object each.
        log_level: least level of the log's lines.
        log_access: whether the web logs each call: never addresses, queries or headers.
        ofrep_slots: slots of the bulk answer, and how their variants become values; None has all
            slots of pages, as they are.
        ofrep_channel: channel of a flag whose context names none.
        ofrep_page: page of a flag whose context names none.
        people_attributes: context attributes that this operator's pages, servers or files bring,
            besides those that the service makes.
        people_pages_own_ids: the first device to use an id of which no server has spoken may know
            what servers say of it later, until one says who it is.
        spool_size: space that each web process reserves for what the store does not take.
        fault_dir: for tests only: where to look for faults (see `nudge.faults`).
        origin: where the keys are from; no setting.
    """

    secret_key: bytes = field(repr=False)
    admin_key: str | None = field(default=None, repr=False)
    page_key: str | None = field(default=None, repr=False)
    vault_keys: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    data_dir: Path = Path("data")
    config_dir: Path = Path("config")
    host: str = "127.0.0.1"
    port: int = 8000
    partitions: int = 8
    namespace: str = "nudge"
    region: str = "CN"
    holdout: float = 0.05
    aof: Aof = "everysec"
    web_workers: int = 2
    web_threads: int = 8
    web_head_timeout: float = 5.0
    web_body_timeout: float = 10.0
    web_max_connections: int = 8192
    hot_timeout: float = 0.05
    publish_every: float = 5.0
    archive_every: float = 30.0
    lake_engine: str = "duckdb"
    lake_keep_days: int = 0
    journal_keep: float = 8 * 86_400.0
    journal_max_bytes: int = 4 * 1024 * 1024 * 1024
    store_max_memory: int = 0
    stock_hold: float = 60.0
    refresh_every: float = 0.5
    cors_origins: tuple[str, ...] = ("*",)
    max_body: int = 1024 * 1024
    max_events_body: int = 4 * 1024 * 1024
    spool_size: int = 64 * 1024 * 1024
    zone: str = "Asia/Shanghai"
    attribution_skew: float = 2.0
    learning_page_share: float = 0.05
    learning_page_claims: Rate = field(default=Rate(0.25, 1000))
    identity_impossible_ids: tuple[str, ...] = IMPOSSIBLE_IDS
    identity_impossible_numbers: tuple[str, ...] = IMPOSSIBLE_NUMBERS
    identity_most_visitors: int = 50
    identity_number_ranges: tuple[str, ...] = ()
    limits_key: Rate = field(default=Rate(1000, 20_000))
    limits_address: Rate = field(default=Rate(200, 10_000))
    limits_list: Rate = field(default=Rate(50, 1500))
    limits_gateway: Rate = field(default=Rate(1000, 10_000))
    limits_device: Rate = field(default=Rate(50, 1000))
    limits_key_events: Rate = field(default=Rate(2500, 30_000))
    limits_address_events: Rate = field(default=Rate(500, 20_000))
    limits_gateway_events: Rate = field(default=Rate(2500, 30_000))
    limits_device_events: Rate = field(default=Rate(10, 300))
    limits_server: Rate = NO_LIMIT
    limits_failures: Rate = field(default=Rate(20, 1000))
    limits_trusted_proxies: tuple[str, ...] = ()
    limits_gateways: tuple[str, ...] = ()
    log_format: LogFormat = "console"
    log_level: LogLevel = "info"
    log_access: bool = False
    ofrep_slots: tuple[FlagTerms, ...] | None = None
    ofrep_channel: str = "web"
    ofrep_page: str = "home"
    people_attributes: tuple[str, ...] = ("city_tier",)
    people_pages_own_ids: bool = True
    fault_dir: str | None = None
    origin: KeyOrigin = field(default=KeyOrigin(), repr=False, compare=False)

    @property
    def vault_secrets(self) -> dict[int, bytes]:
        """The vault's keys, id -> secret; the last one encrypts."""
        given = vault_keys(self.vault_keys or "")
        first = {} if FIRST_VAULT_KEY in given else {FIRST_VAULT_KEY: self.secret_key}
        return first | given

    @property
    def lake_dir(self) -> Path:
        """The directory of the lake's Parquet files and manifests."""
        return self.data_dir / "lake"

    @property
    def lake_keep(self) -> float:
        """The retention of the lake in seconds; 0 is for ever."""
        return max(self.lake_keep_days * 86_400.0, self.journal_keep) if self.lake_keep_days else 0

    @property
    def store_note(self) -> Path:
        """The file with the store's fingerprint, by which another store is recognised."""
        return self.data_dir / "store.json"

    @property
    def secrets_file(self) -> Path:
        """The file with the keys that Nudge has made, readable by its user alone."""
        return self.data_dir / SECRETS_FILE

    @property
    def spool_dir(self) -> Path:
        """The directory of the spool: records of web processes that the store does not take."""
        return self.data_dir / "spool"

    @property
    def store_dir(self) -> Path:
        """The directory of the embedded store's log."""
        return self.data_dir / "store"

    @property
    def metrics_dir(self) -> Path:
        """The directory in which the processes share their Prometheus numbers."""
        return self.data_dir / "metrics"

    @property
    def limits_file(self) -> Path:
        """The token buckets that the web processes share; worth nothing after a boot."""
        return self.data_dir / "run" / "limits.table"

    @property
    def bind(self) -> str:
        """The address and port that the web listens on, as one text."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def url(self) -> str:
        """The URL by which this machine reaches the web."""
        local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{_bracketed(local)}:{self.port}"

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
        """Return field -> value in a form that may be printed: no secret, no password."""
        shown: dict[str, object] = {name: getattr(self, name) for name in _names()}
        shown |= {name: str(value) for name, value in shown.items() if isinstance(value, Rate)}
        if self.ofrep_slots is not None:
            shown["ofrep_slots"] = dump_flags(self.ofrep_slots)
        secret = (*SECRET_NAMES, "vault_keys")
        shown |= {name: "set" if shown[name] else None for name in secret}
        shown["redis_url"] = None if self.redis_url is None else _without_password(self.redis_url)
        shown |= {"data_dir": str(self.data_dir), "config_dir": str(self.config_dir)}
        return shown | {"store_url": _without_password(self.store_url)}

    def to_environ(self) -> dict[str, str]:
        """Return the variables from which `load` makes these settings again, for child processes.

        They hold the secrets: give them to Nudge's own processes only.
        """
        given = {name: getattr(self, name) for name in _names()}
        given |= {"bind": self.bind, "secret_key": self.secret_key.decode()}
        given |= {name: ",".join(getattr(self, name)) for name in LISTS}
        if self.ofrep_slots is not None:
            given["ofrep_slots"] = dump_flags(self.ofrep_slots)
        del given["host"], given["port"]
        return {PREFIX + name.upper(): str(v) for name, v in given.items() if v is not None}


def load(
    environ: Mapping[str, str] | None = None,
    config_file: Path | None = None,
    overrides: Mapping[str, str] | None = None,
    *,
    demo: bool = False,
) -> Settings:
    """Read the settings, and make the secrets that are not given.

    Args:
        environ: variables; None is the process's own. An empty value counts as unset.
        config_file: None is `nudge.toml` in the configuration directory, which may be missing.
        overrides: variables that count more than those of the environment.
        demo: a demonstration keeps data of its own: another data directory and namespace.

    Raises:
        InvalidConfigError: every problem with its file or variable, key and cure.
    """
    given = from_environ({**(os.environ if environ is None else environ), **(overrides or {})})
    path = _file(given, config_file)
    # Only the default file may be missing: who names one means it.
    values = (from_file(path) if config_file or path.exists() else {}) | given
    values.setdefault("config_dir", str(path.parent))
    if demo:
        values |= _demo_values(values)
    return _with_secrets(_settings(values), values)


def stray_variables(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return unknown NUDGE_* variables -> the one that was meant, or an empty text."""
    return schema.stray_variables(os.environ if environ is None else environ)


def child_environ(settings: Settings, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for one of Nudge's own processes that runs with `settings`."""
    inherited = os.environ if environ is None else environ
    # prometheus_client reads its variable when it is first imported.
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(settings.metrics_dir)}
    return {**inherited, **settings.to_environ(), **shared}


def _file(given: Values, config_file: Path | None) -> Path:
    if config_file is not None:
        return config_file
    directory = Path(given.get("config_dir", "config")).expanduser()
    if "config_dir" in given and not directory.is_dir():
        cure = "start in the project's directory, or set NUDGE_CONFIG_DIR to its config directory"
        raise InvalidConfigError([f"{directory}: no such configuration directory; {cure}"])
    return directory / FILE_NAME


def _demo_values(values: Values) -> Values:
    """Return what keeps simulated visitors away from real ones, beside the settings' own data."""
    own = Path(values.get("data_dir", "data")).expanduser().absolute()
    found: Values = {"data_dir": str(own.with_name(f"{own.name}{DEMO}"))}
    if "redis_url" in values:  # an own store is in the data directory; another one is shared
        found["namespace"] = f"{values.get('namespace', Settings.namespace)}{DEMO}"
    return found


def _settings(values: Values) -> Settings:
    plain = {name: v for name, v in values.items() if name not in (*SECRET_NAMES, "bind")}
    for name in ("data_dir", "config_dir"):
        # Absolute, so that a child process with another working directory means the same place.
        plain[name] = Path(values.get(name, name.removesuffix("_dir"))).expanduser().absolute()
    plain |= {name: tuple(plain[name]) for name in plain.keys() & LISTS}
    if match := BIND.match(values.get("bind", "")):
        plain |= {"host": match["six"] or match["host"], "port": int(match["port"])}
    return Settings(secret_key=b"", **plain)


def _with_secrets(settings: Settings, values: Values) -> Settings:
    given = {name: values[name] for name in SECRET_NAMES if name in values}
    origin = KeyOrigin()
    if len(given) < len(SECRET_NAMES):
        kept, made = find_secrets(settings.data_dir)
        origin = KeyOrigin(frozenset(SECRET_NAMES) - given.keys(), made)
        given = vars(kept) | given
    _check_lengths(settings, given, origin)
    secret = given["secret_key"].encode()
    return replace(settings, **given | {"secret_key": secret}, origin=origin)


def _check_lengths(settings: Settings, given: Mapping[str, str], origin: KeyOrigin) -> None:
    """Check that no key can be guessed.

    What a shorter secret key has hashed already can be read with that one alone: it stays good for
    a data directory that knows its store.

    Raises:
        InvalidConfigError: a key is too short; the message tells where it stands, never the key.
    """
    short = [name for name, value in given.items() if len(value) < MIN_KEY]
    if settings.store_note.exists():
        short = [name for name in short if name != "secret_key"]
    places = [
        f"{settings.secrets_file}: {one}" if one in origin.in_file else PREFIX + one.upper()
        for one in short
    ]
    cure = f"at least {MIN_KEY} characters: {NEW_KEY}"
    if "secret_key" in short:
        cure += (
            "; for data that hangs on this one, put that installation's store.json into DATA_DIR"
        )
    if places:
        raise InvalidConfigError([f"{place}: {cure}" for place in places])


def _names() -> list[str]:
    """List the fields that are settings."""
    return [one.name for one in fields(Settings) if one.name != "origin"]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _without_password(url: str) -> str:
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url
