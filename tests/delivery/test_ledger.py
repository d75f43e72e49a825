"""The books."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.delivery.ledger import Ledger
from otel_sentry.protocol.item_kinds import Category, LossReason

SPAN, ERROR = Category.SPAN, Category.ERROR


def test_books_what_becomes_of_items() -> None:
    """Created is delivered, dropped for a reason, or pending."""
    ledger = Ledger()
    ledger.accept([(SPAN, 10), (ERROR, 1)])
    ledger.deliver([(SPAN, 4)])
    ledger.drop(LossReason.SEND_ERROR, [(SPAN, 3)])
    ledger.lose(LossReason.SAMPLE_RATE, [(SPAN, 5)])
    books = ledger.snapshot()

    assert (books[SPAN].created, books[SPAN].delivered, books[SPAN].pending) == (15, 4, 3)
    assert books[SPAN].dropped == {LossReason.SEND_ERROR: 3, LossReason.SAMPLE_RATE: 5}
    assert (books[ERROR].created, books[ERROR].pending) == (1, 1)


def test_sees_what_waits_before_delivery() -> None:
    """Items in a queue of another room are created and pending."""
    ledger = Ledger()
    ledger.watch(SPAN, lambda: 7)
    ledger.watch(SPAN, lambda: 1)
    ledger.watch(ERROR, lambda: 0)

    assert (ledger.snapshot()[SPAN].created, ledger.snapshot()[SPAN].pending) == (8, 8)
    assert ERROR not in ledger.snapshot()


def test_a_report_is_told_once() -> None:
    """Losses go into one report; what did not arrive goes into the next."""
    ledger = Ledger()
    key = (SPAN, LossReason.SAMPLE_RATE)
    ledger.lose(LossReason.SAMPLE_RATE, [(SPAN, 5)])
    first = ledger.take_unreported()
    assert (first, ledger.has_unreported, ledger.untold()) == ({key: 5}, False, {key: 5})
    ledger.lose(LossReason.SAMPLE_RATE, [(SPAN, 1)])
    ledger.give_back(first)
    second = ledger.take_unreported()
    ledger.told(second)

    assert (second, ledger.untold(), ledger.has_unreported) == ({key: 6}, {}, False)


def test_losses_that_sentry_knows_are_not_reported() -> None:
    """A 429 was counted by Sentry itself."""
    ledger = Ledger()
    ledger.accept([(SPAN, 5)])
    ledger.drop(LossReason.RATELIMIT_BACKOFF, [(SPAN, 5)], known_to_sentry=True)

    assert not ledger.has_unreported
    assert ledger.snapshot()[SPAN].dropped == {LossReason.RATELIMIT_BACKOFF: 5}


def test_tells_losses_of_some_reasons() -> None:
    """The log line leaves out what was dropped on purpose."""
    ledger = Ledger()
    ledger.lose(LossReason.SAMPLE_RATE, [(SPAN, 5)])
    ledger.lose(LossReason.QUEUE_OVERFLOW, [(SPAN, 2)])

    assert ledger.dropped({LossReason.QUEUE_OVERFLOW}) == {(SPAN, LossReason.QUEUE_OVERFLOW): 2}


def test_threads_lose_no_booking() -> None:
    """Eight threads book at once; the sums are exact."""
    ledger = Ledger()

    def book() -> None:
        for _ in range(5000):
            ledger.accept([(SPAN, 2)])
            ledger.deliver([(SPAN, 1)])
            ledger.drop(LossReason.SEND_ERROR, [(SPAN, 1)])

    threads = [threading.Thread(target=book) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert all(balance.balanced for balance in ledger.snapshot().values())
    books = ledger.snapshot()[SPAN]

    assert (books.created, books.delivered, books.pending) == (80_000, 40_000, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_books_of_its_own() -> None:
    """A child does not account for what its parent created."""
    ledger = Ledger()
    ledger.accept([(SPAN, 5)])
    child = os.fork()
    if not child:
        os._exit(0 if ledger.snapshot() == {} and not ledger.has_unreported else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ledger.snapshot()[SPAN].pending == 5


bookings = st.lists(
    st.tuples(
        st.sampled_from(["accept", "deliver", "drop", "lose"]), st.sampled_from(list(Category)), st.integers(0, 9)
    )
)


@given(bookings)
def test_the_books_always_balance(steps: list[tuple[str, Category, int]]) -> None:
    """After every booking, created = delivered + dropped + pending, in every category."""
    ledger = Ledger()
    for step, category, number in steps:
        counts = [(category, number)]
        if step == "accept":
            ledger.accept(counts)
        elif step == "deliver":
            ledger.deliver(counts)
        elif step == "drop":
            ledger.drop(LossReason.SEND_ERROR, counts)
        else:
            ledger.lose(LossReason.SAMPLE_RATE, counts)

        assert all(balance.balanced for balance in ledger.snapshot().values())
