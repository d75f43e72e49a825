"""When the delivery thread takes its time; what becomes of parcels is shown by whole schedules and real servers."""

from __future__ import annotations

from tests.delivery.parcels import span_envelope
from tests.delivery.virtual import CAPACITY, Process, World


def test_answers_wait_for_each_other_only_at_leisure() -> None:
    """Not where something waits for a connection, nor where somebody waits for a flush."""
    process = Process(World(1), None)
    for number in range(CAPACITY + 3):
        process.send(span_envelope(number))
    process.run(5.0)
    polls = set(process.carrier.gathered)
    process.carrier.gathered.clear()
    for number in range(3):
        process.send(span_envelope(100 + number))
    process.flush(5.0)

    assert {gathers for under_way, gathers in polls if under_way} == {True, False}
    assert process.carrier.gathered
    assert not any(gathers for _, gathers in process.carrier.gathered)
