"""Delivery: a sentry-sdk transport that keeps several requests in flight, retries, spools and counts what is lost.

`wire` speaks HTTP, `rules` decides (pure), `spooling` keeps parcels on disk; the files here tie them together.
"""
