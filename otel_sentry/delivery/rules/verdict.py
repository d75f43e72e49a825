"""What an answer of Sentry means for the envelope it answers. Pure: a table."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Verdict(Enum):
    """What to do with an envelope."""

    DELIVERED = "delivered"
    LATER = "wait for the limit that the answer tells of"
    RETRY = "try again, less often each time"
    DIVIDE = "send it in smaller pieces, once"
    RECODE = "send it again with the compression every server knows"
    FINAL = "count it as lost"


_BY_STATUS: Final = {
    408: Verdict.RETRY,
    413: Verdict.DIVIDE,
    415: Verdict.RECODE,
    429: Verdict.LATER,
}
_BY_CLASS: Final = {2: Verdict.DELIVERED, 5: Verdict.RETRY}


def verdict(status: int) -> Verdict:
    """Judge an HTTP status. Statuses that no table names are final: sending the same again would not help."""
    return _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, Verdict.FINAL)
