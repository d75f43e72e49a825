"""`Facts`: one frozen value that `otel-sentry doctor` judges. Texts and numbers, secrets masked; JSON both ways."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from otel_sentry.protocol import json_text

FORMAT: Final = 1
"""Counts changes of the JSON form that older readers do not understand."""


@dataclass(frozen=True, slots=True)
class SettingFact:
    """One setting: value as it may be shown, empty if none; where it came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """Who is asked.

    Attributes:
        pid: process id.
        command: the command line, its first parts.
        python: version.
        start_method: of multiprocessing; empty if nobody has chosen one.
        hosts: servers and patches that the process runs under and that matter here, such as `uwsgi without threads`.
        zero_code: started by `opentelemetry-instrument`.
        set_up: otel_sentry is set up in it.
    """

    pid: int = 0
    command: str = ""
    python: str = ""
    start_method: str = ""
    hosts: tuple[str, ...] = ()
    zero_code: bool = False
    set_up: bool = False


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """The global tracer provider.

    Attributes:
        owner: class, with its module.
        takes_processors: whether anybody may add some.
        sampler: as it describes itself; empty if it cannot be seen.
        processors: class of each, with its exporter's class and endpoint behind `→`.
        service: `service.name` of its resource.
    """

    owner: str = ""
    takes_processors: bool = False
    sampler: str = ""
    processors: tuple[str, ...] = ()
    service: str = ""


@dataclass(frozen=True, slots=True)
class SdkFacts:
    """sentry-sdk's current client.

    Attributes:
        version: of sentry-sdk; empty if it is not loaded.
        active: there is a client.
        dsn: masked; empty if the client has none.
        transport: class, with its module.
        integrations: identifiers.
        native_tracing: it makes spans of its own.
        hooks: names of `before_send*` and samplers that the application has set.
    """

    version: str = ""
    active: bool = False
    dsn: str = ""
    transport: str = ""
    integrations: tuple[str, ...] = ()
    native_tracing: bool = False
    hooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryPointFact:
    """A name in one of OpenTelemetry's groups, and the distribution that registers it."""

    group: str
    name: str
    distribution: str


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """What is installed.

    Attributes:
        versions: distribution → version, those of telemetry.
        entry_points: in OpenTelemetry's groups.
        instruments: distribution → libraries that it instruments.
        conflicts: instrumentations that do not fit the version of their library.
        turned_on: instrumentations that are on.
        not_instrumented: library → distribution that would instrument it.
    """

    versions: dict[str, str] = field(default_factory=dict)
    entry_points: tuple[EntryPointFact, ...] = ()
    instruments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    turned_on: tuple[str, ...] = ()
    not_instrumented: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BookFact:
    """One category of the ledger."""

    category: str
    created: int
    delivered: int
    pending: int
    dropped: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything.

    Attributes:
        at: when, seconds since 1970.
        refusal: why the settings cannot be used; empty if they can.
        variables: environment variables of telemetry, values masked.
        exporters: signal → exporters in effect.
        propagators: classes of the global ones, in order.
        spool_problem: why the spool directory cannot be used; empty if it can, or if there is none.
    """

    at: float = 0.0
    process: ProcessFacts = ProcessFacts()
    refusal: str = ""
    settings: tuple[SettingFact, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    exporters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    provider: ProviderFacts = ProviderFacts()
    propagators: tuple[str, ...] = ()
    sdk: SdkFacts = SdkFacts()
    packages: PackageFacts = field(default_factory=PackageFacts)
    books: tuple[BookFact, ...] = ()
    spool_problem: str = ""

    def value(self, name: str) -> str:
        """A setting as text; empty if it has no value."""
        return next((one.value for one in self.settings if one.name == name), "")

    def origin(self, name: str) -> str:
        """Where a setting came from: a variable, `keyword`, `inferred` or `default`."""
        return next((one.origin for one in self.settings if one.name == name), "default")

    def on_provider(self, *classes: str) -> bool:
        """Whether a processor of one of these classes, or one that feeds such an exporter, is on the provider."""
        return any(name in classes for one in self.provider.processors for name in one.split(" → "))

    @property
    def to_sentry(self) -> bool:
        """Whether the settings send anything to Sentry at all."""
        return bool(self.value("dsn")) and not self.refusal and self.value("sdk_disabled") != "true"

    @property
    def sends_spans(self) -> bool:
        """Whether the settings send spans to Sentry."""
        return self.to_sentry and "sentry" in self.exporters.get("traces", ())


def facts_to_json(facts: Facts) -> str:
    """One line of JSON."""
    return json_text.dumps({"otel_sentry_facts": FORMAT, **asdict(facts)}).decode()


def facts_from_json(text: str | bytes) -> Facts:
    """Read a dump.

    Raises:
        ValueError: it is none, or one of a version that this one does not know; says so.
    """
    try:
        said = json_text.loads(text)
    except ValueError:
        raise ValueError("this is no JSON") from None
    if not isinstance(said, dict) or said.pop("otel_sentry_facts", None) != FORMAT:
        raise ValueError(f"this is no dump of otel_sentry in format {FORMAT}")
    try:
        return _facts(said)
    except (TypeError, KeyError, AttributeError) as exc:
        raise ValueError(f"the dump is damaged ({exc})") from None


def _facts(said: dict[str, Any]) -> Facts:
    packages = dict(said["packages"])
    packages["entry_points"] = tuple(EntryPointFact(**one) for one in packages["entry_points"])
    packages["instruments"] = {name: tuple(found) for name, found in packages["instruments"].items()}
    read = {
        **said,
        "process": _read(ProcessFacts, said["process"]),
        "settings": tuple(SettingFact(**one) for one in said["settings"]),
        "exporters": {signal: tuple(names) for signal, names in said["exporters"].items()},
        "provider": _read(ProviderFacts, said["provider"]),
        "sdk": _read(SdkFacts, said["sdk"]),
        "packages": _read(PackageFacts, packages),
        "books": tuple(BookFact(**one) for one in said["books"]),
    }
    facts: Facts = _read(Facts, read)
    return facts


def _read(kind: type[Any], said: dict[str, Any]) -> Any:
    """A value out of its fields; lists become tuples, fields of a later version are left out."""
    names = {one.name for one in fields(kind)}
    return kind(**{key: tuple(it) if isinstance(it, list) else it for key, it in said.items() if key in names})
