"""The Collector's sample files, held against what its configuration structures accept; no Collector runs here.

Sources: `config.go` of each component in open-telemetry/opentelemetry-collector and -collector-contrib, and the
packages they embed (`confighttp`, `configgrpc`, `configtls`, `exporterhelper`, `configretry`). A key that is not there
stops a Collector.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[2] / "docs" / "how-to" / "yaml"
NAMES = ("collector-agent", "collector-gateway")
SECTIONS = ("receivers", "processors", "exporters")

LEAF: dict[str, Any] = {}
"""A value that is no mapping."""
TLS_CLIENT = dict.fromkeys(("ca_file", "cert_file", "key_file", "insecure", "insecure_skip_verify"), LEAF)
TLS_SERVER = dict.fromkeys(("ca_file", "cert_file", "key_file", "client_ca_file", "min_version"), LEAF)
SERVER = {"endpoint": LEAF, "tls": TLS_SERVER}
QUEUE = dict.fromkeys(("enabled", "num_consumers", "queue_size", "storage", "block_on_overflow"), LEAF)
RETRY = dict.fromkeys(("enabled", "initial_interval", "max_interval", "max_elapsed_time"), LEAF)
CLIENT = {"endpoint": LEAF, "timeout": LEAF, "tls": TLS_CLIENT, "compression": LEAF, "headers": {"*": LEAF}}
EXPORTER = {**CLIENT, "sending_queue": QUEUE, "retry_on_failure": RETRY}
POLICIES = {
    "status_code": {"status_codes": LEAF},
    "latency": {"threshold_ms": LEAF, "upper_threshold_ms": LEAF},
    "probabilistic": {"sampling_percentage": LEAF, "hash_salt": LEAF},
}
RESOLVERS = {
    "dns": {"hostname": LEAF, "port": LEAF, "interval": LEAF, "timeout": LEAF},
    "static": {"hostnames": LEAF},
}
KNOWN: dict[str, dict[str, Any]] = {
    "receivers/otlp": {"protocols": {"http": SERVER, "grpc": SERVER}},
    "processors/memory_limiter": dict.fromkeys(
        ("check_interval", "limit_mib", "spike_limit_mib", "limit_percentage", "spike_limit_percentage"), LEAF
    ),
    "processors/batch": dict.fromkeys(("timeout", "send_batch_size", "send_batch_max_size"), LEAF),
    "processors/filter": {"error_mode": LEAF, "traces": {"span": LEAF, "spanevent": LEAF, "resource": LEAF}},
    "processors/tail_sampling": {
        **dict.fromkeys(("decision_wait", "num_traces", "expected_new_traces_per_sec"), LEAF),
        "policies": {"name": LEAF, "type": LEAF, **POLICIES},
    },
    "exporters/loadbalancing": {"routing_key": LEAF, "protocol": {"otlp": EXPORTER}, "resolver": RESOLVERS},
    "exporters/otlphttp": {**EXPORTER, "traces_endpoint": LEAF, "logs_endpoint": LEAF, "encoding": LEAF},
}
"""Section and type of each component that we use → the keys it accepts."""


@pytest.fixture(params=NAMES, name="sample")
def _sample(request: pytest.FixtureRequest) -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    found: dict[str, Any] = yaml.safe_load((SAMPLES / f"{request.param}.yaml").read_text(encoding="utf-8"))
    return found


def unknown(found: Any, known: dict[str, Any], path: str) -> Iterator[str]:
    """Paths of the keys that a component does not have."""
    for one in found if isinstance(found, list) else [found]:
        for key, value in one.items() if isinstance(one, dict) else ():
            if key in known or "*" in known:
                yield from unknown(value, known.get(key, LEAF), f"{path}.{key}")
            else:
                yield f"{path}.{key}"


def test_every_key_is_one_that_the_component_has(sample: dict[str, Any]) -> None:
    """A misspelt or misplaced key would keep the Collector from starting."""
    components = [(section, name, sample[section][name]) for section in SECTIONS for name in sample[section]]
    types = {f"{section}/{name.partition('/')[0]}" for section, name, _ in components}
    wrong = [
        path
        for section, name, found in components
        for path in unknown(found, KNOWN.get(f"{section}/{name.partition('/')[0]}", {}), f"{section}.{name}")
    ]

    assert types - set(KNOWN) == set()
    assert wrong == []
    assert set(sample) == {*SECTIONS, "service"}


def test_the_pipelines_hang_together(sample: dict[str, Any]) -> None:
    """Each part of a pipeline is configured, each configured part used; memory is limited first, batches come last."""
    used: dict[str, set[str]] = {section: set() for section in SECTIONS}
    for pipeline in sample["service"]["pipelines"].values():
        processors = pipeline["processors"]
        for section, parts in pipeline.items():
            used[section] |= set(parts)

        assert processors[0] == "memory_limiter"
        assert "batch" not in processors or processors[-1] == "batch"
    assert used == {section: set(sample[section]) for section in SECTIONS}


def test_policies_have_the_settings_of_their_type(sample: dict[str, Any]) -> None:
    """A policy names its type and brings that type's settings, under a name of its own."""
    policies = sample["processors"].get("tail_sampling", {}).get("policies", [])

    assert [set(policy) - {"name", "type"} for policy in policies] == [{policy["type"]} for policy in policies]
    assert len({policy["name"] for policy in policies}) == len(policies)


@pytest.mark.parametrize("name", NAMES)
def test_variables_are_written_as_the_collector_reads_them(name: str) -> None:
    """The Collector reads `${env:NAME}`; `${NAME}` without a provider's name is the SDKs' spelling."""
    text = (SAMPLES / f"{name}.yaml").read_text(encoding="utf-8")

    assert re.findall(r"\$\{(?!env:)[^}]*\}", text) == []
