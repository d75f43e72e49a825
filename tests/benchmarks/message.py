"""What a process of the benchmark says to the one that started it: one JSON object per line."""

from __future__ import annotations

import json
import sys


def say(message: dict[str, object]) -> None:
    """Write a message to standard output, at once."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
