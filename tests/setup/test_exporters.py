"""Which exporters are meant."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import ConsoleSpanExporter

from otel_sentry.errors import InvalidSetting
from otel_sentry.settings.settings import Settings
from otel_sentry.setup.exporters import LOGS, TRACES, exporters_of, reaches_sentry, traces_exporters

DSN = "http://key@host/1"


@pytest.mark.parametrize(
    ("keywords", "names", "is_sentry"),
    [
        pytest.param({}, (), False, id="nothing"),
        pytest.param({"dsn": DSN}, ("sentry",), True, id="DSN alone"),
        pytest.param({"dsn": DSN, "traces_exporters": "otlp"}, ("otlp",), False, id="swapped out"),
        pytest.param({"dsn": DSN, "traces_exporters": "none"}, (), False, id="none"),
        pytest.param({"dsn": DSN, "traces_exporters": "otlp,sentry"}, ("otlp", "sentry"), True, id="both"),
        pytest.param({"traces_exporters": "sentry"}, ("sentry",), False, id="no DSN"),
        pytest.param({"dsn": DSN, "errors_only": True}, (), True, id="errors only"),
        pytest.param(
            {"dsn": DSN, "errors_only": True, "traces_exporters": "otlp"},
            ("otlp",),
            True,
            id="errors only, spans elsewhere",
        ),
    ],
)
def test_settings_say_where_spans_go(keywords: dict[str, Any], names: tuple[str, ...], is_sentry: bool) -> None:
    """A DSN alone means Sentry; named exporters rule; issues alone keep spans elsewhere."""
    settings = Settings.from_env({}, **keywords)

    assert (names, is_sentry) == (traces_exporters(settings), reaches_sentry(settings))


@pytest.mark.parametrize(
    ("names", "protocol", "expected"),
    [
        pytest.param(["otlp"], "http/protobuf", (OTLPSpanExporter,), id="OTLP by protocol"),
        pytest.param(["otlp", "console"], None, (OTLPSpanExporter, ConsoleSpanExporter), id="OTLP that is installed"),
        pytest.param(["otlp_proto_http"], "grpc", (OTLPSpanExporter,), id="entry point by name"),
        pytest.param(["none"], None, (), id="none"),
    ],
)
def test_names_become_exporters(names: list[str], protocol: str | None, expected: tuple[type, ...]) -> None:
    """Names are entry points; `otlp` is the one of its protocol."""
    assert expected == exporters_of(TRACES, names, protocol)


def test_each_signal_has_its_own_exporters() -> None:
    """An unknown name is refused with the variable of its signal."""
    with pytest.raises(InvalidSetting, match="OTEL_LOGS_EXPORTER='jaegr'"):
        exporters_of(LOGS, ["jaegr"], None)
