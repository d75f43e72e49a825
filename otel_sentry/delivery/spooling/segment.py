"""One file of the spool: records are appended, read once in order, marked when delivered; at last the file goes."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from otel_sentry.delivery.spooling.record import DONE, STATE_AT, read_records, record_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from otel_sentry.delivery.parcel import Counts, Parcel
    from otel_sentry.delivery.spooling.record import Record
    from otel_sentry.protocol.item_kinds import Category

_MODE: Final = 0o600
_LONGEST_PAUSE_SECONDS: Final = 600.0
"""A longer pause between two records is one in which nothing was to be sent, or a clock that was set."""


class Segment:
    """A file of parcels. Owned by the delivery thread of the process that holds the folder's lock.

    Args:
        path: of the file; created when it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        self.first_date = 0.0
        self.last_date = 0.0
        self.damaged = False
        self.last_at = 0.0
        """Monotonic second that stands for `last_date`, which may jump; set by the spool."""
        self.grown_over = 0.0
        """Seconds in which it was written; pauses and jumps of the clock do not count."""
        self.records = 0
        self.waiting = 0
        """Records not delivered yet."""
        self._counts: Counter[Category] = Counter()
        self._kinds: Counter[Category] = Counter()
        self._in_memory: dict[int, Parcel] = {}
        self._unread: list[Record] | None = None
        self._file: int | None = None

    @property
    def resting(self) -> int:
        """Records that are nowhere but on disk."""
        return self.waiting - len(self._in_memory)

    def open_existing(self) -> list[Parcel]:
        """Read what a dead process left.

        Returns:
            What still waits.

        Raises:
            OSError: the file cannot be read.
        """
        contents = read_records(self.path.read_bytes())
        self.damaged = contents.damaged
        self.bytes = self.path.stat().st_size
        waiting = [record for record in contents.records if record.waiting]
        for record in waiting:
            self._note(record.parcel, record.date)
        dates = [record.date for record in contents.records]
        self.grown_over = sum(
            min(max(0.0, after - before), _LONGEST_PAUSE_SECONDS) for before, after in pairwise(dates)
        )
        self.records = len(dates)
        return [record.parcel for record in waiting]

    def append(self, parcels: Sequence[Parcel], date: float) -> None:
        """Write parcels down and tell them where they are.

        Raises:
            OSError: nothing was written.
        """
        written = [record_bytes(parcel, date) for parcel in parcels]
        file = self._opened()
        try:
            _write_all(file, b"".join(written), self.bytes)
            _sync(file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, self.bytes)
            raise
        for parcel, record in zip(parcels, written, strict=True):
            parcel.place = (self, self.bytes)
            self._in_memory[self.bytes] = parcel
            self._note(parcel, date)
            self.bytes += len(record)
        self.records += len(parcels)
        self._unread = None

    def done(self, offset: int) -> None:
        """Mark a record as finished; it counts no longer, even if the disk refuses the mark."""
        parcel = self._in_memory.pop(offset, None)
        if parcel is None:
            return
        self.waiting -= 1
        self._add(parcel.counts, -1)
        self._kinds[parcel.category] -= 1
        with suppress(OSError):
            os.pwrite(self._opened(), DONE, offset + STATE_AT)

    def release(self, offset: int) -> None:
        """Let a parcel leave memory; it stays on disk."""
        self._in_memory.pop(offset, None)

    @property
    def first_at(self) -> float:
        """Monotonic second of the first record, roughly."""
        return self.last_at - self.grown_over

    def backlog(self, allowed: Callable[[Category], bool]) -> tuple[int, float]:
        """How many records of allowed categories are nowhere but on disk, and in how many seconds they came."""
        if not self.resting:
            return 0, 0.0
        blocked = sum(number for kind, number in self._kinds.items() if not allowed(kind))
        number = max(0, self.resting - blocked)
        return number, self.grown_over * number / self.records

    def load(self, allowed: Callable[[Category], bool], most: int) -> list[Record]:
        """Bring parcels back to memory, in the order in which they were written.

        Args:
            allowed: whether a category may be sent now.
            most: how many.

        Raises:
            OSError: the file cannot be read.
        """
        if self._unread is None:
            found = read_records(self.path.read_bytes()).records
            self._unread = [one for one in reversed(found) if one.waiting and one.offset not in self._in_memory]
        loaded: list[Record] = []
        passed_over: list[Record] = []
        while self._unread and len(loaded) < most:
            record = self._unread.pop()
            if allowed(record.parcel.category):
                record.parcel.place = (self, record.offset)
                self._in_memory[record.offset] = record.parcel
                loaded.append(record)
            else:
                passed_over.append(record)
        self._unread += reversed(passed_over)
        return loaded

    def rest(self) -> None:
        """Forget what is only a copy of the file."""
        self._unread = None
        self.close()

    def remove(self) -> Counts:
        """Delete the file.

        Returns:
            What is lost with it; parcels in memory are not, they go on without it.
        """
        for parcel in self._in_memory.values():
            self._add(parcel.counts, -1)
            parcel.place = None
        lost = tuple((category, number) for category, number in self._counts.items() if number > 0)
        self._in_memory.clear()
        self._counts.clear()
        self._kinds.clear()
        self.waiting = 0
        self.close()
        with suppress(OSError):
            self.path.unlink()
        return lost

    def close(self) -> None:
        """Let the file descriptor go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _add(self, counts: Counts, sign: int) -> None:
        for category, number in counts:
            self._counts[category] += sign * number

    def _note(self, parcel: Parcel, date: float) -> None:
        self.waiting += 1
        self._add(parcel.counts, 1)
        self._kinds[parcel.category] += 1
        self.first_date = min(self.first_date or date, date)
        self.last_date = max(self.last_date, date)

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), _MODE)
        return self._file


def _write_all(file: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, at)
        view, at = view[written:], at + written


def _sync(file: int) -> None:
    """Have the disk, not only the kernel, hold what was written."""
    getattr(os, "fdatasync", os.fsync)(file)
