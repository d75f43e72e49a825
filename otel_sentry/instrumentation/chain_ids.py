"""Which chain a node is of, as far as its answers or the application's transactions have told. Asks nobody."""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

_MOST_URLS: Final = 256


class ChainIds:
    """Chain ids by endpoint: the URL of a node, or the provider object where it has none."""

    def __init__(self) -> None:
        self._by_url: dict[str, int | str] = {}
        self._by_provider: WeakKeyDictionary[Any, int | str] = WeakKeyDictionary()

    def learn(self, endpoint: Any, chain_id: int | str) -> None:
        """Remember the chain of an endpoint."""
        url = _url(endpoint)
        if url is None:
            if endpoint is not None:
                self._by_provider[endpoint] = chain_id
            return
        if len(self._by_url) >= _MOST_URLS and url not in self._by_url:
            self._by_url.clear()
        self._by_url[url] = chain_id

    def of(self, endpoint: Any) -> int | str | None:
        """The chain of an endpoint; None while nobody has told."""
        url = _url(endpoint)
        if url is not None:
            return self._by_url.get(url)
        return self._by_provider.get(endpoint) if endpoint is not None else None


def _url(endpoint: Any) -> str | None:
    url = endpoint if isinstance(endpoint, str) else getattr(endpoint, "endpoint_uri", None)
    return url if isinstance(url, str) else None
