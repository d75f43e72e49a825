"""Fixtures for every room: the embedded Sentry as the one fake Sentry of all tests."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from otel_sentry.local.receiver import Receiver
from tests.bare_interpreter import bare_interpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# No test asserts times, and so do Hypothesis' own checks not.
settings.register_profile("otel_sentry", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("otel_sentry"), max_examples=100_000)
settings.load_profile("otel_sentry")

GOLDEN = Path(__file__).parent / "golden"
_INNERMOST = re.compile(r"\{\n\s+([^{}\[\]]*?)\n\s+\}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes the golden files anew; read the difference before you commit it."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/*.json anew")


SLOW = (
    "browser/test_dapp_in_browser.py",
    "docs/test_tutorial.py",
    "delivery/rules/test_fleet.py",
    "delivery/test_bursts.py",
    "delivery/test_disk_faults.py",
    "delivery/test_faults.py",
    "delivery/test_processes.py",
    "delivery/test_schedules.py",
    "doctor/test_command.py",
    "examples/test_demo.py",
    "issues/test_bad_input.py",
    "issues/test_issue_cost.py",
    "issues/test_issue_matrix.py",
    "local/page/test_page_access.py",
    "local/page/test_page_use.py",
    "local/page/test_page_views.py",
    "masking/test_secret_scan.py",
    "otel/test_propagator_soak.py",
    "otel/test_three_processes.py",
    "setup/test_backends.py",
    "setup/test_departure_in_time.py",
    "setup/test_departure_of_servers.py",
    "setup/test_greenlets.py",
    "setup/test_starting_processes.py",
    "testing/test_plugin.py",
)
"""Files that take long or measure; `make test` leaves them out, `make test-slow` runs them."""

PROCESSES = (
    "docs/test_snippets.py",
    "doctor/test_broken_set_ups.py",
    "setup/test_book_metrics.py",
    "setup/test_client_hooks.py",
    "setup/test_departure.py",
    "setup/test_instrumentations.py",
    "setup/test_instrumentor.py",
    "setup/test_native_sdk.py",
    "setup/test_signals.py",
    "setup/test_start_up.py",
    "setup/test_workers.py",
    "setup/test_yaml_samples.py",
    "typing/test_sample.py",
    "web/test_many_wallets.py",
)
"""Files whose tests start whole applications, one or more each; `make test-processes` runs them."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files out of which `-m` would deselect every test: to import them all takes each worker seconds."""
    if collection_path.suffix != ".py":
        return None
    place, asked = collection_path.as_posix(), config.option.markexpr
    starts_applications = place.endswith((*PROCESSES, "servers/test_web_servers.py"))
    if asked == "processes":
        return None if starts_applications else True
    return True if asked == "not slow and not processes" and place.endswith((*SLOW, *PROCESSES)) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of `SLOW` and `PROCESSES`, before pytest looks at `-m`."""
    for item in items:
        place = item.path.as_posix()
        for marker, files in (("slow", SLOW), ("processes", PROCESSES)):
            if place.endswith(files):
                item.add_marker(marker)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Any], Any]:
    """What `tests/golden/<name>.json` says a JSON value is."""

    def expected(name: str, value: Any) -> Any:
        path = GOLDEN / f"{name}.json"
        if request.config.getoption("--update-golden"):
            # Innermost objects (typed attributes) on one line, so that a difference reads well.
            text = json.dumps(value, indent=1, ensure_ascii=False)
            one_line = _INNERMOST.sub(lambda found: "{" + re.sub(r"\n\s+", " ", found.group(1)) + "}", text)
            path.write_text(one_line + "\n")
        return json.loads(path.read_text())

    return expected


@pytest.fixture(scope="session")
def _served() -> Iterator[Receiver]:
    """One server for the whole run: starting and stopping one costs a third of a second."""
    with Receiver(port=0) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def _test_keys() -> Iterator[str]:
    """A new public key for each test."""
    return (f"test{number}" for number in itertools.count(1))


@pytest.fixture
def receiver(_served: Receiver, _test_keys: Iterator[str]) -> Iterator[Receiver]:
    """An empty embedded Sentry with a DSN of its own; at the end nothing may have been refused.

    What an earlier test still sends carries another key and is turned away. A test that provokes problems looks at them
    with `receiver.take_problems()`.
    """
    _served.reset(public_key=next(_test_keys))
    yield _served
    problems = [str(problem) for problem in _served.take_problems()]
    _served.reset(public_key=next(_test_keys))

    assert problems == []


@pytest.fixture(scope="session")
def python_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Interpreters that have otel_sentry without extras, YAML, OTLP, and the distributions named, as an image has.

    sentry-sdk imports every framework that it finds: with all that the tests need, a start takes four times as long.
    """
    service = ("otel-sentry", "opentelemetry-configuration", "opentelemetry-exporter-otlp-proto-http")

    @cache
    def made(*more: str) -> str:
        return str(bare_interpreter(tmp_path_factory.mktemp("python"), *service, *more))

    return made


@pytest.fixture(scope="session")
def bare_python(python_with: Callable[..., str]) -> str:
    """An interpreter with pytest, without any framework."""
    return python_with("pytest", "pytest-xdist")
