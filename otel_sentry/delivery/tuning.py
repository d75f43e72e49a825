"""The numbers of delivery, in one frozen value. Read nothing from the environment: the settings room does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_sentry.delivery.wire.compression import ZSTD

if TYPE_CHECKING:
    from otel_sentry.delivery.rules.retry import Backoff
    from otel_sentry.delivery.wire.in_flight import Timeouts


@dataclass(frozen=True, slots=True)
class Tuning:
    """How delivery behaves.

    Args:
        in_flight: most connections, hence most requests at once; opened only when needed.
        in_flight_of_backlog: the same while Sentry answers, nothing has failed lately, and fresh envelopes wait for a
            second all the same.
        max_bytes: memory for parcels that wait; beyond it the least important leave and are counted.
        max_age_seconds: what could not be delivered for so long is given up and counted.
        encoding: `zstd` (gzip where no library is installed, or where the server does not know it), `gzip`, or empty.
        spool_dir: folder that survives the process; None for none.
        spool_max_bytes: most bytes in it.
        spool_after_seconds: what is not acknowledged after so long is written to the spool.
        spool_patrol_seconds: how often files of dead processes are looked for.
        report_seconds: shortest time between two client reports.
        log_seconds: shortest time between two log lines about losses.
        timeouts: of connections and requests; None for their own defaults.
        backoff: of retries; None for its own defaults.
        private: takes secrets and wallets out of what sentry-sdk sends, given item type and payload; what is ours has
            lost them before.
    """

    in_flight: int = 16
    in_flight_of_backlog: int = 32
    max_bytes: int = 64 << 20
    max_age_seconds: float = 86_400.0
    encoding: str = ZSTD
    spool_dir: str | None = None
    spool_max_bytes: int = 256 << 20
    spool_after_seconds: float = 0.25
    spool_patrol_seconds: float = 10.0
    report_seconds: float = 30.0
    log_seconds: float = 60.0
    timeouts: Timeouts | None = None
    backoff: Backoff | None = None
    private: Callable[[str, Any], Any] | None = None
