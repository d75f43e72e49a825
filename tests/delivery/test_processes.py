"""Processes that fork, die and inherit, against the embedded Sentry."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from otel_sentry.local.receiver import Receiver, Reply
from otel_sentry.protocol.item_kinds import Category
from tests.delivery.conftest import wait_until
from tests.delivery.servers import closed_port
from tests.delivery.test_transport import reported, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_sentry.delivery.transport import SentryTransport

    NewTransport = Callable[..., SentryTransport]

WORKER = Path(__file__).parent / "worker.py"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that fork")


def start(dsn: str, spool_dir: str, role: str, number: int = 0) -> subprocess.Popen[str]:
    """Start a worker."""
    return subprocess.Popen(
        [sys.executable, os.fspath(WORKER), dsn, spool_dir, role, str(number)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(worker: subprocess.Popen[str]) -> list[int]:
    """Numbers that a worker handed over before it ended."""
    out, err = worker.communicate(timeout=60)
    assert worker.returncode in (0, -9), err
    return [int(line) for line in out.split()]


def arrived(receiver: Receiver) -> Counter[int]:
    """Numbers of envelopes that arrived."""
    return Counter(int(span["span_id"], 16) // 1000 - 1 for span in receiver.spans)


@pytest.fixture
def comeback() -> Iterator[Receiver]:
    """A Sentry that is down and comes back on the same port, with the same key, when started."""
    one = Receiver(port=closed_port())
    yield one
    one.stop()


def test_what_a_killed_process_spooled_arrives(comeback: Receiver, transport: NewTransport, tmp_path: Path) -> None:
    """Four processes share a spool in an outage and are killed; a fifth delivers everything, each once."""
    spool = os.fspath(tmp_path)
    workers = [start(comeback.dsn, spool, "die", number * 100) for number in range(4)]
    handed_over = [number for worker in workers for number in finish(worker)]
    comeback.start()
    heir = transport(comeback.dsn, spool_dir=spool)
    heir.send(spans(comeback, 1000))
    wait_until(lambda: len(comeback.spans) >= 81, 60)
    wait_until(lambda: heir.ledger.snapshot()[Category.SPAN].pending == 0)

    assert len(handed_over) == 80
    assert arrived(comeback) == Counter([*handed_over, 1000])
    assert list(tmp_path.rglob("*.parcels")) == []


@pytest.mark.parametrize("reply", [None, Reply(500), Reply(200, delay_seconds=0.3)], ids=["healthy", "500", "slow"])
def test_killed_at_any_moment(receiver: Receiver, transport: NewTransport, tmp_path: Path, reply: Reply | None) -> None:
    """Whenever SIGKILL comes, what had been handed over arrives; doubled is only what was just under way."""
    spool = os.fspath(tmp_path)
    chance = random.Random(7)  # noqa: S311  repeatable on purpose
    handed_over: list[int] = []
    receiver.behaviour = lambda posted: reply if chance.random() < 0.5 else None
    for turn in range(4):
        worker = start(receiver.dsn, spool, "steady", turn * 10_000)
        assert worker.stdout is not None
        handed_over.append(int(worker.stdout.readline()))
        time.sleep(chance.random())
        worker.kill()
        handed_over += finish(worker)
    receiver.behaviour = None
    heir = transport(receiver.dsn, spool_dir=spool)
    heir.send(spans(receiver, 900_000))
    wait_until(lambda: not set(handed_over) - set(arrived(receiver)), 60)
    wait_until(lambda: heir.ledger.snapshot()[Category.SPAN].pending == 0, 60)
    numbers = arrived(receiver)

    assert handed_over
    doubled = sum(count - 1 for number, count in numbers.items())
    assert doubled <= 4 * 16


def test_a_heir_reports_the_losses_of_the_dead(comeback: Receiver, transport: NewTransport, tmp_path: Path) -> None:
    """Losses that a killed process could not report are reported by the next."""
    spool = os.fspath(tmp_path)
    finish(start(comeback.dsn, spool, "losses"))
    comeback.start()
    heir = transport(comeback.dsn, spool_dir=spool)
    heir.send(spans(comeback, 1000))
    wait_until(lambda: len(comeback.spans) == 2)
    wait_until(lambda: heir.flush(5) and reported(comeback))

    assert reported(comeback) == {("span", "queue_overflow"): 7}
    assert heir.ledger.snapshot()[Category.SPAN].dropped == {}


def test_forked_children_deliver_theirs_and_nothing_else(receiver: Receiver) -> None:
    """Fork with threads running: no envelope twice, none of the parent's from a child, none lost."""
    numbers = finish(start(receiver.dsn, "", "fork"))
    wait_until(lambda: len(receiver.spans) >= len(numbers))

    assert len(numbers) > 50
    assert arrived(receiver) == Counter(numbers)


def test_forked_children_have_a_spool_of_their_own(receiver: Receiver, tmp_path: Path) -> None:
    """The same with a spool: what is the parent's stays the parent's, and nothing is left behind."""
    receiver.behaviour = lambda posted: Reply(500) if posted.number % 3 == 0 else None
    numbers = finish(start(receiver.dsn, os.fspath(tmp_path), "fork"))
    left = list(tmp_path.rglob("*.parcels"))
    wait_until(lambda: len(receiver.spans) >= len(numbers) or left)
    found = arrived(receiver)

    assert set(found) <= set(numbers)
    # A child that leaves by os._exit after its flush may leave a request under way behind: that one is sent again.
    assert {number for number, count in found.items() if count > 1} <= set(range(10_000, 10_008))


def test_a_process_forked_behind_pythons_back_starts_over(receiver: Receiver, transport: NewTransport) -> None:
    """Where fork runs no hook (uWSGI forks in C), the process id tells."""
    one = transport(receiver.dsn)
    one.send(spans(receiver, 0))
    assert one.flush(10)
    before = one._courier._thread
    one._courier._pid = -1  # what a child finds
    one.send(spans(receiver, 1))

    assert one.flush(10)
    assert one._courier._thread is not before
    assert arrived(receiver) == Counter([0, 1])


@pytest.mark.parametrize("role", ["exit", "atexit"])
def test_a_leaving_interpreter_delivers(receiver: Receiver, role: str) -> None:
    """A script that ends has delivered, even if its first envelope came while the interpreter was leaving."""
    numbers = finish(start(receiver.dsn, "", role))

    assert numbers
    assert arrived(receiver) == Counter(numbers)


@pytest.mark.skipif(importlib.util.find_spec("gevent") is None, reason="gevent is not installed")
def test_gevent_is_welcome(receiver: Receiver) -> None:
    """With everything patched, delivery neither hangs nor loses."""
    numbers = finish(start(receiver.dsn, "", "gevent"))

    assert arrived(receiver) == Counter(numbers)
    assert len(numbers) == 20
