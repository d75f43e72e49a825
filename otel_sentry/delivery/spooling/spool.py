"""The disk spool of one destination: this process's folder and those of dead processes it has adopted.

Bounded in bytes, across all processes that share it, and in age; the oldest goes first and is counted. Owned by the
delivery thread.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from otel_sentry.delivery.rules.pacing import Backlog
from otel_sentry.delivery.spooling.aside import Aside
from otel_sentry.delivery.spooling.home import Home, bytes_in, folders
from otel_sentry.delivery.spooling.record import record_bytes
from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from otel_sentry.delivery.ledger import Report
    from otel_sentry.delivery.parcel import Counts, Parcel
    from otel_sentry.delivery.spooling.segment import Segment
    from otel_sentry.protocol.item_kinds import Category

_logger = own_logger("otel_sentry.delivery")

_SEGMENT_BYTES: Final = 1 << 20
_SEGMENT_SECONDS: Final = 300.0
"""A file is closed at this size or age, so that the oldest can go without much else."""
_GRACE_SECONDS: Final = 600.0
"""What a dead process left gets at least this long, however old a jumping clock makes it look."""
_FOLDER_MODE: Final = 0o700


@dataclass(slots=True)
class Findings:
    """What a patrol brought.

    Args:
        adopted: what dead processes left to deliver.
        lost: what had to go.
        losses: what dead processes lost and could not report.
    """

    adopted: list[Counts] = field(default_factory=list)
    lost: list[Counts] = field(default_factory=list)
    losses: list[Report] = field(default_factory=list)


class Spool:
    """Parcels on disk.

    Args:
        folder: of the destination; made if it does not exist.
        max_bytes: most bytes that all processes may keep there.
        max_age_seconds: what is older goes.
        clock: monotonic seconds.
        date: seconds since the epoch.

    Raises:
        OSError: the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        max_age_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_age = max_age_seconds
        self._clock = clock
        self._date = date
        self._share = max_bytes
        self._current: Segment | None = None
        self._current_since = 0.0
        self._unread: list[tuple[Home, Segment]] = []
        self._aside = Aside(folder)
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        self._home = Home.build(folder)
        self._owned: dict[Home, list[Segment]] = {self._home: []}

    @property
    def exists(self) -> bool:
        """Whether this process's folder is still there."""
        return self._home.path.exists()

    @property
    def unread(self) -> bool:
        """Whether `adopt_one` has something to read."""
        return bool(self._unread)

    def store(self, parcels: Sequence[Parcel]) -> list[Counts]:
        """Write parcels down; their `place` tells where.

        Returns:
            What had to go to make room.

        Raises:
            OSError: nothing was written.
        """
        now = self._clock()
        segment = self._current
        if segment is None or segment.bytes >= _SEGMENT_BYTES or now - self._current_since > _SEGMENT_SECONDS:
            if segment is not None:
                segment.rest()
            segment = self._home.new_segment(self._date())
            self._owned[self._home].append(segment)
            self._current, self._current_since = segment, now
        try:
            segment.append(parcels, self._date())
        except OSError:
            if not segment.bytes:
                self._forget(self._home, segment)
                segment.remove()
            raise
        segment.grown_over += now - (segment.last_at or now)
        segment.last_at = now
        return list(self._trimmed())

    def done(self, parcel: Parcel) -> None:
        """Note that a parcel needs its record no more."""
        segment, offset = parcel.place
        parcel.place = None
        segment.done(offset)
        if not segment.waiting:
            self._finish(segment)

    def release(self, parcel: Parcel) -> None:
        """Let a parcel leave memory."""
        segment, offset = parcel.place
        segment.release(offset)

    def load(self, allowed: Callable[[Category], bool], most: int) -> tuple[list[Parcel], list[Counts]]:
        """Bring the oldest parcels of allowed categories back to memory.

        Returns:
            The parcels, and what was found to be lost.
        """
        for segment in self._oldest_first():
            if segment.backlog(allowed)[0]:
                try:
                    records = segment.load(allowed, most)
                except OSError as error:
                    _logger.warning("a file of the spool is lost: %s", error)
                    return [], [self._removed(segment)]
                for record in records:
                    record.parcel.accepted_at = max(segment.first_at, self._clock() - self._age(record.date))
                return [record.parcel for record in records], []
        return [], []

    def backlog(self, allowed: Callable[[Category], bool]) -> Backlog:
        """Records of allowed categories that are nowhere but on disk."""
        total = Backlog()
        # Files of one process came one after another, processes run beside each other.
        for segments in self._owned.values():
            found = [segment.backlog(allowed) for segment in segments]
            total += Backlog.grown(sum(number for number, _ in found), sum(seconds for _, seconds in found))
        return total

    def patrol(self) -> Findings:
        """Look for folders of dead processes, share the space anew, give up what is too old.

        Raises:
            OSError: the spool cannot be read.
        """
        findings = Findings()
        others = [path for path in folders(self._folder) if all(path != home.path for home in self._owned)]
        foreign_bytes = 0
        alive = 0
        for path in others:
            home = Home.adopt(path)
            if home is None:
                alive += 1
                foreign_bytes += bytes_in(path)
            else:
                self._take_over(home, findings)
        # What others do not use is free to take, but everybody may always use an equal part.
        foreign_bytes += bytes_in(self._aside.path)
        self._share = max(self._max_bytes - foreign_bytes, self._max_bytes // (alive + 1))
        findings.lost += self._trimmed()
        findings.lost += self._outdated()
        return findings

    def adopt_one(self) -> list[Counts]:
        """Read one file that a dead process left.

        Returns:
            What it holds.
        """
        if not self._unread:
            return []
        home, segment = self._unread.pop()
        try:
            waiting = segment.open_existing()
        except OSError as error:
            _logger.warning("a file of the spool cannot be read: %s", error)
            waiting = []
        self._owned[home].append(segment)
        segment.last_at = self._clock() - self._age(segment.last_date)
        if not waiting:
            self._finish(segment)
        return [parcel.counts for parcel in waiting]

    def keep_losses(self, losses: Report) -> None:
        """Keep unreported losses for whoever comes after.

        Raises:
            OSError: they cannot be written.
        """
        self._home.write_losses(losses)

    def bequeath(self, parcels: Sequence[Parcel]) -> None:
        """Keep parcels for whoever adopts this process's folder, instead of those kept before.

        Raises:
            OSError: they cannot be written.
        """
        self._home.write_bequest(b"".join(record_bytes(parcel, self._date()) for parcel in parcels))

    def write_off(self) -> list[Counts]:
        """Give up everything that is only on disk.

        Returns:
            What is lost.
        """
        return [self._removed(segment) for segment in list(self._segments())]

    def close(self) -> None:
        """Let everything go; what is on disk stays for whoever comes after, but for what only a death would leave."""
        with suppress(OSError):
            self._home.write_bequest(b"")
        for home, segments in self._owned.items():
            for segment in segments:
                segment.close()
            home.remove()

    def abandon(self) -> None:
        """In a forked child: let one's copies of file descriptors go; folder and locks stay the parent's."""
        for home, segments in self._owned.items():
            for segment in segments:
                segment.close()
            home.let_go()

    def _take_over(self, home: Home, findings: Findings) -> None:
        """Make an adopted folder one's own, or remove it if there is nothing in it."""
        losses = home.take_losses()
        if losses:
            findings.losses.append(losses)
        segments = home.segments()
        if segments:
            self._owned[home] = []
            self._unread += [(home, segment) for segment in segments]
        else:
            home.remove()

    def _segments(self) -> Iterator[Segment]:
        for segments in self._owned.values():
            yield from segments

    def _oldest_first(self) -> list[Segment]:
        return sorted(self._segments(), key=lambda segment: segment.first_at)

    def _age(self, date: float) -> float:
        """Seconds since a date, as far as dates can be believed."""
        return min(max(0.0, self._date() - date), max(0.0, self._max_age - _GRACE_SECONDS))

    def _trimmed(self) -> Iterator[Counts]:
        """Remove the oldest files until the rest fits."""
        total = sum(segment.bytes for segment in self._segments())
        for segment in self._oldest_first():
            if total <= self._share:
                break
            total -= segment.bytes
            yield self._removed(segment)

    def _outdated(self) -> Iterator[Counts]:
        for segment in [one for one in self._segments() if self._clock() - one.last_at > self._max_age]:
            yield self._removed(segment)

    def _removed(self, segment: Segment) -> Counts:
        self._forget(self._home_of(segment), segment)
        return segment.remove()

    def _finish(self, segment: Segment) -> None:
        """Every record of a file is dealt with."""
        home = self._home_of(segment)
        if segment.damaged:
            self._aside.keep(segment.path)
        self._forget(home, segment)
        segment.remove()
        if home is not self._home and not self._owned[home] and all(one is not home for one, _ in self._unread):
            del self._owned[home]
            home.remove()

    def _home_of(self, segment: Segment) -> Home:
        return next(home for home, segments in self._owned.items() if segment in segments)

    def _forget(self, home: Home, segment: Segment) -> None:
        self._owned[home].remove(segment)
        if segment is self._current:
            self._current = None
