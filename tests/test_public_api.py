"""The front door: few names, each loadable, none heavy until it is used."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import otel_sentry

_LOADED = "import json, sys; import otel_sentry; print(json.dumps(sorted(sys.modules)))"


def test_all_is_sorted_and_complete() -> None:
    """`__all__` is sorted, and `dir()` shows each of its names."""
    assert sorted(otel_sentry.__all__) == otel_sentry.__all__
    assert set(otel_sentry.__all__) <= set(dir(otel_sentry))


@pytest.mark.parametrize("name", otel_sentry.__all__)
def test_each_public_name_can_be_loaded(name: str) -> None:
    """Every name of `__all__` is there and knows its own name."""
    found = getattr(otel_sentry, name)

    assert name == getattr(found, "__name__", "__version__")


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as on any module."""
    with pytest.raises(AttributeError, match="has no attribute 'confgure'"):
        getattr(otel_sentry, "confgure")  # noqa: B009 - type checkers refuse the plain spelling


def test_type_checkers_see_what_is_loaded() -> None:
    """The imports under TYPE_CHECKING name the same modules as the table used at run time."""
    tree = ast.parse(Path(otel_sentry.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert {name: f"otel_sentry.{home}" for name, home in otel_sentry._HOME.items()} == typed
    assert {*typed, "__version__"} == set(otel_sentry.__all__)


def test_import_is_inert() -> None:
    """Importing the package loads nothing of OpenTelemetry, sentry-sdk or orjson."""
    answer = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, check=True, text=True)
    loaded = {name.partition(".")[0] for name in json.loads(answer.stdout)}

    assert loaded.isdisjoint({"opentelemetry", "sentry_sdk", "orjson", "urllib3", "logging", "threading"})


def test_the_package_is_typed() -> None:
    """The marker of PEP 561 is there."""
    assert (Path(otel_sentry.__file__).parent / "py.typed").is_file()
