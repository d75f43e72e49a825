"""With default settings a burst that no Sentry could take at once is taken by the queue, and arrives."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

BURST = 40_000


def test_a_burst_of_forty_thousand_spans_loses_nothing(receiver: Receiver) -> None:
    """All reach the embedded Sentry, each once, and the books know it."""
    command = [sys.executable, "-m", "tests.delivery.load.feeding", receiver.dsn, str(BURST), "0"]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    told = json.loads(out)

    assert (told["flushed"], told["delivered"], told["dropped"]) == (True, BURST, 0)
    assert len(receiver.spans) == BURST
