"""The schema of nudge.toml and of NUDGE_* variables.

environs, which is built on the same library, reads `os.environ` only, knows nothing of the file,
and would need a second table.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from bandits.duration import parse_seconds
from nudge.errors import InvalidConfigError
from nudge.settings.flag_terms import FlagTable
from nudge.settings.keyfile import NAMES as SECRET_NAMES
from nudge.settings.rate import Rate, parse_rate

PREFIX = "NUDGE_"
MIN_KEY = 32
"""Characters: of API keys, and of a secret key for data that is still to come."""
MIN_SECRET = 16
"""Characters of a secret that already hashes or encrypts data: such a one cannot be changed."""
NEW_KEY = "`openssl rand -base64 32` makes a good one"
MAX_PORT = 65535
MAX_KEY_ID = 255
PAGE_CHANNELS = ("web", "wap", "app", "miniprogram", "sms")
"""Channels that a page may have; a test holds them against those of slots."""
UNIX = "unix"
"""The word for peers on a unix socket among the trusted proxies."""


def _number(low: float, high: float) -> ma.Float:
    return ma.Float(validate=validate.Range(low, high))


def _whole(low: int, high: int) -> ma.Integer:
    return ma.Integer(validate=validate.Range(low, high))


STORE_URL = re.compile(r"(rediss?|redis\+cluster)://[^/].*|unix://.+")
BIND = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:\s]+)):(?P<port>\d{1,5})\Z")

Values = dict[str, Any]
"""Setting -> checked value, for those that are given."""


def _check_bind(value: str) -> None:
    match = BIND.match(value)
    if match is None:
        raise ValidationError("write HOST:PORT, such as 127.0.0.1:8000")
    if int(match["port"]) > MAX_PORT:
        raise ValidationError(f"the port is at most {MAX_PORT}")


LEAST_MEMORY = 16 * 1024 * 1024
"""Bytes of the embedded store: with less it has no room for its own."""


def _check_memory(value: int) -> None:
    if value != 0 and not LEAST_MEMORY <= value <= 1 << 50:
        right = "write bytes, such as 4294967296; 0 is half of the machine's memory, and at least"
        raise ValidationError(f"{right} {LEAST_MEMORY} of its own")


FIRST_VAULT_KEY = 1
"""Id of the vault's key that is made of the secret key where no other is given."""


def vault_keys(value: str) -> dict[int, bytes]:
    """Return id -> secret of keys written `1=secret,2=secret`; the last one encrypts.

    Raises:
        ValueError: an id is not a number from 0 to 255, or a secret is too short.
    """
    pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
    found = {int(name): secret.encode() for name, _, secret in pairs}
    if not all(0 <= name <= MAX_KEY_ID and len(x) >= MIN_SECRET for name, x in found.items()):
        raise ValueError(value)
    return found


def _check_vault_keys(value: str) -> None:
    try:
        vault_keys(value)
    except ValueError:
        right = f"write 1=SECRET,2=SECRET: ids from 0 to {MAX_KEY_ID}, secrets of at least"
        raise ValidationError(f"{right} {MIN_SECRET} characters; the last one encrypts") from None


def _check_zone(value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, a path, a directory of zones
        raise ValidationError("write the name of a time zone, such as Asia/Shanghai") from None


class Seconds(ma.Field[float]):
    """A field for a duration, such as "2s"."""

    def __init__(self, *, longest: float, least: float = 0.0) -> None:
        super().__init__()
        self.longest = longest
        self.least = least

    def _deserialize(self, value: object, *_: object, **__: object) -> float:
        written = str(value)
        seconds = parse_seconds(f"{written}s" if written[-1:].isdigit() else written)
        if seconds is None or not self.least <= seconds <= self.longest:
            bounds = f"from {self.least:g} to {self.longest:g}s"
            raise ValidationError(f'write a duration {bounds}, such as "2s"')
        return seconds


class Limit(ma.Field[Rate]):
    """A field for a rate, such as "200/s burst 2000"."""

    def _deserialize(self, value: object, *_: object, **__: object) -> Rate:
        rate = parse_rate(str(value))
        if rate is None:
            right = 'write a rate, such as "200/s burst 2000" or "6000/min", or "none"'
            raise ValidationError(right)
        return rate


def _check_network(value: str) -> None:
    try:
        ip_network(value, strict=False)
    except ValueError:
        raise ValidationError("write an address or a network, such as 10.0.0.0/8") from None


def _check_proxy(value: str) -> None:
    if value != UNIX:
        _check_network(value)


def _words() -> ma.List[str]:
    return ma.List(ma.String(validate=validate.Length(1, 200)))


def _api_key() -> ma.String:
    visible = validate.Regexp(r"[!-~]+\Z", error="visible ASCII only")
    long = validate.Length(min=MIN_KEY, error=f"at least {MIN_KEY} characters: {NEW_KEY}")
    return ma.String(validate=[visible, long])


class _Schema(Schema):
    """The schema of nudge.toml; each key is also a variable, and each section a prefix."""

    redis_url = ma.String(
        validate=validate.Regexp(
            STORE_URL,
            error="write redis://, rediss://, unix:// or redis+cluster://host:port",
        ),
    )
    data_dir = ma.String(validate=validate.Length(min=1))
    bind = ma.String(validate=_check_bind)
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
    web_head_timeout = Seconds(least=0.5, longest=60.0)
    web_body_timeout = Seconds(least=0.5, longest=600.0)
    web_max_connections = _whole(16, 1_000_000)
    hot_timeout = _number(0.001, 10)
    publish_every = _number(0.05, 3600)
    archive_every = _number(0.05, 3600)
    lake_engine = ma.String(
        validate=validate.Regexp(
            r"(duckdb|spark|yarn|local(\[[0-9*]+\])?|(spark|k8s)://\S+)\Z",
            error="write duckdb, spark (on this machine) or a master's URL, spark://host:7077",
        ),
    )
    lake_keep_days = _whole(0, 36_500)
    journal_keep = _number(7 * 86_400, 10 * 365 * 86_400)
    journal_max_bytes = _whole(0, 1 << 50)
    store_max_memory = ma.Integer(validate=_check_memory)
    refresh_every = _number(0.05, 60)
    cors_origins = ma.List(ma.String())
    region = ma.String(
        validate=validate.Regexp(r"[A-Z]{2}\Z", error="write a country's two letters, such as CN")
    )
    max_body = _whole(1024, 64 * 1024 * 1024)
    max_events_body = _whole(1024, 64 * 1024 * 1024)
    spool_size = _whole(1024 * 1024, 16 * 1024 * 1024 * 1024)
    zone = ma.String(validate=_check_zone)
    attribution_skew = Seconds(longest=60.0)
    log_format = ma.String(validate=validate.OneOf(("console", "json")))
    log_level = ma.String(validate=validate.OneOf(("debug", "info", "warning", "error")))
    log_access = ma.Boolean()
    stock_hold = Seconds(longest=86_400.0)
    learning_page_share = _number(0, 1)
    learning_page_claims = Limit()
    identity_impossible_ids = _words()
    identity_impossible_numbers = _words()
    identity_most_visitors = _whole(2, 10_000)
    people_attributes = ma.List(
        ma.String(
            validate=validate.Regexp(
                r"[a-z][a-z0-9_]{0,63}\Z",
                error="name a context attribute: a-z, 0-9, _ only, at most 64 characters",
            )
        )
    )
    people_pages_own_ids = ma.Boolean(truthy={"true", "True", "1"}, falsy={"false", "False", "0"})
    identity_number_ranges = ma.List(
        ma.String(
            validate=validate.Regexp(
                r"[0-9]{1,14}x{1,14}\Z",
                error="write a range of national numbers, x for any digit: 149xxxxxxxx",
            )
        )
    )
    ofrep_slots = FlagTable()
    ofrep_channel = ma.String(validate=validate.OneOf(PAGE_CHANNELS))
    ofrep_page = ma.String(
        validate=validate.Regexp(
            r"[a-z0-9][a-z0-9_.-]{0,63}\Z", error='name a page, such as "home"'
        )
    )
    limits_key = Limit()
    limits_address = Limit()
    limits_list = Limit()
    limits_gateway = Limit()
    limits_device = Limit()
    limits_key_events = Limit()
    limits_address_events = Limit()
    limits_gateway_events = Limit()
    limits_device_events = Limit()
    limits_server = Limit()
    limits_failures = Limit()
    limits_trusted_proxies = ma.List(ma.String(validate=_check_proxy))
    limits_gateways = ma.List(ma.String(validate=_check_network))


class _EnvironSchema(_Schema):
    """The schema of the environment: secrets too, which do not belong in a shared file."""

    config_dir = ma.String(validate=validate.Length(min=1))
    fault_dir = ma.String()
    secret_key = ma.String(
        validate=validate.Length(
            min=MIN_SECRET,
            error=f"at least {MIN_KEY} characters: {NEW_KEY}",
        ),
    )
    vault_keys = ma.String(validate=_check_vault_keys)
    admin_key = _api_key()
    page_key = _api_key()


_FILE = _Schema()
_ENVIRON = _EnvironSchema()
LISTS = frozenset(name for name, field in _FILE.fields.items() if isinstance(field, ma.List))
"""Settings that are lists; a variable separates their values by commas."""
SECTIONS = (
    "attribution",
    "identity",
    "learning",
    "limits",
    "log",
    "ofrep",
    "people",
    "store",
    "web",
)
"""Tables of the file; a key's setting is named after both: `[attribution] skew`."""
PLAIN = frozenset(("web_workers", "web_threads"))
"""Settings that are older than the section of their name, and stand outside."""


def from_environ(environ: Mapping[str, str]) -> Values:
    """Check the known NUDGE_* variables; an empty value counts as unset.

    Raises:
        InvalidConfigError: every variable that is wrong.
    """
    names = {name: PREFIX + name.upper() for name in _ENVIRON.fields}
    given: Values = {n: environ[var] for n, var in names.items() if environ.get(var)}
    for name in given.keys() & LISTS:
        given[name] = [one.strip() for one in given[name].split(",") if one.strip()]
    return _checked(_ENVIRON, given, lambda name: names[name])


def from_file(path: Path) -> Values:
    """Check nudge.toml.

    Raises:
        InvalidConfigError: the file cannot be read, or every key that is wrong.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidConfigError([f"{path}: cannot be read as TOML: {error}"]) from error
    named = _flat_table(table)
    unknown = [_unknown(path, key) for key, (name, _) in named.items() if name not in _FILE.fields]
    if unknown:
        raise InvalidConfigError(unknown)
    # Numbers go through text, as in the environment: 2.5 is then no whole number, true no 1.
    plain = {name: v if isinstance(v, list | dict) else str(v) for name, v in named.values()}
    keys = {name: key for key, (name, _) in named.items()}
    return _checked(_FILE, plain, lambda name: f"{path}: {keys[name]}")


def _flat_table(table: Mapping[str, object]) -> dict[str, tuple[str, object]]:
    """Return key as written -> setting and value; the keys of a section are `section.key`."""
    found: dict[str, tuple[str, object]] = {}
    for name, value in table.items():
        if name in SECTIONS and isinstance(value, dict):
            found |= {f"{name}.{key}": (f"{name}_{key}", one) for key, one in value.items()}
        else:
            known_elsewhere = name.partition("_")[0] in SECTIONS and name not in PLAIN
            found[name] = (f"{name}?" if known_elsewhere else name, value)
    return found


def stray_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return unknown NUDGE_* variables -> the one that was meant, or an empty text.

    They are no error: orchestrators inject such names of their own (`NUDGE_SERVICE_HOST`).
    """
    known = {PREFIX + name.upper() for name in _ENVIRON.fields}
    stray = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    return {name: _closest(name, known) for name in stray}


def _unknown(path: Path, name: str) -> str:
    if name in SECRET_NAMES:
        return f"{path}: {name}: secrets do not belong in this file; set {PREFIX}{name.upper()}"
    known = sorted(map(_written, _FILE.fields))
    meant = _closest(name, known)
    cure = f"did you mean {meant}?" if meant else f"known keys: {', '.join(known)}"
    return f"{path}: {name}: no such setting; {cure}"


def _written(name: str) -> str:
    """Return a setting's key in the file: `attribution.skew`."""
    section, _, key = name.partition("_")
    return f"{section}.{key}" if section in SECTIONS and name not in PLAIN else name


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
