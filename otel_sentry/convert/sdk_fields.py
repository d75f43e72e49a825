"""The SDK's own fields, where its properties are calls that lock and copy. Imports nothing: the propagator needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk.trace import ReadableSpan


def attribute_dict(span: ReadableSpan) -> Mapping[str, Any]:
    """A span's attributes as they are now, as a plain dict where the span is the SDK's; not to be changed.

    Whoever walks them while the span is open must do so in one call that runs no Python, as `set.isdisjoint` does.
    """
    try:
        return span._attributes._dict  # type: ignore[union-attr, no-any-return] # noqa: SLF001 - see the module
    except AttributeError:
        return span.attributes or {}
