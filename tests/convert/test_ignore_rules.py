"""sentry-sdk's rules for spans to be left out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from otel_sentry.convert.ignore_rules import compile_all_ignored


@pytest.mark.parametrize(
    ("rule", "ignored"),
    [
        pytest.param("GET /ready", True, id="whole name"),
        pytest.param("GET", False, id="part of a name"),
        pytest.param(re.compile(r"GET .*"), True, id="pattern"),
        pytest.param(re.compile(r"/ready"), False, id="pattern of a part"),
        pytest.param({"name": "GET /ready"}, True, id="mapping with name"),
        pytest.param({"attributes": {"code": 200}}, True, id="equal attribute"),
        pytest.param({"attributes": {"code": "200"}}, False, id="attribute of another type"),
        pytest.param({"attributes": {"path": re.compile(r"/re.*")}}, True, id="pattern of an attribute"),
        pytest.param({"attributes": {"code": re.compile(r"2.*")}}, False, id="pattern of a number"),
        pytest.param({"attributes": {"absent": 1}}, False, id="absent attribute"),
        pytest.param({"name": "GET /ready", "attributes": {"code": 500}}, False, id="both must hold"),
        pytest.param({"name": re.compile("GET.*"), "attributes": {"code": 200}}, True, id="both hold"),
        pytest.param({"name": "GET /ready", "attributes": None}, True, id="no attributes"),
    ],
)
def test_a_rule(rule: Any, ignored: bool) -> None:
    """Text is the whole name, a pattern matches all of it, a mapping holds in all its parts."""
    ignore = compile_all_ignored((), (rule,))

    assert ignore is not None
    assert ignore("GET /ready", SpanKind.SERVER, {"code": 200, "path": "/ready"}) is ignored


def test_both_sorts_count() -> None:
    """What our patterns name is ignored beside what sentry-sdk's rules name."""
    ignore = compile_all_ignored(("poll*",), ("tick",))

    assert ignore is not None
    assert [ignore(name, SpanKind.INTERNAL, {}) for name in ("poll 7", "tick", "work")] == [True, True, False]


def test_nothing_is_ignored_by_nobody() -> None:
    """Without patterns and rules there is nothing to ask."""
    assert compile_all_ignored((), ()) is None
