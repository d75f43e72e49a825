"""What `logging` records as OpenTelemetry's log records, whatever the application hands over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from otel_sentry.otel.logging_handler import TemplateHandler


class Refusing:
    """An object that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Shop:
    """A logger with our handler, and what it recorded."""

    def __init__(self, name: str = "tests.shop") -> None:
        self._exporter = InMemoryLogRecordExporter()
        provider = LoggerProvider(shutdown_on_exit=False)
        provider.add_log_record_processor(SimpleLogRecordProcessor(self._exporter))
        self.handler = TemplateHandler(provider)
        self.log = logging.getLogger(name)
        self.log.setLevel(1)
        self.log.propagate = False
        self.log.addHandler(self.handler)

    @property
    def records(self) -> list[Any]:
        """Records so far."""
        return [finished.log_record for finished in self._exporter.get_finished_logs()]

    @property
    def record(self) -> Any:
        """The only one."""
        (record,) = self.records
        return record


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.log.removeHandler(made.handler)


def test_template_parameters_and_place(shop: Shop) -> None:
    """Message, what it was made of, where, and what came as extra."""
    shop.log.info("sold %s for %d", "owl", 7, extra={"chain": 1, "nothing": None})
    attributes = dict(shop.record.attributes)

    assert shop.record.body == "sold owl for 7"
    assert attributes["sentry.message.template"] == "sold %s for %d"
    assert (attributes["sentry.message.parameter.0"], attributes["sentry.message.parameter.1"]) == ("owl", 7)
    assert (attributes["code.function.name"], attributes["chain"]) == ("test_template_parameters_and_place", 1)
    assert "nothing" not in attributes


@pytest.mark.parametrize(
    ("level", "number", "text"),
    [
        pytest.param(logging.CRITICAL, SeverityNumber.FATAL, "FATAL", id="critical"),
        pytest.param(45, SeverityNumber.ERROR, "ERROR", id="between"),
        pytest.param(logging.WARNING, SeverityNumber.WARN, "WARN", id="warning"),
        pytest.param(logging.DEBUG, SeverityNumber.DEBUG, "DEBUG", id="debug"),
        pytest.param(5, SeverityNumber.TRACE, "TRACE", id="below debug"),
    ],
)
def test_severity(shop: Shop, level: int, number: SeverityNumber, text: str) -> None:
    """Levels of one's own count as the one below them."""
    shop.log.log(level, "x")

    assert (shop.record.severity_number, shop.record.severity_text) == (number, text)


def test_extras_that_refuse_to_be_shown(shop: Shop) -> None:
    """Cost no line: what they are is said in their place, also deep inside; what nests without end is cut."""
    endless: list[Any] = []
    endless.append(endless)
    shop.log.info("sold", extra={"buyer": Refusing(), "deep": {"list": [Refusing(), 1]}, "endless": endless})
    attributes = dict(shop.record.attributes)

    assert attributes["buyer"] == "<Refusing that cannot be shown>"
    assert attributes["deep"]["list"][0] == "<Refusing that cannot be shown>"
    assert "endless" in attributes


@pytest.mark.parametrize(
    ("template", "arguments"),
    [
        pytest.param("sold %d", ("owl",), id="wrong kind"),
        pytest.param("sold %s %s", ("owl",), id="too few"),
        pytest.param("sold %s", (Refusing(),), id="refuses"),
    ],
)
def test_arguments_that_do_not_fit(shop: Shop, template: str, arguments: tuple[Any, ...]) -> None:
    """The template is the message then."""
    shop.handler.handle(logging.LogRecord("tests.shop", logging.INFO, __file__, 1, template, arguments, None))

    assert shop.record.body == template


def fail(shop: Shop, error: Exception) -> None:
    """Log an exception where it is caught."""
    try:
        raise error
    except type(error):
        shop.log.exception("failed")


def test_exception(shop: Shop) -> None:
    """Type, message and traceback; of one that refuses to be shown, what can be had."""
    fail(shop, ValueError("boom"))
    fail(shop, type("SilentError", (Exception,), {"__str__": Refusing.__str__})())
    told, silent = (dict(record.attributes) for record in shop.records)

    assert (told["exception.type"], told["exception.message"]) == ("ValueError", "boom")
    assert told["exception.stacktrace"].endswith("ValueError: boom\n")
    assert silent["exception.message"] == "<SilentError that cannot be shown>"


def test_own_loggers_and_suppressed_work_are_left_out(shop: Shop) -> None:
    """A log about a log that was lost would be lost as well."""
    with suppress_instrumentation():
        shop.log.info("suppressed")
    own = Shop("opentelemetry.attributes.tests")
    own.log.warning("an attribute was dropped")
    own.log.removeHandler(own.handler)

    assert shop.records == own.records == []
