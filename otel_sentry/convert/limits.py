"""What is too big for Sentry is cut where it is biggest, and says so. Linear in the size of what comes in. Pure."""

from __future__ import annotations

from typing import Final, cast

from otel_sentry.protocol.attributes import INTEGER, STRING, Attribute
from otel_sentry.protocol.items import SpanLink
from otel_sentry.protocol.json_text import dumps

MAX_ATTRIBUTES_BYTES: Final = 1 << 19
MAX_LINKS_BYTES: Final = 1 << 17
MAX_NAME_LENGTH: Final = 8192
"""JSON of one span's attributes and links, characters of its name; together less than the 1 MiB of an event."""
MAX_BODY_LENGTH: Final = 1 << 18
"""Characters of a log's message; Relay refuses containers whose logs have more than 2 MiB on average."""
MAX_RESOURCE_BYTES: Final = 8000
"""JSON of a resource in `contexts.otel`, of which Relay keeps 8,192 bytes."""

TRIMMED_COUNT: Final = "otel_sentry.trimmed_attributes_count"
"""Attribute that says how many others were cut or left out."""
ELLIPSIS: Final = "…"
_MARK_BYTES: Final = 100
_LEAST_SHARE: Final = 100


def fit(attributes: dict[str, Attribute], max_bytes: int) -> dict[str, Attribute]:
    """Attributes whose JSON has at most `max_bytes`: the biggest are cut to one common size, the rest stays.

    Where so many share the room that nothing readable would be left of each, the last of them go.

    Args:
        attributes: typed.
        max_bytes: at least a few hundred.
    """
    sizes = {name: len(dumps({name: value})) for name, value in attributes.items()}
    if sum(sizes.values()) <= max_bytes:
        return attributes
    share = max(_common_size(sorted(sizes.values()), max_bytes - _MARK_BYTES), _LEAST_SHARE)
    kept = {name: _cut(name, value, share) if sizes[name] > share else value for name, value in attributes.items()}
    fitting: dict[str, Attribute] = {}
    room = max_bytes - _MARK_BYTES
    for name, value in kept.items():
        room -= min(sizes[name], share)
        if value is not None and room >= 0:
            fitting[name] = value
    whole = sum(value is attributes[name] for name, value in fitting.items())
    return {**fitting, TRIMMED_COUNT: {"type": INTEGER, "value": len(attributes) - whole}}


def fit_links(links: list[SpanLink]) -> list[SpanLink]:
    """Links whose JSON has at most `MAX_LINKS_BYTES`: they lose their attributes first, then some leave."""
    if len(dumps(links)) <= MAX_LINKS_BYTES:
        return links
    bare = [_without_attributes(link) for link in links]
    return bare[: MAX_LINKS_BYTES // max(len(dumps(link)) + 1 for link in bare)]


def _without_attributes(link: SpanLink) -> SpanLink:
    lost = len(link.get("attributes", ()))
    attributes = {"attributes": {TRIMMED_COUNT: {"type": INTEGER, "value": lost}}} if lost else {}
    return cast("SpanLink", {**link, **attributes})


def _common_size(sizes: list[int], budget: int) -> int:
    """The size to which the biggest of `sizes` (ascending, too many) must shrink so that all fit into `budget`."""
    whole = 0
    while sizes[whole] <= budget // (len(sizes) - whole):
        budget -= sizes[whole]
        whole += 1
    return budget // (len(sizes) - whole)


def _cut(name: str, value: Attribute, max_bytes: int) -> Attribute | None:
    """`value` as text of at most `max_bytes` with its name; None where there is no room for a single character."""
    room = max_bytes - len(dumps({name: {"type": STRING, "value": ELLIPSIS}}))
    content = value["value"] if value["type"] == STRING else dumps(value["value"]).decode()
    size = len(dumps(content))
    while content and size > room:
        content = content[: len(content) * room // size] if room > 0 else ""
        size = len(dumps(content))
    return {"type": STRING, "value": content + ELLIPSIS} if content else None
