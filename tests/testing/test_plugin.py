"""The pytest plugin: nearly free where it is not used, and no guest that moves the furniture."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import DOCS, blocks

if TYPE_CHECKING:
    from pathlib import Path

OWN_SET_UP = """
import sentry_sdk
from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

own = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(own))
trace.set_tracer_provider(provider)
events = []
sentry_sdk.init(dsn="https://key@sentry.invalid/1", before_send=lambda event, hint: events.append(event),
                traces_sample_rate=1.0, default_integrations=False)
tracer = trace.get_tracer("suite")
before = (provider._active_span_processor._span_processors, propagate.get_global_textmap(), sentry_sdk.get_client())


def as_found():
    now = (provider._active_span_processor._span_processors, propagate.get_global_textmap(), sentry_sdk.get_client())
    return now == before and sentry_sdk.get_client().options["traces_sample_rate"] == 1.0


def test_1_before():
    assert as_found()


def test_2_captured_beside_the_own_exporter(sentry):
    with tracer.start_as_current_span("work"):
        sentry_sdk.capture_message("hello")
    sentry.assert_span("work")
    assert sentry.issues == [] and len(events) == 1  # the application's before_send rules: it returned None
    assert [span.name for span in own.get_finished_spans()] == ["work"]


def test_3_after():
    assert as_found()
    sentry_sdk.init(dsn="https://key@sentry.invalid/1", traces_sample_rate=0.5, default_integrations=False)
    assert sentry_sdk.get_client().options["traces_sample_rate"] == 0.5
    assert "otel_sentry" not in repr(sentry_sdk.get_client().transport)


def test_4_again(sentry):
    with tracer.start_as_current_span("again"):
        pass
    assert [span.name for span in sentry.spans] == ["again"]
"""
APPLICATION = """
import otel_sentry
from opentelemetry import trace

telemetry = otel_sentry.configure(dsn="https://real@sentry.invalid/1")


@telemetry.start_span("mint")
def mint():
    return trace.get_tracer_provider()
"""
OF_THE_APPLICATION = """
from application import mint


def test_it(sentry):
    mint()
    assert [(span.name, span.attributes["sentry.environment"]) for span in sentry.spans] == [("mint", "{environment}")]
"""
UNUSED = """
import sys


def test_it():
    assert not {"opentelemetry", "sentry_sdk", "orjson", "http.server"} & set(sys.modules)
"""
MANY = """
import pytest
from opentelemetry import trace


@pytest.mark.parametrize("number", range(12))
def test_it(number, sentry):
    with trace.get_tracer("dapp").start_as_current_span(f"work {number}"):
        pass
    assert [span.name for span in sentry.spans] == [f"work {number}"]
"""
INI = "[pytest]\nfilterwarnings = error\n"


def run_suite(python: str, folder: Path, files: dict[str, str], *arguments: str) -> str:
    """Run a suite in an interpreter of its own; returns what pytest printed."""
    for name, text in {"pytest.ini": INI, **files}.items():
        (folder / name).write_text(text, encoding="utf-8")
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "SENTRY_", "PYTEST_"))}
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    ended = subprocess.run(command, cwd=folder, env=variables, check=False, capture_output=True, text=True, timeout=120)
    if ended.returncode:
        pytest.fail(f"exit status {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
    return ended.stdout


def test_a_suite_with_a_set_up_of_its_own(bare_python: str, tmp_path: Path) -> None:
    """Provider, propagators, client and its tracing are as they were, before, between and after captures."""
    assert "4 passed" in run_suite(bare_python, tmp_path, {"test_suite.py": OWN_SET_UP})


def test_a_suite_that_does_not_use_it_loads_nothing(bare_python: str, tmp_path: Path) -> None:
    """The plugin imports pytest and no more."""
    assert "1 passed" in run_suite(bare_python, tmp_path, {"test_suite.py": UNUSED})


def test_an_application_that_sends_nothing_is_told(bare_python: str, tmp_path: Path) -> None:
    """It was set up for another backend before the capture could come: no test passes by mistake."""
    application = APPLICATION.replace("dsn=", "traces_exporters='console', dsn=")
    suite = OF_THE_APPLICATION.replace("{environment}", "production")
    files = {"application.py": application, "test_suite.py": suite, "pytest.ini": f"{INI}pythonpath = .\n"}

    with pytest.raises(pytest.fail.Exception, match="set otel_sentry_early = true in the configuration of pytest"):
        run_suite(bare_python, tmp_path, files)


@pytest.mark.parametrize("early", ["true", "false"])
def test_the_application_configures_itself(early: str, bare_python: str, tmp_path: Path) -> None:
    """Its own `configure()` at import, with its real DSN, is led to the capture; the suite's settings hold if early."""
    ini = f"{INI}otel_sentry_early = {early}\notel_sentry_settings =\n    environment=of the suite\n"
    environment = "of the suite" if early == "true" else "production"
    files = {
        "application.py": APPLICATION,
        "test_suite.py": OF_THE_APPLICATION.replace("{environment}", environment),
        "pytest.ini": f"{ini}pythonpath = .\n",
    }

    assert "1 passed" in run_suite(bare_python, tmp_path, files)


def test_the_page_of_the_documentation(bare_python: str, tmp_path: Path) -> None:
    """Its suite runs as it stands."""
    (suite,) = [block for block in blocks(DOCS / "how-to" / "testing.md") if block.what == "suite"]

    assert "1 passed" in run_suite(bare_python, tmp_path, {"test_suite.py": suite.text})


def test_workers_of_xdist_do_not_meet(bare_python: str, tmp_path: Path) -> None:
    """Each captures its own."""
    assert "12 passed" in run_suite(bare_python, tmp_path, {"test_suite.py": MANY}, "-n", "2")


def test_a_setting_without_value_is_a_usage_error(pytestconfig: pytest.Config) -> None:
    """Told before the first test."""
    from otel_sentry.testing.plugin import _settings  # noqa: PLC0415 - white-box

    assert json.dumps(_settings(["a = b", "", "dsn=x=y"])) == '{"a": "b", "dsn": "x=y"}'
    with pytest.raises(pytest.UsageError, match="'early' is not keyword=value"):
        _settings(["early"])
