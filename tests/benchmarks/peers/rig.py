"""What a peer is once it has been set up in a process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.dialects import Dialect

DELIVERY_SECONDS: Final = 120.0
"""How long a peer may take to hand over what it holds once the load has ended."""


@dataclass(frozen=True)
class Rig:
    """A peer ready for load.

    Attributes:
        dialect: How the workload speaks to it.
        deliver: Returns when all that it still holds has been sent or given up.
    """

    dialect: Dialect
    deliver: Callable[[], object]


def dsn(url: str) -> str:
    """Return the DSN of project 1 at the sink."""
    return url.replace("http://", "http://benchmark@") + "/1"
