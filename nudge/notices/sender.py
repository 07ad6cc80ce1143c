"""The sender of notices: mail, webhooks and group robots, by apprise.

apprise answers True or False, and tells the reason only in its log, with addresses in it. So its
log is read here, during a try and by the thread that tries, and goes nowhere else. Two of its
services are corrected (2.3.0): WeCom and DingTalk answer 200 with an error in the body, which
counted as sent; DingTalk's signature was quoted twice, and never fitted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any, Final
from urllib.parse import unquote

import requests
from apprise import AppriseAsset, NotifyFormat, NotifyType
from apprise.exception import AppriseException
from apprise.plugins import url_to_dict
from apprise.plugins.base import NotifyBase
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.email import NotifyEmail
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

from nudge import clock
from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.delivery import Notice, NoticeKind
from nudge.domain.alarms.notice_address import SecretMissingError, fill_address, secret_names
from nudge.domain.alarms.notice_texts import NoticeText
from nudge.domain.values.number_words import mask_numbers

ID: Final = "X-Nudge-Notice"
"""Header of mails and webhooks that carries the notice's id; a webhook has it as `id`, too."""
CONNECT: Final = 4.0
READ: Final = 8.0
MAIL_WAIT: Final = 15.0
"""Seconds: the most that a receiver may take for a step."""
LONGEST: Final = 200
"""Characters of a reason."""
ROBOT_TEXT: Final = 1800
"""Bytes of a text for a robot: WeCom takes 2,048."""
_LOGGER: Final = "apprise"
_URL: Final = re.compile(r"[A-Za-z][\w+.-]*://\S+")
_TYPES: Final[Mapping[AlarmLevel | None, NotifyType]] = {
    None: NotifyType.INFO,
    AlarmLevel.INFO: NotifyType.INFO,
    AlarmLevel.WARNING: NotifyType.WARNING,
    AlarmLevel.CRITICAL: NotifyType.FAILURE,
}


class _WeComBot(NotifyWeComBot):  # type: ignore[misc] # see pyproject.toml
    """WeCom's group robot, whose answer is read: 200 with an `errcode` is a refusal."""

    def send(self, body: str, title: str = "", **_: Any) -> bool:  # noqa: ANN401 (apprise's own signature)
        """Send a text."""
        text = "\n".join(filter(None, (title, body)))
        return _accepted(self, self.api_url, {"msgtype": "text", "text": {"content": text}})


class _DingTalk(NotifyDingTalk):  # type: ignore[misc] # see pyproject.toml
    """DingTalk's group robot, whose answer is read, and whose signature is quoted once."""

    def send(self, body: str, title: str = "", **_: Any) -> bool:  # noqa: ANN401 (apprise's own signature)
        """Send a text."""
        text = "\n".join(filter(None, (title, body)))
        url = self.notify_url.format(token=self.token)
        payload = {"msgtype": "text", "text": {"content": text}}
        query = signature(self.secret, clock.now()) if self.secret else {}
        return _accepted(self, url, payload, query)


_PLUGINS: Final[Mapping[str, type[Any]]] = {
    "mailto": NotifyEmail,
    "mailtos": NotifyEmail,
    "json": NotifyJSON,
    "jsons": NotifyJSON,
    "wecombot": _WeComBot,
    "dingtalk": _DingTalk,
    "feishu": NotifyFeishu,
}


@dataclass(frozen=True)
class Sender:
    """The sender of notices.

    Attributes:
        secrets: by name, as addresses name them.
    """

    secrets: Mapping[str, str]

    def send(self, notice: Notice, text: NoticeText) -> str | None:
        """Try once to send a notice; it takes seconds.

        Returns:
            None where the receiver took it; else why not, without secrets.
        """
        url = notice.addressee.url
        try:
            plugin = self._plugin(notice, fill_address(url, self.secrets))
        except SecretMissingError as error:
            return str(error)
        if plugin is None:
            return "the address is not complete; see docs/alarms.md for its form"
        if len(plugin) != 1:
            return "the address names several receivers; give each an address of its own"
        title, body = _fitted(plugin, text)
        with _heard() as said:
            taken = plugin.notify(
                body=body,
                title=title,
                notify_type=_TYPES[notice.level],
                body_format=NotifyFormat.TEXT,
            )
        if taken:
            return None
        return self._without_secrets(said[-1] if said else "the receiver refused it", url)

    def _plugin(self, notice: Notice, address: str) -> Any:  # noqa: ANN401 (apprise types no plugin)
        asset = AppriseAsset(app_id="Nudge", storage_mode="memory", http_redirects=False)
        with _heard():
            found = url_to_dict(address, secure_logging=True)
            if not found or found["schema"] not in _PLUGINS:
                return None
            found["asset"] = asset
            try:
                plugin = _PLUGINS[found["schema"]](**found)
            except (AppriseException, TypeError, ValueError):
                return None
        plugin.socket_connect_timeout = MAIL_WAIT if _is_mail(plugin) else CONNECT
        plugin.socket_read_timeout = READ
        _mark(plugin, notice)
        return plugin

    def _without_secrets(self, reason: str, url: str) -> str:
        values = [self.secrets[name] for name in secret_names(url)]
        for value in sorted(values, key=len, reverse=True):
            reason = reason.replace(value, "***").replace(unquote(value), "***")
        return mask_numbers(_URL.sub("***", " ".join(reason.split())))[:LONGEST]


def signature(secret: str, at: float) -> dict[str, str]:
    """Return the query of a signed call of DingTalk's robot; requests quotes it.

    Args:
        secret: of the robot.
        at: seconds.
    """
    stamp = str(round(at * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}


def _mark(plugin: NotifyBase, notice: Notice) -> None:
    """Put a notice's id where the receiver finds it; a robot has it in the text only."""
    if isinstance(plugin, NotifyJSON | NotifyEmail):
        plugin.headers[ID] = notice.id
    if isinstance(plugin, NotifyJSON):
        plugin.payload_extras |= {
            "id": notice.id,
            "kind": notice.kind.value,
            "level": notice.level or "",
            "alarms": [one.alarm for one in notice.occasions],
            "test": notice.kind is NoticeKind.TEST,
        }


def _is_mail(plugin: NotifyBase) -> bool:
    return isinstance(plugin, NotifyEmail)


def _fitted(plugin: NotifyBase, text: NoticeText) -> NoticeText:
    """Cut a text to what a robot takes; its last line, the id, stays."""
    if isinstance(plugin, NotifyJSON | NotifyEmail) or len(text.body.encode()) <= ROBOT_TEXT:
        return text
    body, _, foot = text.body.rpartition("\n")
    cut = body.encode()[: ROBOT_TEXT - len(foot.encode())].decode(errors="ignore")
    return NoticeText(text.title, f"{cut}…\n{foot}")


def _accepted(
    plugin: Any,  # noqa: ANN401 (apprise types no plugin)
    url: str,
    payload: dict[str, Any],
    query: Mapping[str, str] | None = None,
) -> bool:
    """Post to a robot and read what it answers; False where it refuses."""
    try:
        answer = requests.post(
            url,
            json=payload,
            params=query,
            verify=plugin.verify_certificate,
            timeout=plugin.request_timeout,
            allow_redirects=False,
        )
        code = answer.json().get("errcode") if answer.status_code == requests.codes.ok else None
    except (requests.RequestException, ValueError, AttributeError) as error:
        plugin.logger.warning("no answer that can be read: %s", type(error).__name__)
        return False
    if code != 0:
        plugin.logger.warning("the robot refused it: status %s, %s", answer.status_code, code)
    return bool(code == 0)


class _Ear(logging.Handler):
    """A handler that keeps the warnings of one thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._thread = get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record of this thread."""
        if record.thread == self._thread:
            self.said.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what apprise says in this thread; none of it goes to the log."""
    logger, ear = logging.getLogger(_LOGGER), _Ear()
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    logger.addHandler(ear)
    try:
        yield ear.said
    finally:
        logger.removeHandler(ear)
