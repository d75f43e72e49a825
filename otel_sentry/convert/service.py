"""What a process says about itself: release, environment, server name, SDK and the rest of the resource. Pure."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from opentelemetry.sdk.resources import Resource

from otel_sentry.convert.limits import MAX_RESOURCE_BYTES, fit
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.convert.values import text
from otel_sentry.protocol.attributes import STRING, Attribute
from otel_sentry.protocol.items import MAX_ENVIRONMENT_LENGTH, MAX_RELEASE_LENGTH
from otel_sentry.protocol.service_keys import ENVIRONMENT_KEYS, RELEASE_KEYS

SDK_NAME: Final = "otel_sentry"
PLATFORM: Final = "python"

SERVER_NAME_KEYS: Final = ("host.name",)
"""Resource attributes read where the settings are silent. Not `service.instance.id`: the SDK makes up a UUID."""

REFUSED_RELEASES: Final = frozenset({"", ".", "..", "latest"})
REFUSED_ENVIRONMENTS: Final = frozenset({"", ".", "..", "none"})
REFUSED_SIGNS: Final = frozenset("/\\")
"""What Relay refuses in names of releases and environments, in any case of letters, besides what cannot be printed."""


class ServiceNames(NamedTuple):
    """What a resource says where the settings say nothing; None when it does not either."""

    release: str | None
    environment: str | None
    server_name: str | None


def service_names(resource: Resource) -> ServiceNames:
    """Read release, environment and server name from a resource.

    `service.version` is the release as it is: Sentry's conventions call the two the same.
    """
    return ServiceNames(
        release=valid_release(_first_text(resource, RELEASE_KEYS)),
        environment=valid_environment(_first_text(resource, ENVIRONMENT_KEYS)),
        server_name=_first_text(resource, SERVER_NAME_KEYS),
    )


def service_attributes(
    resource: Resource,
    *,
    release: str | None,
    environment: str | None,
    server_name: str | None,
    dist: str | None,
    sdk_version: str,
) -> dict[str, Attribute]:
    """The constant part of every span, log and metric of a process.

    Args:
        resource: its attributes keep their names.
        release: wins over the resource's; so do `environment` and `server_name`.
        environment: e.g. `production`.
        server_name: becomes `server.address`, which a span's own overrides.
        dist: build of the release.
        sdk_version: version of this package.
    """
    inferred = service_names(resource)
    named = {
        "sentry.sdk.name": SDK_NAME,
        "sentry.sdk.version": sdk_version,
        "sentry.release": valid_release(release) or inferred.release,
        "sentry.environment": valid_environment(environment) or inferred.environment,
        "sentry.dist": dist,
        "server.address": server_name or inferred.server_name,
    }
    typed = typed_attributes(resource.attributes)
    typed.update({name: {"type": STRING, "value": text(value)} for name, value in named.items() if value})
    return typed


def event_fields(
    resource: Resource,
    *,
    release: str | None,
    environment: str | None,
    server_name: str | None,
    dist: str | None,
    sdk_version: str,
) -> dict[str, Any]:
    """The same for events and transactions: top-level fields, and the resource as `contexts.otel.resource`."""
    inferred = service_names(resource)
    named = {
        "release": valid_release(release) or inferred.release,
        "environment": valid_environment(environment) or inferred.environment,
        "server_name": server_name or inferred.server_name,
        "dist": dist,
    }
    fitting = fit(typed_attributes(resource.attributes), MAX_RESOURCE_BYTES)
    return {
        "platform": PLATFORM,
        "sdk": {"name": SDK_NAME, "version": sdk_version},
        **{name: text(value) for name, value in named.items() if value},
        "contexts": {"otel": {"type": "otel", "resource": {name: typed["value"] for name, typed in fitting.items()}}},
    }


def valid_release(release: str | None) -> str | None:
    """`release` cut to what Sentry accepts; None for what it refuses: blank, `latest`, with a slash or a line end."""
    return _valid_name(release, MAX_RELEASE_LENGTH, REFUSED_RELEASES)


def valid_environment(environment: str | None) -> str | None:
    """`environment` cut to what Sentry accepts; None for what it refuses: blank, `none`, with a slash or a line end."""
    return _valid_name(environment, MAX_ENVIRONMENT_LENGTH, REFUSED_ENVIRONMENTS)


def _valid_name(name: str | None, max_bytes: int, refused: frozenset[str]) -> str | None:
    trimmed = text(name or "").strip().encode()[:max_bytes].decode(errors="ignore").strip()
    is_valid = trimmed.lower() not in refused and REFUSED_SIGNS.isdisjoint(trimmed) and trimmed.isprintable()
    return trimmed if is_valid else None


def _first_text(resource: Resource, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = resource.attributes.get(key)
        if value:
            return text(value)
    return None
