"""Folders that belong to processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from otel_sentry.delivery.spooling.home import Home, folders
from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.parcels import DATE, parcel

if TYPE_CHECKING:
    from pathlib import Path

LOSSES = {(Category.SPAN, LossReason.QUEUE_OVERFLOW): 7, (Category.ERROR, LossReason.NETWORK_ERROR): 1}


def test_only_its_owner_may_enter(tmp_path: Path) -> None:
    """The folder has mode 0700, the lock 0600."""
    home = Home.build(tmp_path)

    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.path / "lock").stat().st_mode) == 0o600
    home.remove()


def test_a_living_process_keeps_its_folder(tmp_path: Path) -> None:
    """While the lock is held nobody adopts the folder."""
    home = Home.build(tmp_path)

    assert Home.adopt(home.path) is None
    home.remove()


def test_a_killed_process_loses_its_folder(tmp_path: Path) -> None:
    """After SIGKILL the lock is free, whoever has the process id now."""
    script = (
        "import os, sys, pathlib\n"
        "from otel_sentry.delivery.spooling.home import Home\n"
        "Home.build(pathlib.Path(sys.argv[1]))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, os.fspath(tmp_path)], check=False)
    (path,) = folders(tmp_path)
    home = Home.adopt(path)

    assert home is not None
    assert Home.adopt(path) is None  # one adopts
    home.remove()
    assert folders(tmp_path) == []


def test_a_folder_with_parcels_stays(tmp_path: Path) -> None:
    """Letting go of a folder does not delete what is in it."""
    home = Home.build(tmp_path)
    segment = home.new_segment(DATE)
    segment.append([parcel()], DATE)
    segment.close()
    home.remove()
    again = Home.adopt(home.path)

    assert again is not None
    assert [one.path for one in again.segments()] == [segment.path]
    again.remove()


def test_segments_are_listed_oldest_first(tmp_path: Path) -> None:
    """Names sort by date, then by number."""
    home = Home.build(tmp_path)
    made = [home.new_segment(date) for date in (DATE, DATE, DATE + 100)]
    for one in reversed(made):
        one.append([parcel()], DATE)
        one.close()

    assert [one.path for one in home.segments()] == [one.path for one in made]
    home.let_go()


def test_losses_are_left_to_whoever_comes_after(tmp_path: Path) -> None:
    """What could not be reported is read once by the next owner."""
    home = Home.build(tmp_path)
    home.write_losses({})
    home.write_losses(LOSSES)
    home.let_go()
    again = Home.adopt(home.path)

    assert again is not None
    assert (again.take_losses(), again.take_losses()) == (LOSSES, {})
    again.remove()
    assert not home.path.exists()


def test_losses_that_were_reported_are_forgotten(tmp_path: Path) -> None:
    """Writing none removes the file."""
    home = Home.build(tmp_path)
    home.write_losses(LOSSES)
    home.write_losses({})

    assert home.take_losses() == {}
    home.remove()


@pytest.mark.parametrize("content", [b"", b"{", b"[[1]]", b'[["span","no such reason",1]]'])
def test_losses_that_make_no_sense_are_ignored(tmp_path: Path, content: bytes) -> None:
    """A damaged file is no reason to fail."""
    home = Home.build(tmp_path)
    (home.path / "losses.json").write_bytes(content)

    assert home.take_losses() == {}
    home.let_go()


def test_a_folder_that_is_being_made_is_nobodys(tmp_path: Path) -> None:
    """Between making and locking it, others do not see it."""
    (tmp_path / ".1-abc").mkdir()

    assert folders(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A parent that is a file raises OSError."""
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="Not a directory"):
        Home.build(tmp_path / "file")
