"""One process's folder in the spool.

Whoever holds the lock owns what is in it; the kernel lets go of a dead owner's lock, even after SIGKILL.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.delivery.spooling.segment import Segment
from otel_sentry.protocol import json_text
from otel_sentry.protocol.item_kinds import Category, LossReason

if TYPE_CHECKING:
    from otel_sentry.delivery.ledger import Report

_LOCK: Final = "lock"
_LOSSES: Final = "losses.json"
_SUFFIX: Final = ".parcels"
_BEQUEST: Final = f"bequest{_SUFFIX}"
_UNFINISHED: Final = "."
"""How names begin that nobody may adopt yet."""
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600


class Home:
    """A locked folder.

    Args:
        path: of the folder.
        lock: file descriptor that holds the lock.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock
        self._number = 0

    @classmethod
    def build(cls, parent: Path) -> Home:
        """Make a folder of one's own.

        Raises:
            OSError: `parent` cannot be used.
        """
        name = f"{os.getpid()}-{secrets.token_hex(6)}"
        unfinished = parent / f"{_UNFINISHED}{name}"
        unfinished.mkdir(mode=_FOLDER_MODE)
        lock = _open_lock(unfinished)
        if not _locked(lock):
            os.close(lock)
            raise OSError(f"{parent} does not support file locks")
        # Only now may others see it: an unlocked folder is a dead process's.
        return cls(unfinished.rename(parent / name), lock)

    @classmethod
    def adopt(cls, path: Path) -> Home | None:
        """Take over the folder of a dead process; None while its owner lives or another has it."""
        try:
            lock = _open_lock(path)
        except OSError:
            return None
        # The folder may have been emptied and removed between opening and locking.
        if _locked(lock) and _same_file(path / _LOCK, lock):
            return cls(path, lock)
        os.close(lock)
        return None

    def segments(self) -> list[Segment]:
        """Files of parcels that are there, oldest first."""
        return [Segment(path) for path in sorted(self.path.glob(f"*{_SUFFIX}"))]

    def new_segment(self, date: float) -> Segment:
        """A segment that is not on disk yet; names sort by age."""
        self._number += 1
        return Segment(self.path / f"{int(date * 1000):015d}-{self._number:06d}{_SUFFIX}")

    def write_bequest(self, records: bytes) -> None:
        """Keep records that a living process does not deliver itself; whoever adopts the folder finds them.

        Raises:
            OSError: they cannot be written.
        """
        self._replace(self.path / _BEQUEST, records)

    def write_losses(self, losses: Report) -> None:
        """Keep losses that no client report has carried, for whoever comes after.

        Raises:
            OSError: they cannot be written.
        """
        rows = [(category.value, reason.value, number) for (category, reason), number in losses.items()]
        self._replace(self.path / _LOSSES, json_text.dumps(rows) if rows else b"")

    def take_losses(self) -> Report:
        """Losses that a dead process left; they are this process's to report now."""
        target = self.path / _LOSSES
        try:
            rows = json_text.loads(target.read_bytes())
            target.unlink()
            return {(Category(category), LossReason(reason)): int(number) for category, reason, number in rows}
        except (OSError, ValueError, TypeError):
            return {}

    def _replace(self, target: Path, content: bytes) -> None:
        """Write a file so that it is there either as before or as a whole; empty, it goes."""
        if not content:
            target.unlink(missing_ok=True)
            return
        fresh = target.with_suffix(".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
        with os.fdopen(file, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(file)
        fresh.replace(target)

    def remove(self) -> None:
        """Delete the folder if nothing is left in it, and let go of it in any case."""
        with suppress(OSError):
            if [path.name for path in self.path.iterdir()] == [_LOCK]:
                (self.path / _LOCK).unlink()
                self.path.rmdir()
        self.let_go()

    def let_go(self) -> None:
        """Release the lock, or, in a forked child, one's copy of it."""
        with suppress(OSError):
            os.close(self._lock)


def folder_for(spool_dir: str, destination: str) -> Path:
    """The folder for one destination, so that processes with different DSNs can share a directory.

    Args:
        spool_dir: as configured.
        destination: what tells destinations apart; only its hash is written.
    """
    return Path(spool_dir) / hashlib.sha256(destination.encode()).hexdigest()[:16]


def folders(parent: Path) -> list[Path]:
    """Folders of all processes, in no order.

    Raises:
        OSError: `parent` cannot be read.
    """
    return [path for path in parent.iterdir() if path.is_dir() and not path.name.startswith(_UNFINISHED)]


def bytes_in(folder: Path) -> int:
    """Bytes of a folder's files; 0 when it cannot be read."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0


def _open_lock(folder: Path) -> int:
    return os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, _FILE_MODE)


def _same_file(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False


def _locked(file: int) -> bool:
    """Take the lock if nobody has it."""
    try:
        import fcntl  # noqa: PLC0415  POSIX only

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return _locked_on_windows(file)
    except OSError:
        return False
    return True


def _locked_on_windows(file: int) -> bool:
    import msvcrt  # noqa: PLC0415  Windows only

    windows: Any = msvcrt
    try:
        windows.locking(file, windows.LK_NBLCK, 1)
    except OSError:
        return False
    return True
