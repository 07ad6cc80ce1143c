"""Addresses of notices: which kinds there are, and that no secret stands in them in plain text.

An address names its secrets as `${NOTICE_...}`; it is stored and shown like that. What they stand
for comes in only when a notice is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from nudge.domain.basics.slot_values import suggestion

MAIL: Final = ("mailto", "mailtos")
WEBHOOKS: Final = ("json", "jsons")
ROBOTS: Final = ("wecombot", "dingtalk", "feishu")
"""Group robots of WeCom, DingTalk and Feishu, which take short texts only."""
SCHEMES: Final = (*MAIL, *WEBHOOKS, *ROBOTS)
PREFIX: Final = "NOTICE_"
"""Beginning of the names of secrets: an address can reach no other variable."""
LONGEST: Final = 500
_NAMED: Final = re.compile(r"\$\{([^{}]*)\}")
_NAME: Final = re.compile(rf"{PREFIX}[A-Z0-9_]+")
_PLAIN_OPTIONS: Final = frozenset(
    {"to", "from", "name", "smtp", "mode", "format", "verify", "rto", "cto", "user", "method"}
)
"""Options of an address that hold no secret; every other one needs `${...}` or is a switch."""
_SWITCHES: Final = frozenset({"yes", "no", "true", "false", "0", "1", ""})


class SecretMissingError(ValueError):
    """The secret that an address names is not set."""


def scheme_of(url: str) -> str:
    """Return the scheme of an address, in small letters."""
    return url.partition("://")[0].lower()


def address_label(url: str) -> str:
    """Return an address as it may be shown: scheme and host, nothing that could be secret.

    A robot's host is its token, so its scheme stands alone.
    """
    scheme, rest = scheme_of(url), url.partition("://")[2]
    if scheme in ROBOTS:
        return scheme
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return f"{scheme}://{_NAMED.sub('***', host)}"


def secret_names(url: str) -> list[str]:
    """Return the names of the secrets of an address."""
    return _NAMED.findall(url)


def fill_address(url: str, secrets: Mapping[str, str]) -> str:
    """Return an address with its secrets in it; each is quoted, so that it stays one part.

    Raises:
        SecretMissingError: a secret is not set.
    """
    missing = [name for name in secret_names(url) if not secrets.get(name)]
    if missing:
        raise SecretMissingError(f"the variable {missing[0]} is not set")
    return _NAMED.sub(lambda match: quote(secrets[match[1]], safe=""), url)


def address_problem(url: str) -> str | None:
    """Return what is wrong with an address, and the cure; None where nothing is."""
    scheme, colon, rest = url.partition("://")
    if len(url) > LONGEST or not colon or any(one.isspace() for one in url):
        return f"is not an address; write one such as mailtos://..., at most {LONGEST} characters"
    if scheme.lower() not in SCHEMES:
        return f"{scheme}:// is not allowed; {suggestion(scheme.lower(), SCHEMES)}"
    for name in secret_names(url):
        if not _NAME.fullmatch(name):
            return f"${{{name}}} is not allowed; begin the name with {PREFIX}, in capitals"
    try:
        return _plain_secret(scheme.lower(), rest)
    except ValueError:
        return "is not an address; check its host and port"


def _plain_secret(scheme: str, rest: str) -> str | None:
    """Return which secret stands in an address in plain text."""
    cure = f"write it as ${{{PREFIX}...}} and set that variable"
    # The names of secrets are letters that every part of a URL may hold.
    parts = urlsplit(f"x://{_NAMED.sub(lambda match: f'{_MARK}{match[1]}', rest)}")
    secret = _MARK.lower() if scheme in ROBOTS else _MARK
    if scheme in ROBOTS and secret not in (parts.hostname or ""):
        return f"shows the robot's token; {cure}"
    if parts.password and not parts.password.startswith(_MARK):
        return f"shows a password; {cure}"
    if scheme == ROBOTS[1] and parts.username and not parts.username.startswith(_MARK):
        return f"shows the robot's secret; {cure}"
    _ = parts.port
    for option, value in parse_qsl(parts.query, keep_blank_values=True):
        name = option.strip()  # a header is an option such as +Authorization
        if name.lower() in {"cc", "bcc"} or (name.lower() == "to" and "," in value):
            return "names several receivers; give each an address of its own"
        plain = name.lower() in _PLAIN_OPTIONS or value.lower() in _SWITCHES
        if not plain and _MARK not in value:
            return f"shows the value of {name}; {cure}"
    return None


_MARK: Final = "NUDGEsecret"
