"""Loggers of this package, whose lines pass the mask: messages, arguments, tracebacks.

A filter on a logger sees only what is logged there, so each of our loggers asks those of `otel_sentry`.
"""

from __future__ import annotations

import logging
from typing import Final

from otel_sentry.masking.mask import SecretMask

ROOT: Final = "otel_sentry"


class MaskingFilter(logging.Filter):
    """Takes secrets out of records.

    Args:
        mask: how.
    """

    def __init__(self, mask: SecretMask) -> None:
        super().__init__()
        self._mask = mask

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask a record in place, before any handler sees it; never raises, lets all pass."""
        try:
            self._apply(record)
        except Exception:  # noqa: BLE001 - arguments that do not fit their template: `logging` says so itself
            return True
        return True

    def _apply(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        masked = self._mask.text(said)
        if masked != said:
            record.msg, record.args = masked, None
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            traceback = logging.Formatter().formatException(record.exc_info)
            record.exc_text = self._mask.text(traceback)
            if record.exc_text != traceback:
                record.exc_info = None  # other handlers would format it anew


class _AsRoot(logging.Filter):
    """Applies the filters of `otel_sentry`; before there are any, the built-in rules."""

    def __init__(self) -> None:
        super().__init__()
        self._default: MaskingFilter | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        filters = [one for one in logging.getLogger(ROOT).filters if isinstance(one, MaskingFilter)]
        if filters:
            return all(one.filter(record) for one in filters)
        if self._default is None:
            self._default = MaskingFilter(SecretMask())
        return self._default.filter(record)


def own_logger(name: str) -> logging.Logger:
    """The logger `name`, which is one of ours; what it logs holds no secrets."""
    logger = logging.getLogger(name)
    if not any(isinstance(one, _AsRoot) for one in logger.filters):
        logger.addFilter(_AsRoot())
    return logger


def mask_own_log(mask: SecretMask) -> None:
    """Let our loggers go by this mask, in the place of an earlier one."""
    root = logging.getLogger(ROOT)
    for one in [one for one in root.filters if isinstance(one, MaskingFilter)]:
        root.removeFilter(one)
    root.addFilter(MaskingFilter(mask))
