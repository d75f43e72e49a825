"""Which chain a node is of."""

from __future__ import annotations

import gc

from otel_sentry.instrumentation.chain_ids import ChainIds


class Provider:
    endpoint_uri: str | None = None


def test_by_url_and_by_provider() -> None:
    """Two providers with one URL are one node; one without a URL is itself, as long as it lives."""
    chains, one, other, without = ChainIds(), Provider(), Provider(), Provider()
    one.endpoint_uri = other.endpoint_uri = "http://node/"
    chains.learn(one, 1)
    chains.learn(without, 5)
    chains.learn(None, 9)

    assert (chains.of(other), chains.of("http://node/"), chains.of(without), chains.of(None)) == (1, 1, 5, None)
    del without
    gc.collect()
    assert len(chains._by_provider) == 0


def test_memory_is_bounded() -> None:
    """URLs without end."""
    chains = ChainIds()
    for number in range(1000):
        chains.learn(f"http://{number}/", number)

    assert len(chains._by_url) <= 256
