"""Exceptions become Sentry issues, each exactly once. Knows nothing of how spans are delivered."""
