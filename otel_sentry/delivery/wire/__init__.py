"""Bytes to Sentry and back: connections, HTTP/1.1, compression."""
