"""What a process says about itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource

from otel_sentry.convert.service import (
    event_fields,
    service_attributes,
    service_names,
    valid_environment,
    valid_release,
)
from tests.relay import relay_notes

RESOURCE = Resource(
    {
        "service.name": "shop",
        "service.version": "shop@1.2.3",
        "deployment.environment.name": "staging",
        "host.name": "box",
        "process.command_args": ["python", "app.py"],
        "process.pid": 7,
    }
)
NOTHING: dict[str, Any] = {"release": None, "environment": None, "server_name": None, "dist": None, "sdk_version": "1"}


def test_names_are_read_from_the_resource() -> None:
    """Release, environment and server name have their place in OpenTelemetry's resource."""
    assert service_names(RESOURCE) == ("shop@1.2.3", "staging", "box")


@pytest.mark.parametrize(
    ("resource", "names"),
    [
        pytest.param({}, (None, None, None), id="nothing"),
        pytest.param({"deployment.environment": "old"}, (None, "old", None), id="older name"),
        pytest.param(
            {"deployment.environment": "old", "deployment.environment.name": "new"},
            (None, "new", None),
            id="newer first",
        ),
        pytest.param({"service.instance.id": "i-1"}, (None, None, None), id="instance, which the SDK makes up"),
        pytest.param({"service.version": "a/b"}, (None, None, None), id="release that Sentry refuses"),
    ],
)
def test_what_a_resource_tells(resource: dict[str, str], names: tuple[str | None, ...]) -> None:
    """In order; what Sentry would refuse is not taken."""
    assert service_names(Resource(resource)) == names


def test_service_attributes_are_the_whole_resource() -> None:
    """With Sentry's names beside OpenTelemetry's."""
    attributes = service_attributes(RESOURCE, **NOTHING)

    assert {name: typed["value"] for name, typed in attributes.items()} == {
        "service.name": "shop",
        "service.version": "shop@1.2.3",
        "deployment.environment.name": "staging",
        "host.name": "box",
        "process.command_args": ["python", "app.py"],
        "process.pid": 7,
        "sentry.sdk.name": "otel_sentry",
        "sentry.sdk.version": "1",
        "sentry.release": "shop@1.2.3",
        "sentry.environment": "staging",
        "server.address": "box",
    }


def test_settings_beat_the_resource() -> None:
    """What the user typed is meant."""
    attributes = service_attributes(RESOURCE, release="r", environment="e", server_name="s", dist="d", sdk_version="1")

    assert [attributes[name]["value"] for name in ("sentry.release", "sentry.environment", "server.address")] == [
        "r",
        "e",
        "s",
    ]
    assert attributes["sentry.dist"]["value"] == "d"


def test_event_fields_pass_sentrys_normaliser() -> None:
    """Transactions and events say the same at their top level."""
    fields = event_fields(RESOURCE, **{**NOTHING, "dist": "d"})

    assert fields == {
        "platform": "python",
        "sdk": {"name": "otel_sentry", "version": "1"},
        "release": "shop@1.2.3",
        "environment": "staging",
        "server_name": "box",
        "dist": "d",
        "contexts": {
            "otel": {
                "type": "otel",
                "resource": {
                    "service.name": "shop",
                    "service.version": "shop@1.2.3",
                    "deployment.environment.name": "staging",
                    "host.name": "box",
                    "process.command_args": ["python", "app.py"],
                    "process.pid": 7,
                },
            }
        },
    }
    assert relay_notes(fields) == []


def test_a_great_resource_is_cut_before_sentry_cuts_it() -> None:
    """`contexts.otel` has 8 KiB."""
    fields = event_fields(Resource({"process.command_line": "x" * 20_000, "service.name": "shop"}), **NOTHING)

    assert fields["contexts"]["otel"]["resource"]["service.name"] == "shop"
    assert relay_notes(fields) == []


@pytest.mark.parametrize(
    ("release", "valid"),
    [("a@1", "a@1"), (" a ", "a"), ("", None), (None, None), ("Latest", None), ("a/b", None), ("x" * 300, "x" * 200)],
)
def test_valid_release(release: str | None, valid: str | None) -> None:
    """What Sentry would refuse is not sent."""
    assert valid_release(release) == valid


@pytest.mark.parametrize(
    ("environment", "valid"),
    [("prod", "prod"), (" p ", "p"), ("", None), (None, None), ("None", None), ("a/b", None), ("x" * 70, "x" * 64)],
)
def test_valid_environment(environment: str | None, valid: str | None) -> None:
    """What Sentry would refuse is not sent."""
    assert valid_environment(environment) == valid


NAMES = st.text(st.sampled_from("aN.\\/ \t\n\r\f\v\0-@é"), max_size=9) | st.text(min_size=60, max_size=220)


@given(NAMES)
def test_a_valid_name_passes_sentrys_normaliser(name: str) -> None:
    """Relay takes what we send without a note."""
    fields = {"release": valid_release(name), "environment": valid_environment(name)}

    assert relay_notes({key: value for key, value in fields.items() if value}) == []
