"""What a web application may add: each request's wallet, Sentry's SDK in its pages, a tunnel for what they send."""

from otel_sentry.web.browser_middleware import BrowserMiddleware
from otel_sentry.web.snippet import BrowserPage, browser_snippet
from otel_sentry.web.tunnel import Tunnel
from otel_sentry.web.wallet_middleware import WalletMiddleware
from otel_sentry.web.wallet_of import django_user, flask_login, session_wallet, siwe_session

__all__ = [
    "BrowserMiddleware",
    "BrowserPage",
    "Tunnel",
    "WalletMiddleware",
    "browser_snippet",
    "django_user",
    "flask_login",
    "session_wallet",
    "siwe_session",
]
