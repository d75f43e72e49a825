"""What logs and metrics have in common on their way to delivery: settings, service, users, hooks, envelopes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from otel_sentry._version import __version__
from otel_sentry.convert.container import CONTAINER_END, CONTAINER_START
from otel_sentry.convert.service import service_attributes
from otel_sentry.delivery.outbox import OutgoingEnvelope
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.user import NOBODY, identity_keys, identity_reader, user_attributes
from otel_sentry.masking.mask import SecretMask
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.sentry_outbox import outbox_of
from otel_sentry.protocol.item_kinds import TARGET_ENVELOPE_BYTES, LossReason

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

    from otel_sentry.convert.attribute_names import UserOf
    from otel_sentry.delivery.outbox import Outbox
    from otel_sentry.identity.user import Identity
    from otel_sentry.protocol.attributes import Attribute
    from otel_sentry.protocol.item_kinds import Category
    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

Edit = Callable[[bytes, Callable[..., Any]], bytes | None]
"""Item as JSON and hook → the item as the hook wants it; None when it does not want it."""

_USER_NAMES: Final = ("user.id", "user.name", "user.email", "wallet.address", "wallet.chain", "wallet.name")
TYPICAL_BYTES: Final = 300
"""What an item that never became JSON counts for, about."""


class Kind(NamedTuple):
    """How one signal travels.

    Attributes:
        type: of the envelope item.
        content_type: of the envelope item.
        most: items of one envelope.
        items: category of items.
        bytes: category of their bytes.
        hook: option of sentry-sdk that sees each item.
        edit: applies it.
    """

    type: str
    content_type: str
    most: int
    items: Category
    bytes: Category
    hook: str
    edit: Edit


class SignalPipeline:
    """Settings made into functions; one object per exporter, used by one thread at a time.

    Args:
        settings: frozen settings.
        outbox: where envelopes go; the sentry-sdk client that is active, or one of our own, if None.
        kind: of the signal.
    """

    def __init__(self, settings: Settings, outbox: Outbox | None, kind: Kind) -> None:
        self._kind = kind
        self._trace: tuple[int, str] | None = None
        self.adopt(settings, outbox)

    def adopt(self, settings: Settings, outbox: Outbox | None) -> None:
        """Go by other settings, and send through another outbox, from here on."""
        self.settings = settings
        self._make_outbox = outbox_of(settings, outbox)
        self._outbox: Outbox | None = None
        self._privacy = Privacy(settings.wallet_privacy.value, settings.wallet_hash_key)
        self.mask = SecretMask(settings.secret_patterns)
        self._service: tuple[Resource, dict[str, Attribute]] | None = None
        self.identity_of = identity_reader(settings.wallet_attributes)
        self.identity_names = identity_keys(settings.wallet_attributes)

    @property
    def outbox(self) -> Outbox:
        """Where envelopes go; joins or builds the sentry-sdk client when it is first asked for."""
        if self._outbox is None:
            self._outbox = self._make_outbox()
        return self._outbox

    @property
    def trace_id(self) -> str:
        """Trace of what happens outside of any trace, 32 hex digits: Sentry wants one. Another in each process."""
        if self._trace is None or self._trace[0] != os.getpid():
            self._trace = (os.getpid(), secrets.token_hex(16))
        return self._trace[1]

    def service(self, resource: Resource) -> Mapping[str, Attribute]:
        """What the process says about itself."""
        if self._service is None or self._service[0] is not resource:
            settings = self.settings
            described = service_attributes(
                resource,
                release=settings.release,
                environment=settings.environment,
                server_name=settings.server_name,
                dist=settings.dist,
                sdk_version=__version__,
            )
            self._service = (resource, self.mask.attributes(described))
        return self._service[1]

    def common_names(self, resource: Resource) -> Collection[str]:
        """Names that the common part of items may have."""
        return {*self.service(resource), *_USER_NAMES}

    def user(self, identity: Identity) -> dict[str, str]:
        """What Sentry may know of a user."""
        return {name: self.mask.text(value) for name, value in user_attributes(identity, self._privacy).items()}

    def user_of(self, identity: Identity = NOBODY) -> UserOf:
        """What may be said of an item's own user, given whose its surroundings are."""
        return lambda found: self.user(identity.merged(self.identity_of(found) or NOBODY))

    def send(self, items: Iterable[bytes]) -> None:
        """Put items into as few envelopes as are allowed; those that the application's hook drops are counted."""
        hook = self._hook()
        waiting: list[bytes] = []
        size = 0
        for item in items if hook is None else self._edited(items, hook):
            if waiting and (len(waiting) >= self._kind.most or size + len(item) > TARGET_ENVELOPE_BYTES):
                self._close(waiting)
                waiting, size = [], 0
            waiting.append(item)
            size += len(item) + 1
        if waiting:
            self._close(waiting)

    def lost(self, reason: LossReason, quantity: int, size: int | None = None) -> None:
        """Count items that do not leave.

        Args:
            reason: for Sentry's client report.
            quantity: items.
            size: their bytes; an estimate if None.
        """
        if quantity > 0:
            self.outbox.lost(reason, self._kind.items, quantity)
            self.outbox.lost(reason, self._kind.bytes, quantity * TYPICAL_BYTES if size is None else size)

    def flush(self, timeout: float) -> bool:
        """Wait for delivery, at most `timeout` seconds; nothing was sent if nobody asked for the outbox."""
        return self._outbox is None or self._outbox.flush(max(0.0, timeout))

    def _close(self, items: list[bytes]) -> None:
        kind = self._kind
        self.outbox.send(
            OutgoingEnvelope(
                headers={},
                item_headers={"type": kind.type, "item_count": len(items), "content_type": kind.content_type},
                payload=[CONTAINER_START, b",".join(items), CONTAINER_END],
                category=kind.items,
                quantity=len(items),
            )
        )

    def _hook(self) -> Callable[..., Any] | None:
        # Imported late, as in `outbox_of`; whoever has set a hook has loaded sentry-sdk.
        from otel_sentry.delivery.client import client_option  # noqa: PLC0415

        hook = client_option(self._kind.hook)
        return hook if callable(hook) else None

    def _edited(self, items: Iterable[bytes], hook: Callable[..., Any]) -> Iterable[bytes]:
        for item in items:
            reason = LossReason.BEFORE_SEND
            try:
                edited = self._kind.edit(item, hook)
            except Exception:
                _logger.exception("%s failed; what it was shown is dropped, as sentry-sdk does", self._kind.hook)
                edited, reason = None, LossReason.CALLBACK_ERROR
            if edited is None:
                self.lost(reason, 1, len(item))
            else:
                yield edited
