"""Fixtures for every room: the embedded Sentry as the one fake Sentry of all tests."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from otel_sentry.local.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _served() -> Iterator[Receiver]:
    """One server for the whole run: starting and stopping one costs a third of a second."""
    with Receiver(port=0) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def _test_keys() -> Iterator[str]:
    """A new public key for each test."""
    return (f"test{number}" for number in itertools.count(1))


@pytest.fixture
def receiver(_served: Receiver, _test_keys: Iterator[str]) -> Iterator[Receiver]:
    """An empty embedded Sentry with a DSN of its own; at the end nothing may have been refused.

    What an earlier test still sends carries another key and is turned away. A test that provokes problems looks at them
    with `receiver.take_problems()`.
    """
    _served.reset(public_key=next(_test_keys))
    yield _served
    problems = [str(problem) for problem in _served.take_problems()]
    _served.reset(public_key=next(_test_keys))

    assert problems == []
