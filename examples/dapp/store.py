"""Everything that lasts: users, sessions, nonces, and the table through which the web app hands work to the worker."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NamedTuple

TABLES = """
CREATE TABLE IF NOT EXISTS users (wallet TEXT PRIMARY KEY, visits INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, wallet TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stakes (wallet TEXT PRIMARY KEY, wei TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY, wallet TEXT NOT NULL, subject TEXT NOT NULL, headers TEXT NOT NULL, state TEXT NOT NULL
);
"""


class Notification(NamedTuple):
    """Work for the worker. `headers` is what the web app's trace context was when it asked."""

    id: int
    wallet: str
    subject: str
    headers: dict[str, str]


class Store:
    """One connection to the database file."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def prepare(self) -> None:
        """Make the tables and let readers and a writer work side by side."""
        self._connection.executescript("pragma journal_mode = wal;" + TABLES)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def add_nonce(self, nonce: str) -> None:
        """Remember a nonce that was handed out."""
        self._run("INSERT INTO nonces VALUES (?)", nonce)

    def use_nonce(self, nonce: str) -> bool:
        """Strike a nonce off; False if it was never handed out or is used already."""
        return self._run("DELETE FROM nonces WHERE nonce = ?", nonce).rowcount == 1

    def open_session(self, token: str, wallet: str) -> None:
        """Sign a wallet in."""
        self._run("INSERT INTO sessions VALUES (?, ?)", token, wallet)
        self._run("INSERT INTO users VALUES (?, 1) ON CONFLICT (wallet) DO UPDATE SET visits = visits + 1", wallet)

    def close_session(self, token: str) -> None:
        """Sign a wallet out."""
        self._run("DELETE FROM sessions WHERE token = ?", token)

    def wallet_of(self, token: str) -> str | None:
        """The wallet that signed in with this session."""
        row = self._run("SELECT wallet FROM sessions WHERE token = ?", token).fetchone()
        return row[0] if row else None

    def get_user(self, wallet: str) -> dict[str, Any]:
        """What is known of a wallet."""
        (visits,) = self._run("SELECT visits FROM users WHERE wallet = ?", wallet).fetchone()
        told = "SELECT count(*) FROM notifications WHERE wallet = ? AND state = 'done'"
        (notified,) = self._run(told, wallet).fetchone()
        return {"wallet": wallet, "visits": visits, "notifications": notified}

    def count_stakers(self) -> int:
        """How many wallets have a stake; none, as long as nobody can stake."""
        return int(self._run("SELECT count(*) FROM stakes").fetchone()[0])

    def add_notification(self, wallet: str, subject: str, headers: dict[str, str]) -> None:
        """Ask the worker to tell a wallet about a transaction."""
        insert = "INSERT INTO notifications (wallet, subject, headers, state) VALUES (?, ?, ?, 'new')"
        self._run(insert, wallet, subject, json.dumps(headers))

    def take_notification(self) -> Notification | None:
        """The oldest notification that nobody works on, now marked as taken."""
        oldest = "SELECT id, wallet, subject, headers FROM notifications WHERE state = 'new' ORDER BY id LIMIT 1"
        row = self._run(oldest).fetchone()
        if row is None or not self._move(row[0], "new", "taken"):
            return None
        return Notification(*row[:3], json.loads(row[3]))

    def finish_notification(self, number: int) -> None:
        """The wallet has been told."""
        self._move(number, "taken", "done")

    def _move(self, number: int, old: str, new: str) -> bool:
        """Change a notification's state; False if another worker was faster."""
        update = "UPDATE notifications SET state = ? WHERE id = ? AND state = ?"
        return self._run(update, new, number, old).rowcount == 1

    def _run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        # Through a cursor: OpenTelemetry's sqlite3 instrumentation does not see `connection.execute`.
        cursor = self._connection.cursor()
        cursor.execute(statement, values)
        return cursor
