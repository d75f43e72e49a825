"""A fleet of processes on a virtual clock: the real retry, limit and pacing code, an invented network.

`python -m tests.delivery.rules.fleet` prints the figures of the capacity page.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from otel_sentry.delivery.rules.pacing import Backlog
from otel_sentry.delivery.rules.traffic import Traffic
from otel_sentry.delivery.rules.verdict import Verdict
from otel_sentry.delivery.wire.message import Answer
from otel_sentry.protocol.item_kinds import Category

if TYPE_CHECKING:
    from collections.abc import Callable

OK = Answer(200, {})


@dataclass(slots=True)
class Process:
    """One sender: its lights and the backlog it carries."""

    traffic: Traffic
    backlog: list[float] = field(default_factory=list)
    sent: int = 0
    waking_at: float | None = None
    attempts: int = 0
    resting_until: float = 0.0

    @property
    def state(self) -> Backlog:
        """What the lights are told of the backlog."""
        left = len(self.backlog) - self.sent
        if not left:
            return Backlog()
        first, middle = self.backlog[self.sent], self.backlog[self.sent + left // 2]
        return Backlog.arrived(left, first=first, middle=middle, last=self.backlog[-1])


@dataclass(slots=True)
class Fleet:
    """Processes that each send `rate` envelopes per second, and a Sentry that answers by `server`.

    Args:
        size: processes.
        rate: envelopes per second and process.
        server: answer to a request at a second, None for no answer at all.
        seed: of all chance.
    """

    size: int
    rate: float
    server: Callable[[float], Answer | None]
    seed: int = 1
    requests: Counter[int] = field(default_factory=Counter)
    delivered: int = 0
    created: int = 0
    oldest_delay: float = 0.0
    drained_at: float = 0.0

    def run(self, until: float) -> None:
        """Let the clock run from 0 to `until` seconds."""
        chance = random.Random(self.seed)  # noqa: S311  repeatable on purpose
        processes = [Process(Traffic(chance.random)) for _ in range(self.size)]
        events = [(chance.expovariate(self.rate), number, True) for number in range(self.size)]
        heapq.heapify(events)
        while events:
            now, number, arrival = heapq.heappop(events)
            if now > until:
                break
            process = processes[number]
            if arrival:
                heapq.heappush(events, (now + chance.expovariate(self.rate), number, True))
                self._arrive(process, now)
            else:
                process.waking_at = None
            self._work_off(process, now)
            self._sleep(process, number, now, events)

    def _arrive(self, process: Process, now: float) -> None:
        self.created += 1
        process.traffic.arrived()
        if process.traffic.is_late(Category.SPAN, now) or not self._ask(process, now):
            process.backlog.append(now)
        else:
            self.delivered += 1

    def _work_off(self, process: Process, now: float) -> None:
        while (
            now >= process.resting_until
            and process.traffic.allowed(Category.SPAN, now)
            and process.traffic.backlog_may_go(process.state, now)
        ):
            process.traffic.backlog_sent(now)
            if not self._ask(process, now):
                return
            self.oldest_delay = max(self.oldest_delay, now - process.backlog[process.sent])
            process.sent += 1
            self.delivered += 1
            if process.sent == len(process.backlog):
                process.backlog, process.sent = [], 0
                process.traffic.backlog_changed()
                self.drained_at = now

    def _ask(self, process: Process, now: float) -> bool:
        """One request; whether it was acknowledged."""
        self.requests[int(now)] += 1
        process.traffic.started()
        answer = self.server(now)
        if answer is None:
            process.traffic.failed(now, unreachable=True)
            return False
        judged = process.traffic.answered(answer, now, 1_795_324_768.0 + now)
        if judged is Verdict.RETRY:
            process.attempts += 1
            process.resting_until = now + process.traffic.retry_delay(process.attempts)
        elif judged is Verdict.DELIVERED:
            process.attempts, process.resting_until = 0, 0.0
        return judged is Verdict.DELIVERED

    def _sleep(self, process: Process, number: int, now: float, events: list[tuple[float, int, bool]]) -> None:
        """Wake the process when its lights may change, as the delivery thread does."""
        if not process.state.number:
            return
        change = process.traffic.next_change(now)
        at = max(change if change is not None else now, process.resting_until, now + 0.001)
        if process.waking_at is None or at < process.waking_at:
            process.waking_at = at
            heapq.heappush(events, (at, number, False))

    def peak(self, start: float, end: float, window: int = 5) -> float:
        """Most requests per second in any window of so many seconds."""
        return max(
            sum(self.requests[second + offset] for offset in range(window)) / window
            for second in range(int(start), int(end) - window)
        )


def outage(seconds: float, *, begin: float = 0.0) -> Callable[[float], Answer | None]:
    """A Sentry that does not answer for a while."""
    return lambda now: None if begin <= now < begin + seconds else OK


def refusing(seconds: float, answer: Answer) -> Callable[[float], Answer | None]:
    """A Sentry that says the same to everybody for a while."""
    return lambda now: answer if now < seconds else OK


def main() -> None:
    """Print what the docs show."""
    cases: list[tuple[str, float, Callable[[float], Answer | None]]] = [
        ("outage of 10 min", 600, outage(600)),
        ("outage of 1 h", 3600, outage(3600)),
        ("503 for 10 min", 600, refusing(600, Answer(503, {}))),
        ("429 for 10 min", 600, refusing(600, Answer(429, {"retry-after": "60"}))),
    ]
    for name, seconds, server in cases:
        fleet = Fleet(10_000, 0.05, server)
        fleet.run(seconds * 3)
        figures = (
            f"usual {fleet.size * fleet.rate:.0f}/s",
            f"peak while down {fleet.peak(0, seconds, window=15):.0f}/s",
            f"peak afterwards {fleet.peak(seconds, seconds * 2.9):.0f}/s",
            f"backlog gone after {fleet.drained_at - seconds:.0f} s",
            f"oldest arrived {fleet.oldest_delay:.0f} s late",
        )
        print(f"{name}: {', '.join(figures)}")  # noqa: T201  a script


if __name__ == "__main__":
    main()
