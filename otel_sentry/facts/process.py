"""Which process is asked: command, interpreter, the servers and patches around it that matter for threads and forks."""

from __future__ import annotations

import multiprocessing
import os
import platform
import sys
from typing import Any, Final

from otel_sentry.facts.facts import ProcessFacts
from otel_sentry.masking.mask import SecretMask

_LONGEST_COMMAND: Final = 200
_ZERO_CODE: Final = "opentelemetry.instrumentation.auto_instrumentation"


def process_facts(*, set_up: bool) -> ProcessFacts:
    """Of this process.

    Args:
        set_up: whether otel_sentry is set up in it.
    """
    return ProcessFacts(
        pid=os.getpid(),
        command=SecretMask().text(" ".join(sys.argv))[:_LONGEST_COMMAND],
        python=platform.python_version(),
        start_method=multiprocessing.get_start_method(allow_none=True) or "",
        hosts=tuple(_hosts()),
        zero_code=any(name.startswith(_ZERO_CODE) for name in sys.modules),
        set_up=set_up,
    )


def _hosts() -> list[str]:
    found = []
    uwsgi: Any = sys.modules.get("uwsgi")
    if uwsgi is not None:
        options = getattr(uwsgi, "opt", {})
        threads = options.get("enable-threads") or options.get(b"enable-threads") or options.get("threads")
        found.append("uwsgi" if threads else "uwsgi without threads")
    monkey: Any = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        found.append("gevent")
    return found
