"""The disk misbehaves: full, read-only, vanished, too small. Delivery goes on, and what is lost is counted."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from otel_sentry.local.receiver import Receiver
from otel_sentry.protocol.item_kinds import Category, LossReason
from tests.delivery.conftest import wait_until
from tests.delivery.parcels import span_envelope
from tests.delivery.servers import Server, closed_port
from tests.delivery.test_transport import spans

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from otel_sentry.delivery.ledger import Balance
    from otel_sentry.delivery.transport import SentryTransport

    NewTransport = Callable[..., SentryTransport]


def span_books(one: SentryTransport) -> Balance:
    """The books of spans."""
    return one.ledger.snapshot()[Category.SPAN]


def test_a_flush_with_a_spool_is_content_with_the_disk(transport: NewTransport, tmp_path: Path) -> None:
    """With a spool a flush is done when everything is on disk, long before its time is over."""
    with Server(lambda talk: time.sleep(30)) as server:
        one = transport(server.dsn, spool_dir=os.fspath(tmp_path))
        for number in range(50):
            one.send(span_envelope(number))
        started = time.monotonic()

        assert one.flush(20)
        assert time.monotonic() - started < 10
        assert span_books(one).pending == 50


@pytest.mark.parametrize("unusable", ["a file", "nowhere"])
def test_an_unusable_spool_is_one_warning(
    receiver: Receiver, transport: NewTransport, tmp_path: Path, caplog: pytest.LogCaptureFixture, unusable: str
) -> None:
    """Delivery goes on without it."""
    (tmp_path / "a file").write_text("")
    spool_dir = tmp_path / "a file" if unusable == "a file" else "/proc/nowhere"
    one = transport(receiver.dsn, spool_dir=os.fspath(spool_dir))
    for number in range(20):
        one.send(spans(receiver, number))
        time.sleep(0.01)

    assert one.flush(10)
    assert len(receiver.spans) == 20
    assert caplog.text.count("the spool cannot be used") == 1


def test_a_spool_that_vanishes_costs_nothing_that_comes_later(
    transport: NewTransport, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was only on disk is counted; what comes afterwards is delivered."""
    with Receiver(port=0) as receiver:
        receiver.stop()
        one = transport(receiver.dsn, spool_dir=os.fspath(tmp_path / "spool"))
        for number in range(10):
            one.send(spans(receiver, number))
        assert one.flush(10)
        shutil.rmtree(tmp_path / "spool")
        for number in range(10, 20):
            one.send(spans(receiver, number))
        receiver.start()
        wait_until(lambda: span_books(one).pending == 0)
        arrived = len(receiver.spans)

    books = span_books(one)
    assert (books.created, books.delivered) == (20, arrived)
    assert arrived >= 10
    assert books.balanced


def test_a_full_disk_costs_nothing_that_memory_can_hold(
    transport: NewTransport, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When nothing can be written, parcels stay in memory, one line is logged, and they arrive."""
    import resource  # noqa: PLC0415  POSIX only
    import signal  # noqa: PLC0415

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Receiver(port=0) as receiver:
        receiver.stop()
        one = transport(receiver.dsn, spool_dir=os.fspath(tmp_path / "spool"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            for number in range(10):
                one.send(spans(receiver, number))
            assert not one.flush(0.5)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, previous)
        receiver.start()
        wait_until(lambda: span_books(one).pending == 0)

        assert len(receiver.spans) == 10
    assert caplog.text.count("the spool cannot be used") == 1


def test_the_spool_makes_room_and_counts(transport: NewTransport, tmp_path: Path) -> None:
    """In an outage that fills the spool the oldest go, and the books say so."""
    one = transport(
        f"http://k@127.0.0.1:{closed_port()}/1", spool_dir=os.fspath(tmp_path), spool_max_bytes=3_000_000, encoding=""
    )
    for number in range(30):
        one.send(span_envelope(number, spans=1000))
        time.sleep(0.02)
    assert one.flush(20)

    books = span_books(one)
    assert books.dropped[LossReason.CACHE_OVERFLOW] > 0
    assert books.dropped[LossReason.CACHE_OVERFLOW] + books.pending == 30_000
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.parcels")) <= 3_000_000


def test_keys_of_the_dsn_are_in_no_file(transport: NewTransport, tmp_path: Path) -> None:
    """The spool holds envelopes, never the DSN's key outside them."""
    one = transport(f"http://verysecretkey@127.0.0.1:{closed_port()}/1", spool_dir=os.fspath(tmp_path))
    one.send(span_envelope(0))
    assert one.flush(10)

    for path in tmp_path.rglob("*"):
        assert "verysecretkey" not in path.name
        assert path.is_dir() or b"verysecretkey" not in path.read_bytes()
