"""The exit's one deadline: it can only come nearer, and everybody who waits shares it."""

from __future__ import annotations

from otel_sentry.delivery.outbox import OutgoingEnvelope
from otel_sentry.protocol.item_kinds import Category, LossReason
from otel_sentry.setup.exit_budget import ExitBudget


class Recorder:
    """An outbox that writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def send(self, envelope: OutgoingEnvelope) -> None:
        self.asked.append(envelope)

    def send_all(self, envelopes: list[OutgoingEnvelope]) -> None:
        for envelope in envelopes:
            self.send(envelope)

    def lost(self, reason: LossReason, category: Category, quantity: int) -> None:
        self.asked.append((reason, category, quantity))

    def flush(self, timeout: float) -> bool:
        self.asked.append(timeout)
        return True

    def close(self, timeout: float) -> bool:
        self.asked.append(timeout)
        return False


class Clock:
    """Stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_before_exit_everybody_waits_as_long_as_they_want() -> None:
    """Nothing is shortened while the process lives."""
    recorder = Recorder()
    budget = ExitBudget(recorder, Clock())

    assert budget.flush(30.0)
    assert not budget.close(7.0)
    assert recorder.asked == [30.0, 7.0]


def test_at_exit_all_waits_together_keep_to_the_limit() -> None:
    """Who comes later has what is left, and nothing when nothing is left."""
    recorder, clock = Recorder(), Clock()
    budget = ExitBudget(recorder, clock)
    budget.begin(2.0)
    budget.flush(30.0)
    clock.now += 1.5
    budget.flush(30.0)
    clock.now += 1.0
    budget.flush(30.0)

    assert recorder.asked == [2.0, 0.5, 0.0]


def test_the_deadline_is_never_put_off() -> None:
    """A second departure with more time does not lengthen the first."""
    clock = Clock()
    budget = ExitBudget(Recorder(), clock)
    budget.begin(2.0)
    clock.now += 1.0
    budget.begin(5.0)

    assert budget.left(10.0) == 1.0
    budget.begin(0.25)

    assert budget.left(10.0) == 0.25


def test_the_rest_is_passed_on() -> None:
    """Envelopes and losses reach the outbox as they are."""
    recorder = Recorder()
    budget = ExitBudget(recorder)
    envelope = OutgoingEnvelope({}, {}, b"", Category.SPAN)
    budget.send(envelope)
    budget.lost(LossReason.SAMPLE_RATE, Category.SPAN, 3)

    assert recorder.asked == [envelope, (LossReason.SAMPLE_RATE, Category.SPAN, 3)]
