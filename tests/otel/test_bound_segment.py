"""Several wallets in one segment: each span has its own block's, nobody has a stranger's."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.identity.context import use_wallet
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.local.receiver import Receiver

ALICE = "0x52908400098527886e0f7030069857d2e4169ee7"
BOB = "0xde709f2102306220921060314715629080e2fb77"


@pytest.fixture(name="provider")
def _provider(receiver: Receiver) -> Iterator[TracerProvider]:
    provider = TracerProvider()
    provider.add_span_processor(SentrySpanProcessor(dsn=receiver.dsn, traces_sample_rate=1.0))
    yield provider
    provider.shutdown()


@pytest.fixture(name="tracer")
def _tracer(provider: TracerProvider) -> trace.Tracer:
    return provider.get_tracer("app")


def users(receiver: Receiver, provider: TracerProvider) -> dict[str, Any]:
    """Span name → user id, of everything sent so far."""
    assert provider.force_flush(60_000)
    return {span["name"]: span["attributes"].get("user.id") for span in receiver.plain_spans}


def test_wallet_on_an_open_root_reaches_spans_that_leave_before_it(
    receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer
) -> None:
    """A request that runs for seconds: its children are sent while it is open, with the wallet it was given by then."""
    with tracer.start_as_current_span("request") as root:
        with tracer.start_as_current_span("before"):
            pass
        assert users(receiver, provider) == {"before": None}
        root.set_attribute("wallet.address", ALICE.upper())
        with tracer.start_as_current_span("after"):
            pass

        assert users(receiver, provider) == {"before": None, "after": ALICE}


def test_wallet_changes_on_an_open_root(receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer) -> None:
    """A connection that outlives a change of wallet: its word of the moment counts."""
    with tracer.start_as_current_span("connection") as root:
        for name, wallet in (("first", ALICE), ("second", BOB)):
            root.set_attribute("wallet.address", wallet)
            with tracer.start_as_current_span(name):
                pass
            assert users(receiver, provider)[name] == wallet

    assert users(receiver, provider) == {"first": ALICE, "second": BOB, "connection": BOB}


def test_concurrent_tasks_of_one_segment(receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer) -> None:
    """A batch that works for many wallets at once: every span of an item is the item's, at any depth."""

    async def item(number: int) -> None:
        with use_wallet(f"wallet {number}"), tracer.start_as_current_span(f"item {number}"):
            await asyncio.sleep(0)
            with tracer.start_as_current_span(f"query {number}"):
                await asyncio.sleep(0)

    async def batch() -> None:
        with tracer.start_as_current_span("batch"):
            await asyncio.gather(*(item(number) for number in range(50)))

    asyncio.run(batch())

    found = users(receiver, provider)
    expected = {f"{kind} {number}": f"wallet {number}" for kind in ("item", "query") for number in range(50)}
    assert {name: user for name, user in found.items() if name != "batch"} == expected


def test_concurrent_threads_of_one_segment(receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer) -> None:
    """The same with a thread pool that is handed the context."""

    def item(number: int) -> None:
        with use_wallet(f"wallet {number}"), tracer.start_as_current_span(f"item {number}"):
            pass

    with tracer.start_as_current_span("batch"), ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(copy_context().run, item, number) for number in range(50)]:
            future.result()

    found = users(receiver, provider)
    assert {name: user for name, user in found.items() if name != "batch"} == {
        f"item {number}": f"wallet {number}" for number in range(50)
    }


def test_spans_between_blocks_are_nobodys(receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer) -> None:
    """Where a segment has seen two wallets, a span of neither block has none: better nobody than the wrong one."""
    with tracer.start_as_current_span("batch"):
        for number in range(2):
            with use_wallet(f"wallet {number}"), tracer.start_as_current_span(f"item {number}"):
                pass
        with tracer.start_as_current_span("summary"):
            pass

    found = users(receiver, provider)
    assert (found["item 0"], found["item 1"], found["summary"]) == ("wallet 0", "wallet 1", None)


def test_wallets_on_siblings(receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer) -> None:
    """The same by attribute: each sibling keeps its own, their parent's other children have none."""
    with tracer.start_as_current_span("batch"):
        for name, wallet in (("one", ALICE), ("two", BOB)):
            with tracer.start_as_current_span(name, attributes={"wallet.address": wallet}):
                pass
        with tracer.start_as_current_span("summary"):
            pass

    found = users(receiver, provider)
    assert (found["one"], found["two"], found["summary"]) == (ALICE, BOB, None)


def test_block_ends_within_the_request(receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer) -> None:
    """With one wallet only, it is the whole request's, after the block too."""
    with tracer.start_as_current_span("request"):
        with use_wallet(ALICE), tracer.start_as_current_span("inside"):
            pass
        with tracer.start_as_current_span("outside"):
            pass

    assert users(receiver, provider) == {"request": ALICE, "inside": ALICE, "outside": ALICE}


def test_signed_out_block(receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer) -> None:
    """Inside `use_wallet(None)` nothing is anybody's; the root keeps what it carries."""
    with tracer.start_as_current_span("request"), use_wallet(ALICE):
        with tracer.start_as_current_span("signed in"):
            pass
        assert users(receiver, provider) == {"signed in": ALICE}
        with use_wallet(None), tracer.start_as_current_span("signed out"):
            pass

    assert users(receiver, provider) == {"request": ALICE, "signed in": ALICE, "signed out": None}


def test_user_id_of_the_request_stays_in_the_block(
    receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer
) -> None:
    """An explicit user id on the root is the id inside the block as well; the wallet is its name."""
    with (
        tracer.start_as_current_span("request", attributes={"user.id": "42"}),
        use_wallet(ALICE),
        tracer.start_as_current_span("inside"),
    ):
        pass

    assert users(receiver, provider) == {"request": "42", "inside": "42"}
    assert {span["attributes"]["user.name"] for span in receiver.plain_spans} == {ALICE}


def test_a_new_wallet_replaces_what_the_old_one_implied(
    receiver: Receiver, provider: TracerProvider, tracer: trace.Tracer
) -> None:
    """A root that began as Alice's and becomes Bob's keeps no name, chain or id of hers."""
    with (
        use_wallet(ALICE, name="alice.eth", chain=1),
        tracer.start_as_current_span("connection"),
        use_wallet(BOB),
    ):
        pass

    assert provider.force_flush(60_000)
    (span,) = receiver.plain_spans
    said = {key: value for key, value in span["attributes"].items() if key.startswith(("user.", "wallet."))}
    assert said == {"user.id": BOB, "user.name": BOB, "wallet.address": BOB}


def test_a_bound_segment_is_its_segment(provider: TracerProvider, tracer: trace.Tracer) -> None:
    """Everything but the user is shared: ids, name, decision, trace header; what it learns, the segment learns."""
    with (
        tracer.start_as_current_span("root") as root,
        use_wallet(ALICE),
        tracer.start_as_current_span("child") as child,
    ):
        own, bound = segment_of(root), segment_of(child)
        assert own is not None
        assert bound is not None
        assert bound is not own
        assert (bound.trace_id, bound.span_id, bound.root, bound.name) == (own.trace_id, own.span_id, root, "root")
        assert (bound.verdict, bound.incoming, bound.replay_id) == (own.verdict, own.incoming, own.replay_id)
        assert bound.dsc() is own.dsc()
        with tracer.start_as_current_span("grandchild") as grandchild:
            assert segment_of(grandchild) is bound
        bound.forget_identity()
        assert own.identity is None
