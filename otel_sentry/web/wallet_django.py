"""`DjangoWalletMiddleware`, for Django's `MIDDLEWARE`. Django enters here, and nothing else of the package needs it."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ClassVar

from asgiref.sync import markcoroutinefunction

from otel_sentry.web.wallet_middleware import WalletMiddleware, WalletOf, block_of, tell
from otel_sentry.web.wallet_of import django_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self


class DjangoWalletMiddleware(WalletMiddleware):
    """Binds the wallet of `request.user` (its `wallet_address`) around the view; synchronous and asynchronous.

    Put `"otel_sentry.web.wallet_django.DjangoWalletMiddleware"` behind `AuthenticationMiddleware`. A subclass sets
    another `wallet_of`:

        class Wallets(DjangoWalletMiddleware):
            wallet_of = staticmethod(siwe_session())
    """

    sync_capable = True
    async_capable = True
    wallet_of: ClassVar[WalletOf] = staticmethod(django_user())

    def __new__(cls, app: Any, wallet_of: WalletOf | None = None) -> Self:  # noqa: ARG004 - as above
        """Django gives only what comes next."""
        return object.__new__(cls)

    def __init__(self, app: Callable[[Any], Any], wallet_of: WalletOf | None = None) -> None:
        super().__init__(app, wallet_of or type(self).wallet_of)
        self._is_async = iscoroutinefunction(app)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Run the rest of Django for one request."""
        if self._is_async:
            return self._call_async(request)
        block = block_of(self.found(request))
        if block is None:
            response = self.app(request)
            tell(block_of(self.found(request)))
            return response
        with block:
            return self.app(request)

    async def _call_async(self, request: Any) -> Any:
        if hasattr(request, "auser"):
            request.user = await request.auser()  # the lazy one would ask the database where that is not allowed
        block = block_of(self.found(request))
        if block is None:
            response = await self.app(request)
            tell(block_of(self.found(request)))
            return response
        with block:
            return await self.app(request)
