"""What a web application may add: the wallet of each request."""

from otel_sentry.web.wallet_middleware import WalletMiddleware
from otel_sentry.web.wallet_of import django_user, flask_login, session_wallet, siwe_session

__all__ = ["WalletMiddleware", "django_user", "flask_login", "session_wallet", "siwe_session"]
