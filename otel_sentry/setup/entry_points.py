"""Components by the names users type: OpenTelemetry's entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.util._importlib_metadata import entry_points

from otel_sentry.errors import InvalidSetting

if TYPE_CHECKING:
    from opentelemetry.util._importlib_metadata import EntryPoint


def named(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group; of several with one name the first, as OpenTelemetry does."""
    found: dict[str, EntryPoint] = {}
    for entry_point in entry_points(group=group):
        found.setdefault(entry_point.name, entry_point)
    return found


def component(group: str, name: str, variable: str) -> Any:
    """What the entry point `name` of `group` leads to.

    Raises:
        InvalidSetting: nothing of that name is installed, or it cannot be imported; says what is there.
    """
    found = named(group)
    if name not in found:
        raise InvalidSetting(variable, name, f"what is installed: {', '.join(sorted(found)) or 'nothing'}")
    try:
        return found[name].load()
    except Exception as exc:
        raise InvalidSetting(variable, name, f"what can be imported; {found[name].value}: {exc!r}") from exc


def made(factory: Any, name: str, variable: str, *arguments: Any) -> Any:
    """What a component's factory makes.

    Raises:
        InvalidSetting: it fails; says how.
    """
    try:
        return factory(*arguments)
    except Exception as exc:
        raise InvalidSetting(variable, name, f"what can be made; this one says {exc!r}") from exc
