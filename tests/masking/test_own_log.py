"""What this package logs holds no secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from otel_sentry.masking.mark import MASK
from otel_sentry.masking.mask import SecretMask
from otel_sentry.masking.own_log import ROOT, mask_own_log, own_logger
from otel_sentry.masking.patterns import parsed_patterns

URL = "https://mainnet.infura.io/v3/9aa3d95b3bc440fa88ea12eaa4456161"


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    root = logging.getLogger(ROOT)
    before = list(root.filters)
    root.filters.clear()
    yield own_logger("otel_sentry.test_own_log")
    root.filters[:] = before


def test_masks_message_and_arguments(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    """However the line is put together."""
    logger.error("cannot reach %s", URL)
    logger.error("plain %s", "words")

    assert caplog.messages == [f"cannot reach https://mainnet.infura.io/v3/{MASK}", "plain words"]


def test_masks_tracebacks(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    """The exception's own text as well."""
    for url in (URL, "nothing"):
        logger.error("failed", exc_info=ValueError(url))

    assert "9aa3d95b" not in caplog.text
    assert f"ValueError: https://mainnet.infura.io/v3/{MASK}" in caplog.text
    assert "ValueError: nothing" in caplog.text


def test_leaves_a_line_that_does_not_fit_its_arguments(logger: logging.Logger) -> None:
    """`logging` complains about it itself."""
    record = logger.makeRecord(logger.name, logging.INFO, "", 0, "%d", ("x",), None)

    assert logger.filter(record)


def test_goes_by_the_application_s_patterns(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    """From `configure()` on; a later mask replaces the earlier one."""
    mask_own_log(SecretMask(parsed_patterns(["OLD-1"], "")))
    mask_own_log(SecretMask(parsed_patterns([r"ACME-\d"], "")))
    own_logger(logger.name).error("voucher ACME-7 OLD-1")

    assert caplog.messages == [f"voucher {MASK} OLD-1"]
