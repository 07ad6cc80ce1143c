"""The thread that empties the spool: as soon as the store is back, without a restart."""

from __future__ import annotations

import threading
import time
from typing import Final

import structlog

from nudge.errors import NudgeError, StoreAwayError
from nudge.flows.drain import drain
from nudge.spool.spool import Spool
from nudge.store import client as store
from nudge.store.client import Client
from nudge.store.keys import Keys

EVERY: Final = 0.5
"""Seconds between looks at the spool's directory."""

log = structlog.get_logger()


def start(spool: Spool, hot: Client, store_url: str, keys: Keys) -> threading.Thread:
    """Reserve the spool's space and empty it from now on. Call it once in each process.

    Args:
        spool: of this process.
        hot: the page path's client, whose breaker says when the store is back.
        store_url: for a patient client of the thread's own.
        keys: of the installation.
    """
    thread = threading.Thread(
        target=_run, args=(spool, hot, store_url, keys), name="spool", daemon=True
    )
    thread.start()
    return thread


def _run(spool: Spool, hot: Client, store_url: str, keys: Keys) -> None:
    patient = store.patient(store_url)
    while True:
        try:
            _look(spool, hot, patient, keys)
        except StoreAwayError:
            pass  # it went away again: what is left is kept, and looked at next time
        except NudgeError as error:
            log.warning("spool_trouble", error=str(error))
        except Exception:
            # Without this thread what was acknowledged would wait on disk until a restart.
            log.exception("spool_broken")
        time.sleep(EVERY)


def _look(spool: Spool, hot: Client, patient: Client, keys: Keys) -> None:
    spool.reserve()
    if hot.breaker and hot.breaker.is_open:
        return
    spool.hand_over()
    drained = drain(patient, keys, spool)
    if drained:
        log.info("spool_drained", records=drained)
