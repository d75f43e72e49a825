"""How users name spans in settings: by name, route, attribute or regular expression. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

SpanPattern = Callable[[str, Mapping[str, Any]], bool]
"""Takes a span's name and attributes."""

_ATTRIBUTE: Final = re.compile(r"([A-Za-z0-9_.\-]+)=(.*)", re.DOTALL)
_ROUTES: Final = ("http.route", "url.path", "http.target")
_URLS: Final = ("url.full", "http.url")


def compile_pattern(entry: str) -> SpanPattern:
    """A pattern, ready to be asked.

    Args:
        entry: `/…/` is a regular expression, searched in the name and in route and path; what else begins with `/` is a
            route or path; `attribute=value` compares an attribute's text; everything else is a span's whole name. In
            the last three `*` stands for any text and `?` for one character.

    Raises:
        ValueError: a regular expression cannot be read; says why.
    """
    if len(entry) > 2 and entry.startswith("/") and entry.endswith("/"):
        return _by_expression(entry[1:-1])
    if entry.startswith("/"):
        return _by_route(entry)
    attribute = _ATTRIBUTE.fullmatch(entry)
    return _by_attribute(attribute[1], attribute[2]) if attribute else _by_name(entry)


def paths_of(attributes: Mapping[str, Any]) -> list[str]:
    """Route and path of an HTTP span, without query, fragment and slash at the end."""
    found = [str(value) for key in _ROUTES if (value := attributes.get(key))]
    found += [_path_of_url(str(value)) for key in _URLS if (value := attributes.get(key))]
    return [_trimmed(path.partition("?")[0].partition("#")[0]) for path in found]


def _by_expression(expression: str) -> SpanPattern:
    try:
        search = re.compile(expression).search
    except re.error as exc:
        raise ValueError(f"a regular expression between slashes (/{expression}/: {exc})") from None
    return lambda name, attributes: any(search(text) for text in (name, *paths_of(attributes)))


def _by_route(route: str) -> SpanPattern:
    matches = _glob(_trimmed(route))
    return lambda _, attributes: any(map(matches, paths_of(attributes)))


def _by_attribute(key: str, wanted: str) -> SpanPattern:
    matches = _glob(wanted)
    return lambda _, attributes: key in attributes and any(map(matches, _texts(attributes[key])))


def _by_name(wanted: str) -> SpanPattern:
    matches = _glob(wanted)
    return lambda name, _: matches(name)


def _glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text is like `pattern`."""
    if not {"*", "?"} & set(pattern):
        return pattern.__eq__
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    matches = re.compile(expression, re.DOTALL).fullmatch
    return lambda text: matches(text) is not None


def _texts(value: Any) -> Iterable[str]:
    """An attribute's value as text, each of a sequence's by itself."""
    values = value if isinstance(value, (list, tuple)) else (value,)
    return (str(one).lower() if isinstance(one, bool) else str(one) for one in values)


def _path_of_url(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _trimmed(path: str) -> str:
    return path.rstrip("/") or "/"
