"""The shop's book of payments: a file in the data directory, shared by all web processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.shop.outcomes import OUTCOMES, Outcome, Status

MOST: Final = 10_000
"""Payments that are kept: the oldest leave, so that nobody fills the disk with an example."""
PATIENCE: Final = 2.0
"""Seconds that a process waits for another one's write."""
SCHEMA: Final = """CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY, visitor TEXT, amount INTEGER, method TEXT,
    outcome TEXT DEFAULT '', due REAL DEFAULT 0, told INTEGER DEFAULT 0)"""
COLUMNS: Final = "id, visitor, amount, method, outcome, due"


@dataclass(frozen=True)
class Payment:
    """A payment of the shop.

    Attributes:
        payment_id: made by the page, so that a repeated form is one payment.
        visitor: who pays.
        amount: whole yuan.
        method: method of payment.
        outcome: name of an outcome; empty until the stand-in was told one.
        due: seconds at which the outcome is heard.
    """

    payment_id: str
    visitor: str
    amount: int
    method: str
    outcome: str = ""
    due: float = 0.0

    def status(self, at: float) -> Status:
        """Return what the shop's server knows at a time."""
        return OUTCOMES[self.outcome].status if self.outcome and at >= self.due else "open"

    @property
    def reason(self) -> str:
        """The gateway's code of the failure; empty for none."""
        return OUTCOMES[self.outcome].reason if self.outcome else ""


@dataclass(frozen=True)
class PaymentBook:
    """The book of payments.

    Attributes:
        path: file of the book; made at the first payment.
    """

    path: Path

    def begin(self, payment: Payment) -> Payment | None:
        """Write a payment down; idempotent, the first one of an id stays.

        Returns:
            The payment of this id; None where it is another visitor's.
        """
        values = (payment.payment_id, payment.visitor, payment.amount, payment.method)
        with self._open() as book:
            book.execute(
                "INSERT OR IGNORE INTO payments (id, visitor, amount, method) VALUES (?, ?, ?, ?)",
                values,
            )
            book.execute(
                "DELETE FROM payments WHERE rowid <= (SELECT max(rowid) FROM payments) - ?",
                (MOST,),
            )
        return self.find(payment.payment_id, payment.visitor)

    def find(self, payment_id: str, visitor: str) -> Payment | None:
        """Return a visitor's payment; None where there is none of this id."""
        found = self._select("id = ? AND visitor = ?", (payment_id, visitor))
        return found[0] if found else None

    def settle(self, payment: Payment, name: str, outcome: Outcome, at: float) -> None:
        """Note the outcome of a payment; the first one stays.

        Args:
            payment: that was begun.
            name: name of the outcome.
            outcome: of this name.
            at: seconds, now.
        """
        with self._open() as book:
            book.execute(
                "UPDATE payments SET outcome = ?, due = ? WHERE id = ? AND outcome = ''",
                (name, at + outcome.delay, payment.payment_id),
            )

    def untold(self, visitor: str, at: float) -> list[Payment]:
        """Return a visitor's payments with an outcome of which the service was not told yet."""
        where = "visitor = ? AND outcome <> '' AND due <= ? AND told = 0"
        found = self._select(where, (visitor, at))
        return [one for one in found if one.status(at) != "open"]

    def note_told(self, payments: list[Payment]) -> None:
        """Note that the service has taken the outcomes of these payments."""
        ids = [(one.payment_id,) for one in payments]
        with self._open() as book:
            book.executemany("UPDATE payments SET told = 1 WHERE id = ?", ids)

    def _select(self, where: str, values: tuple[Any, ...]) -> list[Payment]:
        question = f"SELECT {COLUMNS} FROM payments WHERE {where}"  # noqa: S608 - both are constants
        with self._open() as book:
            return [Payment(*row) for row in book.execute(question, values)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the book for one step, which is committed as a whole."""
        connection = sqlite3.connect(self.path, timeout=PATIENCE)
        try:
            with connection:
                connection.execute(SCHEMA)
                yield connection
        finally:
            connection.close()
