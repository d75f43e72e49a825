"""`WalletMiddleware`: the wallet of each request, bound around the application. Django has a file of its own.

Rule: `wallet_of` is the application's code and may fail; the request never does.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from otel_sentry.identity.context import WalletBlock, own_context, use_wallet
from otel_sentry.masking.own_log import own_logger
from otel_sentry.web.interface import Interface, interface_of

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from typing_extensions import Self

    from otel_sentry.identity.user import Identity

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    StartResponse = Callable[..., Any]

WalletOf = Callable[[Any], Any]
"""Takes the ASGI scope, the WSGI environ, Flask's or Django's request.

Gives an address, a tuple `(address, name, chain)`, or None; under ASGI it may be asynchronous.
"""

_logger = own_logger(__name__)


class WalletMiddleware:
    """Binds the wallet of each request, and tells the request's span if the wallet is only known when it answers.

    `WalletMiddleware(app, wallet_of=…)` makes the one that suits `app`: ASGI (`app.add_middleware(WalletMiddleware,
    wallet_of=…)` with Starlette and FastAPI), Flask (give it the `Flask` object, nothing else is needed), or any other
    WSGI application.

    Args:
        app: the application to wrap.
        wallet_of: says whose a request is; see `WalletOf`. What it raises is logged once and ignored.
    """

    def __new__(cls, app: Any, wallet_of: WalletOf) -> Self:  # noqa: ARG004 - __init__ takes it
        """Choose the kind that suits `app`."""
        kind = cast("type[Self]", _KINDS[interface_of(app)]) if cls is WalletMiddleware else cls
        return super().__new__(kind)

    def __init__(self, app: Any, wallet_of: WalletOf) -> None:
        self.app = app
        self._wallet_of = wallet_of
        self._complained = False

    def found(self, request: Any) -> Any:
        """What `wallet_of` says; an awaitable if it is asynchronous, None if it fails."""
        try:
            return self._wallet_of(request)
        except Exception as error:  # noqa: BLE001 - the application's code; its request goes on without a wallet
            return self.failed(error)

    def failed(self, error: Exception) -> None:
        """Say once that `wallet_of` does not work."""
        if not self._complained:
            self._complained = True
            _logger.warning("wallet_of failed; requests go on without a wallet", exc_info=error)


class AsgiWalletMiddleware(WalletMiddleware):
    """For ASGI applications: HTTP requests with streaming bodies and background tasks, and WebSockets."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Run the application for one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        block = block_of(await self._found_in_time(scope))
        if block is None:
            await self.app(scope, receive, self._asking_again(scope, send))
            return
        with block:
            await self.app(scope, receive, send)

    def _asking_again(self, scope: Message, send: Send) -> Send:
        """At the answer the wallet may be known: a sign-in belongs to the wallet that signed in."""

        async def send_message(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                tell(block_of(await self._found_in_time(scope)))
            await send(message)

        return send_message

    async def _found_in_time(self, scope: Message) -> Any:
        found = self.found(scope)
        if not inspect.isawaitable(found):
            return found
        try:
            return await found
        except Exception as error:  # noqa: BLE001 - see `found`
            return self.failed(error)


class WsgiWalletMiddleware(WalletMiddleware):
    """For WSGI applications, streaming bodies included."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Run the application for one request."""
        block = block_of(self.found(environ))
        if block is None:
            return self.app(environ, self._asking_again(environ, start_response))  # type: ignore[no-any-return] # WSGI
        with block as identity:
            body = self.app(environ, start_response)
        if isinstance(body, (list, tuple, environ.get("wsgi.file_wrapper", tuple))):
            return body  # nothing of the application runs any more
        return _BoundBody(body, identity)

    def _asking_again(self, environ: dict[str, Any], start_response: StartResponse) -> StartResponse:
        def start(*arguments: Any) -> Any:
            tell(block_of(self.found(environ)))
            return start_response(*arguments)

        return start


class FlaskWalletMiddleware(WalletMiddleware):
    """For Flask: hooks of the request, because Flask's session and Flask-Login's user exist only inside it."""

    _KEY = "otel_sentry.wallet_block"

    def __init__(self, app: Any, wallet_of: WalletOf) -> None:
        super().__init__(app, wallet_of)
        app.before_request(self._enter)
        app.after_request(self._ask_again)
        app.teardown_request(self._leave)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The application itself: the hooks do the work."""
        return self.app(environ, start_response)  # type: ignore[no-any-return] # WSGI

    def _enter(self) -> None:
        from flask import request  # noqa: PLC0415 - optional library

        block = block_of(self.found(request))
        if block is not None:
            block.__enter__()
            request.environ[self._KEY] = block

    def _ask_again(self, response: Any) -> Any:
        from flask import request  # noqa: PLC0415 - optional library

        if self._KEY not in request.environ:
            tell(block_of(self.found(request)))
        return response

    def _leave(self, _: BaseException | None) -> None:
        from flask import request  # noqa: PLC0415 - optional library

        block = request.environ.pop(self._KEY, None)
        if block is not None:
            block.__exit__()


class _BoundBody:
    """A streamed body, each piece of which is made with the wallet bound."""

    def __init__(self, body: Iterable[bytes], identity: Identity) -> None:
        self._body = body
        self._context = own_context(identity)
        self._pieces = self._context.run(iter, body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._context.run(next, self._pieces)

    def close(self) -> None:
        """Close what the application returned."""
        self._context.run(getattr(self._body, "close", lambda: None))


def block_of(found: Any) -> WalletBlock | None:
    """The block of what a `wallet_of` said; None if that is no wallet."""
    block = use_wallet(*found) if isinstance(found, (list, tuple)) and 0 < len(found) <= 3 else use_wallet(found)
    return block if block.identity else None


def tell(block: WalletBlock | None) -> None:
    """Let the open spans know of a wallet that was learnt when nearly all is done."""
    if block is not None:
        with block:
            pass


_KINDS: Final = {
    Interface.FLASK: FlaskWalletMiddleware,
    Interface.ASGI: AsgiWalletMiddleware,
    Interface.WSGI: WsgiWalletMiddleware,
}
