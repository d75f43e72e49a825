"""Regular expressions that are compiled when they are first used: compiling all would be a tenth of the start. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial


def lazy_pattern(source: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """What gives the pattern, compiled once.

    Args:
        source: as for `re.compile`, which raises only when it is needed; a test compiles all of them.
        flags: the same.
    """
    return cache(partial(re.compile, source, flags))
