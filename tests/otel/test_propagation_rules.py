"""What the settings mean for headers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from otel_sentry.otel.propagation_rules import propagation_rules
from otel_sentry.settings.settings import Settings

DSN = {"SENTRY_DSN": "https://public@o12.ingest.sentry.io/1"}
YAML = {"OTEL_CONFIG_FILE": "otel.yaml", "OTEL_TRACES_EXPORTER": "otlp"}


def test_what_configure_found_out_in_yaml() -> None:
    """With YAML `configure()` says whether Sentry is among the exporters, not whether it is alone."""
    settings = Settings.from_env({**DSN, **YAML})
    chosen = propagation_rules(replace(settings, traces_exporters=("sentry",)))
    absent = propagation_rules(replace(settings, traces_exporters=()))

    assert (chosen.sends_spans, chosen.only_backend) == (True, False)
    assert (absent.sends_spans, absent.speaks_sentry) == (False, False)


@pytest.mark.parametrize(
    ("environment", "keywords", "speaks", "sends", "alone"),
    [
        pytest.param({}, {}, False, False, False, id="no DSN"),
        pytest.param(DSN, {}, True, True, True, id="a DSN alone"),
        pytest.param({**DSN, "OTEL_TRACES_EXPORTER": "sentry"}, {}, True, True, True, id="Sentry alone"),
        pytest.param({**DSN, "OTEL_TRACES_EXPORTER": "sentry,otlp"}, {}, True, True, False, id="beside OTLP"),
        pytest.param({**DSN, "OTEL_TRACES_EXPORTER": "otlp"}, {}, False, False, False, id="swapped out"),
        pytest.param({**DSN, "OTEL_TRACES_EXPORTER": "none"}, {}, False, False, False, id="none"),
        pytest.param({**DSN, "OTEL_SENTRY_ERRORS_ONLY": "true"}, {}, True, False, False, id="issues only"),
        pytest.param(
            {**DSN, "OTEL_TRACES_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "sentry"},
            {},
            True,
            False,
            False,
            id="logs only",
        ),
        pytest.param({**DSN, **YAML}, {}, True, True, False, id="YAML: the variable means nothing, backends unknown"),
        pytest.param({**DSN, **YAML}, {"traces_exporters": ["sentry"]}, True, True, True, id="YAML that says so"),
    ],
)
def test_who_is_spoken_to(
    environment: dict[str, str], keywords: dict[str, Any], speaks: bool, sends: bool, alone: bool
) -> None:
    """Headers of Sentry are begun where something goes to Sentry, decisions taken where spans do."""
    rules = propagation_rules(Settings.from_env(environment, **keywords))

    assert (rules.speaks_sentry, rules.sends_spans, rules.only_backend) == (speaks, sends, alone)
