"""What the settings mean for headers. Imports next to nothing at load, because the propagator needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_sentry.propagation.dsc import DscSource
from otel_sentry.propagation.targets import Address, Targets, admits, compile_targets, is_host_among

if TYPE_CHECKING:
    from otel_sentry.identity.privacy import Privacy
    from otel_sentry.protocol.dsn import Dsn
    from otel_sentry.settings.settings import Settings

SENTRY = "sentry"


class PropagationRules(NamedTuple):
    """Which headers this process writes, and to whom.

    Attributes:
        speaks_sentry: anything of this process goes to Sentry, so that it may begin Sentry traces; otherwise it only
            hands on what a caller sent.
        sends_spans: spans go to Sentry, so that decisions are taken here; otherwise they stay deferred.
        only_backend: nobody but Sentry reads the spans.
        source: what this process contributes to the contexts of traces that begin here.
        rate: share of traces to keep; None means all.
        decides_by_function: `traces_sampler` or rules by span decide; without the local root the answer is not known.
        targets: addresses that get headers; None admits all.
        sentry_address: host of the DSN and its port, None for http's and https's own; it never gets any.
        wallet_hosts: hosts that may receive the wallet.
        wallet_attributes: baggage keys that are read as the wallet, in order.
        wallet_keys: all baggage keys that speak of a wallet.
        privacy: how the wallet is shown to them; None when no host may receive it.
        strict: `strict_trace_continuation`.
    """

    speaks_sentry: bool = False
    sends_spans: bool = False
    only_backend: bool = False
    source: DscSource = DscSource()
    rate: float | None = None
    decides_by_function: bool = False
    targets: Targets | None = None
    sentry_address: tuple[str, int | None] | None = None
    wallet_hosts: tuple[str, ...] = ()
    wallet_attributes: tuple[str, ...] = ()
    wallet_keys: frozenset[str] = frozenset()
    strict: bool = False
    privacy: Privacy | None = None

    def admits(self, address: Address | None) -> bool:
        """Whether headers may go to `address` (None: not known)."""
        if address is not None and address.host_and_own_port == self.sentry_address:
            return False
        return admits(self.targets, address)

    def admits_wallet(self, address: Address | None) -> bool:
        """Whether the wallet may go to `address`."""
        return address is not None and is_host_among(self.wallet_hosts, address)


WALLET_KEYS = frozenset({"wallet.address", "wallet.chain", "wallet.name"})
SILENT = PropagationRules(targets=(), wallet_keys=WALLET_KEYS)
"""Rules of a process whose settings cannot be used: it reads headers and writes none."""


def propagation_rules(settings: Settings) -> PropagationRules:
    """Derive the rules from the settings."""
    dsn, exporters = settings.dsn, _traces_exporters(settings)
    spans = dsn is not None and not settings.errors_only and _names_sentry(exporters, unset=True)
    others = dsn is not None and (
        settings.errors_only
        or _names_sentry(settings.logs_exporters, unset=False)
        or _names_sentry(settings.metrics_exporters, unset=False)
    )
    return PropagationRules(
        speaks_sentry=spans or others,
        sends_spans=spans,
        only_backend=spans and exporters in (None, (SENTRY,)) and _exporters_are_known(settings),
        source=DscSource(
            public_key=None if dsn is None else dsn.public_key,
            release=settings.release,
            environment=settings.environment,
            org_id=settings.org_id or (None if dsn is None else dsn.org_id),
        ),
        rate=settings.traces_sample_rate,
        decides_by_function=settings.traces_sampler is not None or bool(settings.traces_sample_rules),
        targets=compile_targets(settings.trace_propagation_targets),
        sentry_address=None if dsn is None else _sentry_address(dsn),
        wallet_hosts=settings.wallet_baggage,
        wallet_attributes=settings.wallet_attributes,
        wallet_keys=WALLET_KEYS.union(settings.wallet_attributes),
        strict=settings.strict_trace_continuation,
        privacy=_privacy(settings) if settings.wallet_baggage else None,
    )


def _traces_exporters(settings: Settings) -> tuple[str, ...] | None:
    """Where spans go; None if nothing says so.

    Declarative configuration ignores OTEL_TRACES_EXPORTER, which opentelemetry-distro sets in any case. What
    `configure()` has found out then is either Sentry or nothing.
    """
    exporters = settings.traces_exporters
    return exporters if _exporters_are_known(settings) or exporters in ((), (SENTRY,)) else None


def _exporters_are_known(settings: Settings) -> bool:
    return settings.config_file is None or settings.origins.get("traces_exporters") == "keyword"


def _names_sentry(exporters: tuple[str, ...] | None, *, unset: bool) -> bool:
    return unset if exporters is None else SENTRY in exporters


def _sentry_address(dsn: Dsn) -> tuple[str, int | None]:
    return Address(dsn.scheme, dsn.host.lower(), dsn.port, dsn.path).host_and_own_port


def _privacy(settings: Settings) -> Privacy:
    # Imported only where the setting asks for it: the propagator must stay cheap to import.
    from otel_sentry.identity.privacy import Privacy  # noqa: PLC0415

    return Privacy(settings.wallet_privacy.value, settings.wallet_hash_key)
