"""The distribution: what it declares is there, what it imports is declared, floors are tested."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import EntryPoint, distribution, metadata, packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import otel_sentry

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "otel_sentry"
OURS = list(distribution("otel-sentry").entry_points)
REQUIREMENTS = [Requirement(line) for line in requires("otel-sentry") or []]
PARTS = {"opentelemetry", "otel_sentry"}
"""Namespaces shared by several distributions; the latter is ours."""
BROUGHT = {
    "certifi": "sentry-sdk",
    "urllib3": "sentry-sdk",
    "typing_extensions": "opentelemetry-sdk",
    "wrapt": "opentelemetry-instrumentation-httpx",
}
"""Import that a base dependency cannot live without → that dependency."""
OF_THE_APPLICATION = {"asgiref", "celery", "django", "flask", "flask_login"}
"""Frameworks that we look at only where the application has them: imported late, or for types."""

HOSTS = {"asgiref", "celery", "django", "eth_abi", "eth_utils", "flask", "flask_login", "pytest"}
"""The application's own libraries: imported only where it uses them."""


def imported_packages() -> set[str]:
    """Top-level names that the package imports, at run time or for types."""
    found = {
        name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in names_imported(node)
    }
    return found - sys.stdlib_module_names - PARTS


def names_imported(node: ast.AST) -> set[str]:
    """Top-level names of an import statement; none of any other node."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module.partition(".")[0]}
    return set()


def floors() -> dict[str, str]:
    """Base dependency → lowest version that pyproject.toml admits."""
    return {
        requirement.name: next(one.version for one in requirement.specifier if one.operator == ">=")
        for requirement in REQUIREMENTS
        if requirement.marker is None
    }


@pytest.mark.parametrize("entry", OURS, ids=[f"{entry.group} {entry.name}" for entry in OURS])
def test_each_entry_point_leads_somewhere(entry: EntryPoint) -> None:
    """What pyproject.toml names can be imported: something callable, or the module that is a plugin of pytest."""
    assert callable(entry.load()) or entry.group == "pytest11"


def test_the_contract_names_are_registered() -> None:
    """OpenTelemetry finds us under the names of the documentation, and sentry-sdk's propagator name is left alone."""
    names = {(entry.group, entry.name) for entry in OURS}

    assert {
        ("opentelemetry_traces_exporter", "sentry"),
        ("opentelemetry_propagator", "otel_sentry"),
        ("opentelemetry_traces_sampler", "sentry"),
        ("opentelemetry_sampler", "sentry"),
        ("opentelemetry_instrumentor", "otel_sentry"),
        ("opentelemetry_instrumentor", "otel_sentry_web3"),
        ("console_scripts", "otel-sentry"),
    } <= names
    assert ("opentelemetry_propagator", "sentry") not in names


def test_every_third_party_import_is_declared() -> None:
    """Whatever the package imports is a base dependency or comes with an extra."""
    declared = {normal(requirement.name) for requirement in REQUIREMENTS}
    providers = packages_distributions()
    undeclared = {
        name: providers.get(name)
        for name in imported_packages()
        if not declared & {normal(one) for one in providers.get(name, [])}
    }

    assert set(undeclared) - HOSTS <= set(BROUGHT)


@pytest.mark.parametrize(("name", "dependency"), BROUGHT.items(), ids=list(BROUGHT))
def test_what_comes_along_is_required_there(name: str, dependency: str) -> None:
    """What we import without declaring it is a requirement of something that we declare."""
    brought = {normal(Requirement(line).name) for line in requires(dependency) or []}

    assert normal(name) in brought
    assert dependency in floors()


def test_every_requirement_has_a_floor() -> None:
    """A lowest version is declared for each base dependency, and for each package of an extra."""
    loose = [
        str(requirement)
        for requirement in REQUIREMENTS
        if requirement.name != "otel-sentry" and not any(one.operator in {">=", "<"} for one in requirement.specifier)
    ]

    assert loose == []


def test_the_lowest_versions_are_the_declared_floors() -> None:
    """The CI job on the lowest versions installs exactly what pyproject.toml admits at the lowest."""
    text = (ROOT / "tests" / "lowest-requirements.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)$", text, flags=re.MULTILINE))

    assert {name: padded(floor) for name, floor in floors().items()} == {
        name: padded(pin) for name, pin in pins.items() if name in floors()
    }


def test_every_extra_installs_something() -> None:
    """An extra without packages would be a promise that nobody keeps."""
    extras = set(metadata("otel-sentry").get_all("Provides-Extra") or [])
    filled = {
        extra
        for extra in extras
        for requirement in REQUIREMENTS
        if requirement.marker is not None and requirement.marker.evaluate({"extra": extra})
    }

    assert extras == filled
    assert {"auto", "yaml", "zstd", "web3", "dev", "release", "all"} <= extras


def test_the_version_is_one() -> None:
    """Metadata and package agree."""
    assert version("otel-sentry") == otel_sentry.__version__


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "Makefile", ".ci/run"])
def test_the_repository_is_complete(name: str) -> None:
    """What a stranger looks for is there."""
    assert (ROOT / name).stat().st_size > 0


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def padded(number: str) -> str:
    """A version with three places, so that 1.39 equals 1.39.0."""
    return number if "b" in number else ".".join([*number.split("."), "0", "0"][:3])
