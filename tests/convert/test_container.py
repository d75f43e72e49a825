"""What items share: rendered once, and right for every set of names that an item has itself."""

from __future__ import annotations

import gc
import json
from typing import Any
from weakref import ref

from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.convert.container import MAX_TEXTS, CommonPart, EncodedItem, ProcessPart
from otel_sentry.convert.values import attributes as typed
from tests.spans import joined

NAMES = ["host.name", "user.id", "wallet.address", "a", "b", "c"]
some = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9), max_size=6)


def attributes_of(item: EncodedItem, common: CommonPart) -> dict[str, Any]:
    """The item's attributes, read back; no name twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    payload = json.loads(joined([(item, common)]), object_pairs_hook=unique)
    return dict(payload["items"][0]["attributes"])


@given(process=some, segment=some, shadowed=st.sets(st.sampled_from(NAMES)), user=st.none() | some)
def test_the_nearest_wins(process: dict, segment: dict, shadowed: set, user: dict | None) -> None:
    """Item before segment before process; with a user of its own an item takes over nobody else's."""
    head = b'{"attributes":{"own":0'
    own_user = None if user is None else {name: str(value) for name, value in user.items() if name.startswith("user")}
    item = EncodedItem(head, tuple(sorted(shadowed)), own_user)
    common = CommonPart(typed(segment), lambda found: {**found}, ProcessPart(typed(process)))
    shared = {name: value for name, value in {**process, **segment}.items() if name not in shadowed}
    if own_user is not None:
        shared = {name: value for name, value in shared.items() if not name.startswith(("user.", "wallet."))}
        shared.update(own_user)

    for _ in range(2):
        assert attributes_of(item, common) == {"own": 0, **typed(shared)}


def test_renderings_of_a_process_are_bounded() -> None:
    """Sets of names that never come again do not fill the memory."""
    process = ProcessPart(typed({f"name{number}": number for number in range(MAX_TEXTS + 10)}))
    texts = [process.text([f"name{number}"]) for number in range(MAX_TEXTS + 10)]

    assert 0 < len(process._texts) <= MAX_TEXTS
    assert process.text(["name3"]) == texts[3]
    assert b"name3:" not in texts[3]
    assert ProcessPart({}).text(()) == b""


def test_what_a_segment_shared_is_freed_at_once() -> None:
    """Without the garbage collector: each trace has such a part."""
    common = CommonPart(typed({"a": 1}), lambda found: {**found})
    common.tail(EncodedItem(b'{"attributes":{"own":0', (), None))
    alive = ref(common)
    gc.disable()
    try:
        del common
        assert alive() is None
    finally:
        gc.enable()
