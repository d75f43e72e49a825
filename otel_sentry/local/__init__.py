"""The embedded Sentry: receiver, store, terminal, page. Sees only `protocol`."""
